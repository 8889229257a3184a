"""What an outbox keeps, and what it drops when it is full. Pure rules, no I/O."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

_DAY_S = 86_400.0


class Row(NamedTuple):
    """A message that waits.

    Attributes:
        seq: Its place in the order; it only grows.
        born_s: When it came, on the outbox's own clock.
    """

    seq: int
    topic: str
    payload: bytes
    born_s: float


class Entry(NamedTuple):
    """What the rules need to know of a row."""

    seq: int
    size_bytes: int
    born_s: float


@dataclass(frozen=True)
class Limits:
    """How much may wait. What is past any of them is dropped, oldest first.

    Attributes:
        bytes: Of payload.
        age_s: Of running time: the outbox has a clock of its own that stands still while the agent does, because a
            device without a battery-backed clock can wake up years before or after.
    """

    rows: int = 1_000_000
    bytes: int = 512 * 2**20
    age_s: float = 30 * _DAY_S

    def but(self, rows: int | None = None, mib: int | None = None, days: float | None = None) -> "Limits":
        """Gives limits with other numbers where there are any.

        >>> Limits().but(mib=1).bytes
        1048576
        """
        return Limits(
            self.rows if rows is None else rows,
            self.bytes if mib is None else mib * 2**20,
            self.age_s if days is None else days * _DAY_S,
        )


IN_MEMORY = Limits(rows=10_000, bytes=16 * 2**20)
"""What may wait where there is no disk to wait on."""


@dataclass(frozen=True)
class Held:
    """How many rows there are, and how many bytes of payload."""

    rows: int = 0
    bytes: int = 0

    def __add__(self, other: "Held") -> "Held":
        return Held(self.rows + other.rows, self.bytes + other.bytes)

    def __sub__(self, other: "Held") -> "Held":
        return Held(self.rows - other.rows, self.bytes - other.bytes)


class Excess(NamedTuple):
    """Rows that have to go: the oldest, up to and with ``upto``."""

    upto: int
    held: Held


def excess(oldest: Iterable[Entry], held: Held, limits: Limits, now_s: float) -> Excess:
    """Finds the rows to drop.

    Args:
        oldest: The rows that may be dropped, oldest first; no more of it is read than is dropped, and one.
        held: What there is, rows that may not be dropped included.
        limits: How much there may be.
        now_s: The time on the outbox's clock.

    >>> rows = [Entry(1, 10, 0.0), Entry(2, 10, 0.0), Entry(3, 10, 5.0)]
    >>> excess(rows, Held(3, 30), Limits(rows=2), now_s=6.0)
    Excess(upto=1, held=Held(rows=1, bytes=10))
    >>> excess(rows, Held(3, 30), Limits(age_s=2.0), now_s=6.0).upto
    2
    """
    upto, gone = 0, Held()
    for entry in oldest:
        left = held - gone
        if left.rows <= limits.rows and left.bytes <= limits.bytes and now_s - entry.born_s <= limits.age_s:
            break
        upto, gone = entry.seq, gone + Held(1, entry.size_bytes)
    return Excess(upto, gone)
