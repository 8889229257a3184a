"""Reading a device's day out of the history, in one pass."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain

from sagui.deploy.dashboard.past.charts import MOST_LABELS, LabelCount, by_label
from sagui.deploy.dashboard.past.scores import Scores
from sagui.deploy.dashboard.past.timeline import LEAST_SILENCE_MS, Interval, Timeline, silence_ms
from sagui.deploy.history import Glance, History
from sagui.deploy.history.rows import DAY_MS


@dataclass(frozen=True)
class DeviceDay:
    """What a device saw in a day.

    Attributes:
        begin_ms: Its first moment, Unix time.
        labels: Those that have a colour of their own, the most frequent first.
        intervals: By stream and time.
        silence_ms: A longer one is a gap.
        shortest_ms: Shorter intervals were joined; 0 where none had to be.
        left_out: Results of streams that were too many.
    """

    begin_ms: int
    labels: tuple[str, ...]
    intervals: tuple[Interval, ...]
    scores: Scores
    silence_ms: int
    shortest_ms: int
    left_out: int


@dataclass(frozen=True)
class Past:
    """A day: of all devices, or of one.

    Attributes:
        labels: Its counts; see `by_label`.
        day: Of the one; None for all, or where it has no results.
    """

    labels: list[LabelCount]
    day: DeviceDay | None


def read_past(history: History, begin_ms: int, device: str | None, other: str) -> Past:
    """Reads a day.

    Args:
        history: Where it is.
        begin_ms: The day's first moment, Unix time.
        device: Of this one; None for all.
        other: The name of rare labels together.

    Raises:
        HistoryError: The database cannot be used.
    """
    labels = by_label(history.hours(begin_ms, begin_ms + DAY_MS, device), begin_ms, other)
    own = tuple(one.label for one in labels[:MOST_LABELS])
    return Past(labels, read_day(history, begin_ms, device, own) if device and labels else None)


def read_day(history: History, begin_ms: int, device: str, labels: tuple[str, ...]) -> DeviceDay:
    """Reads a device's day, and as much before and after it as tells what held at midnight.

    Args:
        history: Where it is.
        begin_ms: The day's first moment, Unix time.
        device: Whose.
        labels: Have a colour of their own.

    Raises:
        HistoryError: The database cannot be used.
    """
    end_ms = begin_ms + DAY_MS
    # One question is enough where results are close together; three where a label holds longer than the margin.
    pages = history.glances(device, begin_ms - LEAST_SILENCE_MS, end_ms + LEAST_SILENCE_MS)
    first = next(pages, [])
    silent_ms = silence_ms(first)
    before: Iterable[list[Glance]] = ()
    after: Iterable[list[Glance]] = ()
    if silent_ms > LEAST_SILENCE_MS:
        before = history.glances(device, begin_ms - silent_ms, begin_ms - LEAST_SILENCE_MS)
        after = history.glances(device, end_ms + LEAST_SILENCE_MS, end_ms + silent_ms)
    timeline, scores = Timeline(begin_ms, end_ms, silent_ms), Scores(begin_ms, labels)
    for page in chain(before, [first], pages, after):
        timeline.take(page)
        scores.take(page)
    intervals = tuple(timeline.intervals())
    return DeviceDay(begin_ms, labels, intervals, scores, silent_ms, timeline.shortest_ms, timeline.left_out)
