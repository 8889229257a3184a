"""Which label held when: a day of a device, from result to result. Rules without I/O, in bounded memory."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import NamedTuple

from sagui.deploy.history import Glance
from sagui.deploy.history.rows import HOUR_MS

MOST_INTERVALS = 2_000
"""So many are kept and drawn at most, of all streams together: a screen has fewer points from side to side."""

MOST_STREAMS = 16
"""What more streams say is counted alone: a device may name any number of them."""

LEAST_SILENCE_MS = 60_000
MOST_SILENCE_MS = 6 * HOUR_MS
_USUAL = 3
"""A silence is so many times as long as results are usually apart."""

_FINEST_MS = 1_000
_FULL = 0.75


class Interval(NamedTuple):
    """A time for which a label held; a tuple, as a label may change with each of a million results.

    Attributes:
        stream: Which part of the camera; empty where there is one.
        label: None where labels changed too quickly to be kept apart.
        from_ms: Unix time.
        to_ms: The next result of another label; the last of this one where a silence follows.
        results: How many there were, in the day.
        total: The sum of their scores.
        parts: How many intervals are joined in it.
    """

    stream: str
    label: str | None
    from_ms: int
    to_ms: int
    results: int
    total: float
    parts: int = 1

    @property
    def score(self) -> float | None:
        """The mean score; None where the label held on from the day before, and there was no result of it."""
        return self.total / self.results if self.results else None


@dataclass(slots=True)
class _Run:
    """Results of one label that have no silence between them."""

    label: str
    first_ms: int
    last_ms: int
    results: int = 0
    total: float = 0.0


def silence_ms(glances: Sequence[Glance]) -> int:
    """Says how long a device must say nothing for it to be a gap: three times what is usual, a minute at least.

    Args:
        glances: Some in a row, oldest first.

    >>> silence_ms([("", "cat", at_s * 1000, 0.5) for at_s in (0, 100, 200, 900)])
    300000
    """
    last: dict[str, int] = {}
    apart: list[int] = []
    for stream, _, at_ms, _ in glances:
        if stream in last:
            apart.append(at_ms - last[stream])
        last[stream] = at_ms
    usual_ms = median(apart) if apart else 0
    return round(min(max(LEAST_SILENCE_MS, _USUAL * usual_ms), MOST_SILENCE_MS))


def coarsen(intervals: Sequence[Interval], shortest_ms: int) -> list[Interval]:
    """Joins intervals that are shorter than so much and follow each other within it; a single one stays.

    Joining with a bound and then with one that is larger is the same as joining with the larger one at once.

    Args:
        intervals: Of one stream, oldest first.
        shortest_ms: The bound.
    """
    joined: list[Interval] = []
    for one in intervals:
        _add(joined, one, shortest_ms)
    return joined


class Timeline:
    """Takes a device's results, oldest first, and forgets them: what is left are intervals.

    Attributes:
        shortest_ms: Intervals shorter than this that follow each other are joined; 0 while there is room for each.
        left_out: Results of the day, of streams past `MOST_STREAMS`.
    """

    def __init__(self, begin_ms: int, end_ms: int, silence_ms: int, most: int = MOST_INTERVALS) -> None:
        """Begins.

        Args:
            begin_ms: The first moment of the day, Unix time; results before it tell what held then.
            end_ms: The first moment after it; results from then on tell until when the last label held.
            silence_ms: See `silence_ms`.
            most: How many intervals to keep.
        """
        self._begin_ms, self._end_ms, self._silence_ms, self._most = begin_ms, end_ms, silence_ms, most
        self._open: dict[str, _Run] = {}
        self._closed: defaultdict[str, list[Interval]] = defaultdict(list)
        self._count = 0
        self.shortest_ms = self.left_out = 0

    def take(self, glances: Sequence[Glance]) -> None:
        """Takes those that come next."""
        # A day may be millions: this loop is what a page waits for.
        runs, silence_ms, begin_ms, end_ms = self._open, self._silence_ms, self._begin_ms, self._end_ms
        for stream, label, at_ms, score in glances:
            run = runs.get(stream)
            if run is None or label != run.label or at_ms - run.last_ms > silence_ms:
                if run is None and len(runs) >= MOST_STREAMS:
                    self.left_out += begin_ms <= at_ms < end_ms
                    continue
                if run is not None:
                    self._close(stream, run, at_ms if at_ms - run.last_ms <= silence_ms else run.last_ms)
                run = runs[stream] = _Run(label, at_ms, at_ms)
            run.last_ms = at_ms
            if begin_ms <= at_ms < end_ms:
                run.results += 1
                run.total += score

    def intervals(self) -> list[Interval]:
        """Ends the day, and gives its intervals by stream and time; streams that said nothing have none."""
        for stream, run in self._open.items():
            self._close(stream, run, run.last_ms)
        self._open.clear()
        return [one for stream in sorted(self._closed) for one in self._closed[stream]]

    def _close(self, stream: str, run: _Run, to_ms: int) -> None:
        from_ms, to_ms = max(run.first_ms, self._begin_ms), min(to_ms, self._end_ms)
        if run.results == 0 and to_ms <= from_ms:
            return
        intervals = self._closed[stream]
        self._count -= len(intervals)
        _add(intervals, Interval(stream, run.label, from_ms, to_ms, run.results, run.total), self.shortest_ms)
        self._count += len(intervals)
        if self._count > self._most:
            self._shorten()

    def _shorten(self) -> None:
        while self._count > self._most * _FULL:  # so that it need not be done again soon
            self.shortest_ms = max(_FINEST_MS, self.shortest_ms * 5 // 4)
            for stream, intervals in self._closed.items():
                self._closed[stream] = coarsen(intervals, self.shortest_ms)
            self._count = sum(map(len, self._closed.values()))


def _add(joined: list[Interval], one: Interval, shortest_ms: int) -> None:
    if joined and shortest_ms:
        before = joined[-1]
        follows = one.from_ms - before.to_ms < shortest_ms
        if follows and _is_small(one, shortest_ms) and _is_small(before, shortest_ms):
            joined[-1] = _join(before, one)
            return
    joined.append(one)


def _is_small(one: Interval, shortest_ms: int) -> bool:
    return one.parts > 1 or one.to_ms - one.from_ms < shortest_ms


def _join(before: Interval, one: Interval) -> Interval:
    return Interval(
        before.stream,
        before.label if before.label == one.label else None,
        before.from_ms,
        one.to_ms,
        before.results + one.results,
        before.total + one.total,
        before.parts + one.parts,
    )
