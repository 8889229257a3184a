"""What a registry holds, for a person and for a program."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from sagui.deploy.registry import lifetimes as life
from sagui.deploy.registry.memory import load_known
from sagui.deploy.registry.refresh import notes
from sagui.deploy.registry.state import State
from sagui.registry import Index

if TYPE_CHECKING:
    from rich.table import Table


@dataclass(frozen=True)
class Listing:
    """What it holds.

    Attributes:
        expires: When each role's signature runs out, UTC.
        models: Their lists of versions; None where all were withdrawn.
        withdrawn: By model, the versions that never come back, oldest first, and when each one went (RFC 3339).
        notes: What a person should do, one line each.
    """

    expires: dict[str, datetime]
    models: dict[str, Index | None]
    withdrawn: dict[str, dict[str, str]]
    notes: tuple[str, ...]


def describe(folder: Path, keys: Path, now: datetime, root: Path | None = None) -> Listing:
    """Reads what a registry holds.

    Args:
        folder: The registry.
        keys: The keys' folder, see `load_known`.
        now: UTC.
        root: What is trusted instead.

    Raises:
        PublishError: It is no registry, not ours, behind, or was changed.
    """
    state = load_known(folder, keys, root)
    return Listing(
        expires={role: state.signed(role).expires for role in _roles(state)},
        models={model: state.index(model) for model in state.models},
        withdrawn={model: gone for model in sorted(state.models) if (gone := state.withdrawn(model))},
        notes=notes(state, now),
    )


def to_json(listing: Listing) -> str:
    """Writes it as one JSON object."""
    document: dict[str, Any] = {
        "expires": {role: f"{when:%Y-%m-%dT%H:%M:%SZ}" for role, when in listing.expires.items()},
        "models": {model: msgspec.to_builtins(index) for model, index in listing.models.items()},
        "withdrawn": listing.withdrawn,
        "notes": listing.notes,
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode()


def versions_table(listing: Listing) -> "Table":
    """Draws a line for each version, newest first."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("model", "version", "published", "MB", "patches", "model's list expires"):
        table.add_column(title, justify="right" if title == "MB" else "left")
    for model, index in sorted(listing.models.items()):
        for row in _rows(index):
            table.add_row(model, *row, f"{listing.expires[model]:%Y-%m-%d}")
    return table


def expiry_line(listing: Listing) -> str:
    """Says when the four roles' signatures run out."""
    return "expires: " + ", ".join(f"{role} {listing.expires[role]:%Y-%m-%d}" for role in life.ROLES)


def withdrawn_lines(listing: Listing) -> Iterator[str]:
    """Says which versions never come back; a line for each."""
    if not listing.withdrawn:
        yield "no version was withdrawn"
    for model, versions in listing.withdrawn.items():
        for version, when in versions.items():
            yield f"withdrawn: {model}=={version} on {when[:10]}"


def patches_text(sizes_bytes: Sequence[int]) -> str:
    """Says how many patches lead to a version, and how large they are.

    >>> patches_text([400]), patches_text([12_100, 400, 900]), patches_text([])
    ('1 of 0.4 kB', '3 of 0.4 to 12.1 kB', 'none')
    """
    if not sizes_bytes:
        return "none"
    least, most = f"{min(sizes_bytes) / 1e3:.1f}", f"{max(sizes_bytes) / 1e3:.1f}"
    return f"{len(sizes_bytes)} of {least if least == most else f'{least} to {most}'} kB"


def _rows(index: Index | None) -> Iterator[tuple[str, str, str, str]]:
    if index is None:
        yield "none left", "", "", ""
        return
    for one in reversed(index.versions):
        mark = " (latest)" if one.version == index.latest else ""
        yield (
            one.version + mark,
            one.published[:10],
            f"{one.bytes / 1e6:.2f}",
            patches_text([patch.bytes for patch in one.patches]),
        )


def _roles(state: State) -> tuple[str, ...]:
    return (*life.ROLES, *sorted(state.models))
