"""Counts of hours as charts and tables: rules without I/O."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zlib import crc32

from sagui.deploy.dashboard.past.extent import Extent
from sagui.deploy.dashboard.past.scores import SLOT_MS, Slot
from sagui.deploy.dashboard.texts import Say, figure
from sagui.deploy.history import HourCount
from sagui.deploy.history.rows import HOUR_MS

MOST_LABELS = 8
"""So many labels have a colour of their own; the rest are *other*: a device may say any number of them."""

# Okabe and Ito's colours, which people see apart whatever colours they see (jfly.uni-koeln.de/color).
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#B8A900", "#7F7F7F")
OTHER_COLOUR = "#4D4D4D"
_HOURS = 24
_LONGEST = 40
_SLOTS_AN_HOUR = HOUR_MS // SLOT_MS


@dataclass(frozen=True)
class LabelCount:
    """A label's day.

    Attributes:
        counts: How often, in each hour.
        scores: The mean score of each hour; None where there was none.
    """

    label: str
    counts: tuple[int, ...]
    scores: tuple[float | None, ...]

    @property
    def total(self) -> int:
        """How often in the whole day."""
        return sum(self.counts)

    @property
    def score(self) -> float:
        """The mean score of the day."""
        weighed = (count * (score or 0.0) for count, score in zip(self.counts, self.scores, strict=True))
        return sum(weighed) / self.total if self.total else 0.0


def by_label(hours: Sequence[HourCount], day_ms: int, other: str) -> list[LabelCount]:
    """Sorts a day's counts by label, the most frequent first.

    Args:
        hours: Of one day.
        day_ms: Its beginning, Unix time.
        other: The name of all labels past `MOST_LABELS`.
    """
    totals: dict[str, int] = {}
    for hour in hours:
        totals[hour.label] = totals.get(hour.label, 0) + hour.count
    ranked = sorted(totals, key=lambda label: (-totals[label], label))
    own = ranked[:MOST_LABELS]
    groups = [(label, [hour for hour in hours if hour.label == label]) for label in own]
    if len(ranked) > MOST_LABELS:
        known = set(own)
        groups.append((other, [hour for hour in hours if hour.label not in known]))
    return [_summed(label, of_it, day_ms) for label, of_it in groups]


def colours_of(labels: Sequence[str]) -> dict[str, str]:
    """Gives each label a colour by its name: the same on every day, unless another label has taken it.

    Args:
        labels: `MOST_LABELS` at most.

    Returns:
        In the same order.
    """
    taken: dict[str, str] = {}
    for label in sorted(labels):
        wanted = crc32(label.encode(errors="replace")) % len(COLOURS)
        turned = (*COLOURS[wanted:], *COLOURS[:wanted])
        taken[label] = next(colour for colour in turned if colour not in taken.values())
    return {label: taken[label] for label in labels}


def count_chart(labels: Sequence[LabelCount]) -> dict[str, Any]:
    """Gives ECharts' options: a stack of labels for each hour."""
    series = [{"type": "bar", "stack": "all", "data": list(one.counts)} for one in labels]
    return _chart(labels, series, {"type": "value", "minInterval": 1})


def score_chart(labels: Sequence[LabelCount]) -> dict[str, Any]:
    """Gives ECharts' options: a line of scores for each label, from 0 to 1."""
    series = [
        {"type": "line", "data": [None if score is None else round(score, 4) for score in one.scores]} for one in labels
    ]
    return _chart(labels, series, {"type": "value", "min": 0, "max": 1})


def slot_chart(slots: Sequence[Slot | None], drawn: Extent, say: Say) -> dict[str, Any]:
    """Gives ECharts' options: the mean and the lowest score of each five minutes; where there was none is a gap.

    Args:
        slots: Of a day.
        drawn: The hours to show.
        say: Says texts in the reader's language.
    """
    shown = range(len(slots))[drawn.first * _SLOTS_AN_HOUR : (drawn.first + drawn.hours) * _SLOTS_AN_HOUR]
    known = [slots[number] for number in shown]
    lines = (
        ("mean", COLOURS[0], "solid", [None if slot is None else round(slot.mean, 4) for slot in known]),
        ("lowest", COLOURS[5], "dashed", [None if slot is None else round(slot.lowest, 4) for slot in known]),
    )
    series = [
        {
            "type": "line",
            "name": say(name),
            "data": data,
            "symbol": "circle",
            "symbolSize": 3,
            "showAllSymbol": True,  # one between gaps is a point, not a line
            "itemStyle": {"color": colour},
            "lineStyle": {"type": style, "width": 1.5},
            "animation": False,
        }
        for name, colour, style, data in lines
    ]
    between = drawn.tick_min * 60_000 // SLOT_MS - 1
    x_axis = {"data": [slot_time(slot) for slot in shown], "axisLabel": {"interval": between}}
    return _options(series, x_axis, {"type": "value", "min": 0, "max": 1})


def slot_time(slot: int) -> str:
    """Says when a slot begins.

    >>> slot_time(287)
    '23:55'
    """
    hour, minute = divmod(slot * SLOT_MS // 60_000, 60)
    return f"{hour:02d}:{minute:02d}"


def slot_summary(slots: Sequence[Slot | None], say: Say) -> str:
    """Says the chart's most telling numbers, for those who cannot see it too."""
    known = [(slot.lowest, index) for index, slot in enumerate(slots) if slot]
    if not known:
        return say("no_results")
    count = sum(slot.count for slot in slots if slot)
    mean = sum(slot.count * slot.mean for slot in slots if slot) / count
    lowest, index = min(known)
    return say(
        "slot_summary",
        mean=figure(mean, ".3f", say),
        lowest=figure(lowest, ".3f", say),
        time=slot_time(index),
        count=figure(count, ",", say),
    )


def table_columns(say: Say) -> list[dict[str, Any]]:
    """Gives the columns of `table_rows`."""
    names = ("label", "results", "share", "mean_score")
    return [
        {"name": name, "label": say(name), "field": name, "align": "left" if name == "label" else "right"}
        for name in names
    ]


def table_rows(labels: Sequence[LabelCount], say: Say) -> list[dict[str, Any]]:
    """Gives the same as a table's rows, for those who cannot see a chart."""
    whole = sum(one.total for one in labels)
    return [
        {
            "label": one.label,
            "results": figure(one.total, ",", say),
            "share": figure(one.total / whole, ".1%", say),
            "mean_score": figure(one.score, ".3f", say),
        }
        for one in labels
    ]


def _summed(label: str, hours: Sequence[HourCount], day_ms: int) -> LabelCount:
    counts, sums = [0] * _HOURS, [0.0] * _HOURS
    for hour in hours:
        index = (hour.hour_ms - day_ms) // HOUR_MS
        counts[index] += hour.count
        sums[index] += hour.count * hour.score
    scores = tuple(total / count if count else None for total, count in zip(sums, counts, strict=True))
    return LabelCount(label, tuple(counts), scores)


def _chart(labels: Sequence[LabelCount], series: list[dict[str, Any]], y_axis: dict[str, Any]) -> dict[str, Any]:
    own = colours_of([one.label for one in labels[:MOST_LABELS]])
    for one, line, colour in zip(labels, series, [*own.values(), OTHER_COLOUR], strict=False):
        line |= {"name": one.label[:_LONGEST], "itemStyle": {"color": colour}, "animation": False}
    return _options(series, {"data": [f"{hour:02d}" for hour in range(_HOURS)]}, y_axis)


def _options(series: list[dict[str, Any]], x_axis: dict[str, Any], y_axis: dict[str, Any]) -> dict[str, Any]:
    # The page's own colour, light or dark.
    ink = {"color": "currentColor"}
    faint = {"lineStyle": {"color": "#80808055"}}
    return {
        "textStyle": ink,
        # Rich text: a label is never taken for HTML.
        "tooltip": {"trigger": "axis", "renderMode": "richText", "confine": True},
        "legend": {"type": "scroll", "textStyle": ink, "top": 0},
        "grid": {"left": 8, "right": 8, "top": 36, "bottom": 8, "containLabel": True},
        "xAxis": {"type": "category"} | x_axis | {"axisLabel": ink | x_axis.get("axisLabel", {})},
        "yAxis": y_axis | {"axisLabel": ink, "splitLine": faint},
        "series": series,
    }
