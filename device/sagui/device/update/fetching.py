"""Bringing a bundle from its source into the store."""

from collections.abc import Callable
from pathlib import Path

import msgspec

from sagui.device.errors import SourceError
from sagui.device.store import Held, Ledger, Origin, Store
from sagui.device.update.source import Candidate, Source


def bring(
    store: Store,
    source: Source,
    candidate: Candidate,
    *,
    have: Path | None,
    told: Callable[[int], None],
    origin: Origin,
    rollout: str | None = None,
) -> Ledger:
    """Fetches a bundle, checks it, and has it staged. What is on the device already is not fetched.

    Args:
        store: Where it goes.
        source: Where it comes from.
        candidate: Which, see `Source.find`.
        have: A bundle that is on the device, from which a patch may lead.
        told: Told how much of it is here, in percent; may raise to break off.
        origin: Who wanted it.
        rollout: Which rollout it belongs to.

    Raises:
        SourceError: See `Source`.
        StoreError: There is no room, the disk cannot be used, or another program fetches.
    """
    held = held_of(candidate)
    with store.fetching():
        path = store.path(held)
        if not store.is_whole(held):
            store.make_room(candidate.bytes)
            path = store.incoming(candidate.sha256)
            source.fetch(candidate, path, have, lambda here, whole: told(percent(here, whole)))
        return store.stage(path, held, origin, rollout)


def held_of(candidate: Candidate) -> Held:
    """Gives what a source promises in the ledger's words.

    Raises:
        SourceError: A ledger could not hold it.
    """
    try:
        return msgspec.convert(candidate, Held, from_attributes=True)
    except msgspec.ValidationError as error:
        raise SourceError(f"the registry names what cannot be installed: {error}") from error


def percent(here: int, whole: int) -> int:
    """How much of it is here.

    >>> percent(1, 3), percent(5, 3), percent(0, 0)
    (33, 100, 100)
    """
    return 100 if whole <= 0 else max(0, min(100, 100 * here // whole))
