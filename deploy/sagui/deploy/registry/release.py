"""New signatures, written in the one order in which a reader never finds a state that does not fit together.

Targets first, then the lists of models, targets, snapshot, and the timestamp last: until it is there, everything else
that is new is in files that nobody asks for.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Metadata, MetaFile, Root, Signed, Targets
from tuf.api.serialization.json import JSONSerializer

from sagui.deploy.registry import lifetimes as life
from sagui.deploy.registry.errors import PublishError
from sagui.deploy.registry.keyring.files import Keyring
from sagui.deploy.registry.state import State, delegated
from sagui.deploy.registry.storage import put_metadata

LIFETIME = "x-sagui-lifetime-s"
"""The field in what is signed that says for how long each renewal is: chosen once, kept from then on."""

_ONLINE = (life.SNAPSHOT, life.TIMESTAMP)


class Release:
    """The next state of a registry, in the making.

    Args:
        state: The present one; it becomes the next.
        keyring: The keys.
        now: UTC.
        chosen: Lifetimes by role that a person asked for; ``model`` is every model's.
    """

    def __init__(
        self, state: State, keyring: Keyring, now: datetime, chosen: Mapping[str, timedelta] | None = None
    ) -> None:
        self.state = state
        self._keyring = keyring
        self._now = now
        self._chosen = chosen or {}
        self._signers: dict[str, list[CryptoSigner]] = {}
        self._beside: dict[str, list[CryptoSigner]] = {}

    def unlock(self, *roles: str) -> None:
        """Opens the keys of roles, before anything is written; those of snapshot and timestamp always.

        Raises:
            KeysError: A key is missing or cannot be used.
        """
        for role in (*roles, *_ONLINE):
            if role not in self._signers:
                keyids, threshold = self._asked(role)
                self._signers[role] = self._keyring.signers(role, keyids, threshold)

    def can_sign(self, role: str) -> bool:
        """Whether enough of a role's keys are here."""
        keyids, threshold = self._asked(role)
        return sum(self._keyring.path(role, keyid) is not None for keyid in keyids) >= threshold

    def sign_also(self, role: str, signers: Sequence[CryptoSigner]) -> None:
        """Has a role's next file signed by other keys as well: those that the next root will ask for."""
        self._beside[role] = list(signers)

    def hand_over(self, role: str, signers: Sequence[CryptoSigner]) -> None:
        """Has a role's next file signed by these keys instead."""
        self._signers[role] = list(signers)

    def commit(self, models: Iterable[str] = (), *, targets: bool = False, snapshot: bool = False) -> None:
        """Signs and writes what changed; the timestamp always, the snapshot if anything above it did.

        Args:
            models: Those whose lists changed.
            targets: Whether the models' keys changed.
            snapshot: Whether to renew it though nothing above it changed.
        """
        changed = [*sorted(models), *([life.TARGETS] if targets else [])]
        for role in changed:
            self._require_known(role)
            self.state.snapshot.signed.meta[f"{role}.json"] = self._write(role)
        if changed or snapshot:
            self.state.timestamp.signed.snapshot_meta = self._write(life.SNAPSHOT)
        self._write(life.TIMESTAMP)

    def _require_known(self, role: str) -> None:
        if role != life.TARGETS and role not in delegated(self.state.targets.signed):
            raise PublishError(f"{self.state.folder}: {role} has no key of its own")

    def _asked(self, role: str) -> tuple[list[str], int]:
        by: Root | Targets = self.state.root.signed if role in life.ROLES else self.state.targets.signed
        asked = by.get_delegated_role(role)
        return asked.keyids, asked.threshold

    def _write(self, role: str) -> MetaFile:
        metadata = self.state.metadata(role)
        renew(metadata.signed, role, self._now, self._chosen)
        content = sign(metadata, [*self._signers[role], *self._beside.get(role, [])])
        version = metadata.signed.version
        put_metadata(self.state.folder, role, None if role == life.TIMESTAMP else version, content)
        return MetaFile.from_data(version, content, ["sha256"])


def renew(signed: Signed, role: str, now: datetime, chosen: Mapping[str, timedelta] | None = None) -> None:
    """Counts the version on, and sets the expiry from now."""
    signed.version += 1
    set_expiry(signed, role, now, chosen)


def set_expiry(signed: Signed, role: str, now: datetime, chosen: Mapping[str, timedelta] | None = None) -> None:
    """Sets the expiry from now, for as long as was chosen now or before."""
    lifetime = (chosen or {}).get(role if role in life.ROLES else "model") or lifetime_of(signed, role)
    signed.expires = now + lifetime
    signed.unrecognized_fields[LIFETIME] = int(lifetime.total_seconds())


def lifetime_of(signed: Signed, role: str) -> timedelta:
    """Gives how long a role's signatures hold: as it was chosen, else the default."""
    seconds: Any = signed.unrecognized_fields.get(LIFETIME)
    return timedelta(seconds=seconds) if isinstance(seconds, int) and seconds > 0 else life.DEFAULT.of(role)


def sign(metadata: Metadata[Any], signers: Iterable[CryptoSigner]) -> bytes:
    """Signs with these keys and no others, and gives the file."""
    metadata.signatures.clear()
    for signer in signers:
        metadata.sign(signer, append=True)
    return metadata.to_bytes(JSONSerializer(compact=False))
