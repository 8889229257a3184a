"""What is wrong with a device: kinds that a reader can translate, the worst first."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from sagui.deploy.watch.row import Row

TroubleKind = Literal[
    "offline",
    "stale",
    "safe",
    "camera",
    "problem",
    "update",
    "flood",
    "unreadable",
    "throttled",
    "clock",
]

CLOCK_S = 30.0
"""A clock that is wrong by less is no trouble."""

UNREADABLE_S = 60.0
"""So long it is told of a message that could not be read, if its topic can be read again."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that is wrong.

    Attributes:
        kind: Which.
        said: The device's own words, if it has any; what a person may not have written for us to trust.
        number: Seconds of silence for ``stale``, messages in a second for ``flood``, messages for ``unreadable``,
            seconds that the clock is ahead for ``clock``.
    """

    kind: TroubleKind
    said: str = ""
    number: float = 0.0


def troubles(row: Row, now_s: float) -> tuple[Trouble, ...]:
    """Finds all that is wrong.

    Args:
        row: The device.
        now_s: Unix time.
    """
    return (*_of_presence(row, now_s), *_of_health(row), *_of_update(row), *_of_words(row, now_s))


def _of_presence(row: Row, now_s: float) -> Iterator[Trouble]:
    match row.status(now_s):
        case "offline":
            yield Trouble("offline")
        case "stale":
            yield Trouble("stale", number=now_s - row.taken_s)


def _of_health(row: Row) -> Iterator[Trouble]:
    if row.online is False:
        return  # what it said before it went is no news
    health = row.health
    if health is not None:
        said = health.problem or ""
        if health.mode == "safe":
            yield Trouble("safe", said)
        elif health.camera == "away":
            yield Trouble("camera", said)
        elif said:
            yield Trouble("problem", said)
    if row.telemetry is not None and row.telemetry.throttled:
        yield Trouble("throttled", ", ".join(row.telemetry.throttled))


def _of_update(row: Row) -> Iterator[Trouble]:
    if row.update is not None and row.update.phase in {"failed", "reverted"}:
        yield Trouble("update", f"{row.update.phase}: {row.update.error or 'it does not say why'}")


def _of_words(row: Row, now_s: float) -> Iterator[Trouble]:
    if now_s <= row.flood_until_s:
        yield Trouble("flood", number=row.flood_per_s)
    if row.garbled or now_s - row.unreadable_s <= UNREADABLE_S:
        yield Trouble("unreadable", row.unreadable_why, row.unreadable)
    if row.skew_s is not None and abs(row.skew_s) > CLOCK_S:
        yield Trouble("clock", number=row.skew_s)
