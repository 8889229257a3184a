"""How much of a day is drawn: who has begun today has a sliver of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from sagui.deploy.dashboard.past.timeline import Interval
from sagui.deploy.history.rows import HOUR_MS

_DAY_H = 24
_PARTS_H = (1, 2, 3, 6)
_TICK_MIN = {1: 10, 2: 15, 3: 30, 6: 60, _DAY_H: 180}


@dataclass(frozen=True)
class Extent:
    """Hours of a day.

    Attributes:
        first: From 0.
        hours: How many: a day, or one of a few numbers.
    """

    first: int = 0
    hours: int = _DAY_H

    @property
    def is_part(self) -> bool:
        """Whether it is less than the day."""
        return self.hours < _DAY_H

    @property
    def tick_min(self) -> int:
        """So many minutes are between two times that are written at an axis."""
        return _TICK_MIN[self.hours]

    def ticks(self) -> list[str]:
        """Gives those times.

        >>> Extent(14, 3).ticks(), Extent().ticks()[:3]
        (['14:00', '14:30', '15:00', '15:30', '16:00', '16:30'], ['00:00', '03:00', '06:00'])
        """
        first, last = self.first * 60, (self.first + self.hours) * 60
        return [f"{minute // 60:02d}:{minute % 60:02d}" for minute in range(first, last, self.tick_min)]


def extent_of(intervals: Sequence[Interval], begin_ms: int) -> Extent:
    """Finds the hours to draw: a few, where they hold all there is, or the day.

    Args:
        intervals: All there is.
        begin_ms: The day's first moment, Unix time.
    """
    if not intervals:
        return Extent()
    first = max(0, (min(one.from_ms for one in intervals) - begin_ms) // HOUR_MS)
    last = min(_DAY_H, -((begin_ms - max(one.to_ms for one in intervals)) // HOUR_MS))
    hours = next((part for part in _PARTS_H if last - first <= part), _DAY_H)
    return Extent(min(first, _DAY_H - hours), hours)
