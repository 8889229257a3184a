"""The lines of the table: which devices, in which order."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, get_args

from sagui.deploy.monitor.wording import update_words
from sagui.deploy.watch import Row, Stream, Trouble, troubles

Order = Literal[
    "problems", "device", "label", "score", "since", "fps", "p95", "temperature", "outbox", "version", "heard"
]
ORDERS: tuple[Order, ...] = get_args(Order)

_DIGITS = re.compile(r"([0-9]+)")


@dataclass(frozen=True, slots=True)
class Entry:
    """A line: a device, or one of its streams.

    Attributes:
        stream: None if it has said nothing of what it sees.
        troubles: The worst first.
    """

    row: Row
    stream: Stream | None
    troubles: tuple[Trouble, ...]

    @property
    def name(self) -> str:
        """The device's, with the stream's."""
        return f"{self.row.device}/{self.stream.name}" if self.stream and self.stream.name else self.row.device


def entries(rows: Iterable[Row], group: str | None, now_s: float) -> list[Entry]:
    """Makes a line for each stream, or for a device without one.

    Args:
        rows: The devices.
        group: Only those that follow its plans; None for all.
        now_s: Unix time.
    """
    found: list[Entry] = []
    for row in rows:
        if group is None or group in row.groups:
            wrong = troubles(row, now_s)
            found += [Entry(row, stream, wrong) for stream in row.streams or (None,)]
    return found


def ordered(lines: Sequence[Entry], order: Order, now_s: float) -> list[Entry]:
    """Sorts: those with problems first, then those with an update; or by a column, the highest first.

    Args:
        lines: As `entries` gives them.
        order: The column. Names, labels and versions go from A to Z; ``since`` has the newest change first.
        now_s: Unix time.
    """
    if order == "problems":
        return sorted(lines, key=lambda one: (_urgency(one), natural(one.name)))
    if order == "device":
        return sorted(lines, key=lambda one: natural(one.name))
    if order in {"label", "version"}:
        return sorted(lines, key=lambda one: (natural(_text(one, order)), natural(one.name)))
    measure = _MEASURES[order]

    def key(one: Entry) -> tuple[bool, float, tuple[tuple[int, str], ...]]:
        value = measure(one, now_s)
        return value is None, -(value or 0.0), natural(one.name)

    return sorted(lines, key=key)


@lru_cache(maxsize=20_000)
def natural(name: str) -> tuple[tuple[int, str], ...]:
    """Sorts names as people do.

    >>> sorted(["cam-10", "cam-9", "cam-1"], key=natural)
    ['cam-1', 'cam-9', 'cam-10']
    """
    # Every second part is digits; what else Python takes for a digit is none here.
    return tuple((int(part), "") if at % 2 else (-1, part) for at, part in enumerate(_DIGITS.split(name)))


def _urgency(entry: Entry) -> int:
    if entry.troubles:
        # Those that are there can be helped; who is away is seen at a glance.
        return 1 if entry.troubles[0].kind == "offline" else 0
    return 2 if update_words(entry.row) else 3


def _text(entry: Entry, order: Order) -> str:
    if order == "label":
        return entry.stream.label if entry.stream else "\U0010ffff"
    return entry.row.model.version if entry.row.model else "\U0010ffff"


def _p95_ms(entry: Entry, _now_s: float) -> float | None:
    telemetry = entry.row.telemetry
    return telemetry.latency_ms.p95 if telemetry and telemetry.latency_ms else None


_MEASURES: dict[Order, Callable[[Entry, float], float | None]] = {
    "score": lambda one, _: one.stream.score if one.stream else None,
    "since": lambda one, now_s: -one.row.held_s(one.stream, now_s) if one.stream else None,
    "fps": lambda one, _: one.row.telemetry.fps if one.row.telemetry else None,
    "p95": _p95_ms,
    "temperature": lambda one, _: one.row.telemetry.temperature_c if one.row.telemetry else None,
    "outbox": lambda one, _: one.row.telemetry.outbox.waiting if one.row.telemetry else None,
    "heard": lambda one, _: one.row.heard_s,
}
