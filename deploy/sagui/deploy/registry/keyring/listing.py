"""Which keys a registry asks for, and which of them are here."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tuf.api.metadata import Root, Targets

from sagui.deploy.registry import lifetimes as life
from sagui.deploy.registry.keyring.files import Keyring, key_files
from sagui.deploy.registry.state import load


@dataclass(frozen=True)
class Row:
    """A key.

    Attributes:
        role: A role, or a model.
        keyid: SHA-256 of the public half; its start, where the registry does not ask for it.
        path: Its file, if it is here.
        used: Whether the registry asks for it.
        threshold: How many of the role's keys must sign.
    """

    role: str
    keyid: str
    path: Path | None
    used: bool
    threshold: int

    def to_dict(self) -> dict[str, object]:
        """Gives it for JSON."""
        return asdict(self) | {"path": str(self.path) if self.path else None}

    def line(self) -> str:
        """Gives it for a person."""
        many = f" ({self.threshold} must sign)" if self.threshold > 1 else ""
        where = str(self.path) if self.path else "not here"
        unused = "" if self.used else ": the registry does not ask for it; delete it"
        return f"{self.role:<12} {self.keyid[:12]}  {where}{unused}{many}"


def list_keys(folder: Path, keys: Path, root_dirs: Sequence[Path]) -> list[Row]:
    """Lists keys, those that are asked for first.

    Raises:
        PublishError: It is no registry.
    """
    state = load(folder)
    keyring = Keyring(keys, *root_dirs)
    rows: list[Row] = []
    for role in (*life.ROLES, *state.models):
        by: Root | Targets = state.root.signed if role in life.ROLES else state.targets.signed
        asked = by.get_delegated_role(role)
        rows += [Row(role, keyid, keyring.path(role, keyid), True, asked.threshold) for keyid in asked.keyids]
    seen = {row.path for row in rows}
    for place in (keys, *root_dirs):
        rows += [Row(role, start, path, False, 1) for role, start, path in key_files(place) if path not in seen]
    return rows
