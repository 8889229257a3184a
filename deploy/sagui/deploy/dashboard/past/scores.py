"""Scores of a day, five minutes at a time: rules without I/O."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import inf

from sagui.deploy.history import Glance
from sagui.deploy.history.rows import DAY_MS

SLOT_MS = 5 * 60_000
SLOTS = DAY_MS // SLOT_MS


@dataclass(frozen=True, slots=True)
class Slot:
    """The scores of five minutes.

    Attributes:
        count: Of how many results.
    """

    count: int
    mean: float
    lowest: float


@dataclass(slots=True)
class _Sums:
    counts: list[int] = field(default_factory=lambda: [0] * SLOTS)
    totals: list[float] = field(default_factory=lambda: [0.0] * SLOTS)
    lowest: list[float] = field(default_factory=lambda: [inf] * SLOTS)


class Scores:
    """Takes a device's results and forgets them; keeps sums for a few labels, and for the rest together."""

    def __init__(self, begin_ms: int, labels: Sequence[str]) -> None:
        """Begins.

        Args:
            begin_ms: The first moment of the day, Unix time.
            labels: Have sums of their own.
        """
        self._begin_ms = begin_ms
        self._other = _Sums()
        self._own = {label: _Sums() for label in labels}

    def take(self, glances: Sequence[Glance]) -> None:
        """Takes more, in any order; those of another day are left alone."""
        begin_ms, own, other = self._begin_ms, self._own, self._other
        for _, label, at_ms, score in glances:
            slot = (at_ms - begin_ms) // SLOT_MS
            if 0 <= slot < SLOTS:
                sums = own.get(label, other)
                sums.counts[slot] += 1
                sums.totals[slot] += score
                if score < sums.lowest[slot]:  # noqa: PLR1730 (a call is slow, for each of a million)
                    sums.lowest[slot] = score

    def line(self, label: int | None = None) -> list[Slot | None]:
        """Gives the day's slots; None where there was no result.

        Args:
            label: Number of one of the labels; the one after the last is the rest; None for all together.
        """
        each = [*self._own.values(), self._other]
        return [_slot(each if label is None else [each[label]], slot) for slot in range(SLOTS)]


def _slot(sums: Sequence[_Sums], slot: int) -> Slot | None:
    count = sum(one.counts[slot] for one in sums)
    if count == 0:
        return None
    total = sum(one.totals[slot] for one in sums)
    return Slot(count, total / count, min(one.lowest[slot] for one in sums))
