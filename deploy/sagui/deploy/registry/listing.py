"""What a registry holds, for a person and for a program."""

from collections.abc import Iterator
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
        notes: What a person should do, one line each.
    """

    expires: dict[str, datetime]
    models: dict[str, Index | None]
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
        notes=notes(state, now),
    )


def to_json(listing: Listing) -> str:
    """Writes it as one JSON object."""
    document: dict[str, Any] = {
        "expires": {role: f"{when:%Y-%m-%dT%H:%M:%SZ}" for role, when in listing.expires.items()},
        "models": {model: msgspec.to_builtins(index) for model, index in listing.models.items()},
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


def _rows(index: Index | None) -> Iterator[tuple[str, str, str, str]]:
    if index is None:
        yield "none left", "", "", ""
        return
    for one in reversed(index.versions):
        mark = " (latest)" if one.version == index.latest else ""
        smallest = min((patch.bytes for patch in one.patches), default=0)
        patches = f"{len(one.patches)}, from {smallest / one.bytes:.1%} of it" if one.patches else "none"
        yield one.version + mark, one.published[:10], f"{one.bytes / 1e6:.2f}", patches


def _roles(state: State) -> tuple[str, ...]:
    return (*life.ROLES, *sorted(state.models))
