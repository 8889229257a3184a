"""What is kept of a result, and when it is taken to have been."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sagui.wire import Result

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS

OLDEST_MS = 31 * DAY_MS
"""A result waits on its device for 30 days at most: one that is said to be older has a wrong clock."""

AHEAD_MS = 5 * 60_000
"""So far a device's clock may be ahead of ours."""

LONGEST_ID = 100
LONGEST_TEXT = 200


@dataclass(frozen=True, slots=True)
class Row:
    """One result of one device.

    Attributes:
        id: The result's own; with the device, unique for ever.
        at_ms: When it is taken to have been, Unix time: the device's time, or ours where that cannot be; see `placed`.
        time_ms: What the device said; None where that is no time at all.
        received_ms: When it came here.
        score: From 0 to 1.
        stream: Which part of the camera; empty where there is one.
        latency_ms: From the frame's arrival to the verdict.
    """

    device: str
    id: str
    at_ms: int
    time_ms: int | None
    received_ms: int
    label: str
    score: float
    model: str
    version: str
    stream: str
    latency_ms: float


def row_of(device: str, result: Result, received_ms: int) -> Row | None:
    """Makes the row of a result; None for one whose id nobody can remember.

    Texts are cut to `LONGEST_TEXT` characters, and hold nothing that a database refuses.

    Args:
        device: Whose topic it came on.
        result: What it said.
        received_ms: When it came, Unix time.
    """
    if not 0 < len(result.id) <= LONGEST_ID:
        return None
    time_ms = _unix_ms(result.time)
    return Row(
        device=device,
        id=_storable(result.id),
        at_ms=placed(time_ms, received_ms),
        time_ms=time_ms,
        received_ms=received_ms,
        label=_storable(result.label),
        score=result.score,
        model=_storable(result.model.name),
        version=_storable(result.model.version),
        stream=result.stream or "",
        latency_ms=result.latency_ms.total,
    )


def placed(time_ms: int | None, received_ms: int) -> int:
    """Says when a result was: the device's time, unless its clock must be wrong; then when it came.

    >>> placed(1_000_000, 1_000_500)
    1000000
    >>> placed(9_000_000_000_000, 1_000_500)
    1000500
    """
    if time_ms is None or not received_ms - OLDEST_MS <= time_ms <= received_ms + AHEAD_MS:
        return received_ms
    return time_ms


def _unix_ms(time: str) -> int | None:
    try:
        moment = datetime.fromisoformat(time)
    except ValueError:  # the 31st of February
        return None
    return round(moment.replace(tzinfo=UTC).timestamp() * 1000)


def _storable(text: str) -> str:
    # PostgreSQL keeps no NUL, and neither keeps half a surrogate pair.
    return text[:LONGEST_TEXT].replace("\0", "�").encode(errors="replace").decode()
