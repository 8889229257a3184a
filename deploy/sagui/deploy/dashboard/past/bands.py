"""A timeline as bands, a legend and a table: HTML in which everything that a device said is text."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sagui.deploy.dashboard.past.charts import OTHER_COLOUR, colours_of
from sagui.deploy.dashboard.past.day import DeviceDay
from sagui.deploy.dashboard.past.extent import Extent
from sagui.deploy.dashboard.past.timeline import MOST_STREAMS, Interval
from sagui.deploy.dashboard.texts import Say, figure
from sagui.deploy.dashboard.writing import page
from sagui.deploy.history.rows import DAY_MS

WIDTH = 1440
"""Of the drawing: of a whole day, a unit is a minute."""

_NARROWEST = 1.5
"""What held for a moment is seen, too."""

_MINUTE_MS, _HOUR_MS = 60_000, 3_600_000


@dataclass(frozen=True)
class Piece:
    """An interval as it is drawn.

    Attributes:
        left: From the beginning of what is drawn, of `WIDTH`.
        width: Likewise.
        colour: Empty for one in which labels change: that is drawn as a thin line.
    """

    left: str
    width: str
    colour: str
    title: str


@dataclass(frozen=True)
class Band:
    """A stream of a device."""

    stream: str
    pieces: list[Piece]


def bands_html(day: DeviceDay, drawn: Extent, say: Say) -> str:
    """Draws a day's intervals, all of which are in these hours."""
    streams = list(dict.fromkeys(one.stream for one in day.intervals))
    bands = [
        Band(stream, _pieces([one for one in day.intervals if one.stream == stream], day, drawn, say))
        for stream in streams
    ]
    return page("bands.html.j2", say=say, width=WIDTH, bands=bands, ticks=drawn.ticks(), legend=legend(day, say))


def legend(day: DeviceDay, say: Say) -> list[tuple[str, str]]:
    """Gives the colours that are drawn, and what they mean; no colour means that labels change."""
    drawn = {one.label for one in day.intervals}
    named = [(colour, label) for label, colour in colours_of(day.labels).items() if label in drawn]
    if drawn - {None} - set(day.labels):
        named.append((OTHER_COLOUR, say("other")))
    return [*named, ("", say("changing"))] if None in drawn else named


def notes(day: DeviceDay, drawn: Extent, say: Say) -> str:
    """Says what must be known to read it."""
    said = [say("silence", span=span(day.silence_ms, say))]
    if drawn.is_part:
        said.append(say("part_of_day", first=f"{drawn.first:02d}:00", last=f"{drawn.first + drawn.hours:02d}:00"))
    if day.shortest_ms:
        said.append(say("joined", span=span(day.shortest_ms, say)))
    if day.left_out:
        said.append(say("streams_left_out", streams=MOST_STREAMS, count=figure(day.left_out, ",", say)))
    return " ".join(said)


def interval_columns(say: Say, *, has_streams: bool) -> list[dict[str, Any]]:
    """Gives the columns of `interval_rows`."""
    names = (*(("stream",) if has_streams else ()), "from", "to", "held", "label", "mean_score", "results")
    numbers = {"held", "mean_score", "results"}
    return [
        {"name": name, "label": say(name), "field": name, "align": "right" if name in numbers else "left"}
        for name in names
    ]


def interval_rows(intervals: Sequence[Interval], begin_ms: int, say: Say) -> list[dict[str, Any]]:
    """Gives the same as a table's rows."""
    return [
        {
            "key": f"{one.stream} {one.from_ms} {one.to_ms} {number}",
            "stream": one.stream,
            "from": _from(one, begin_ms, say),
            "to": _to(one, begin_ms, say),
            "held": span(one.to_ms - one.from_ms, say),
            "label": _label(one, say),
            "mean_score": "" if one.score is None else figure(one.score, ".3f", say),
            "results": figure(one.results, ",", say),
        }
        for number, one in enumerate(intervals)
    ]


def newest_first(intervals: Sequence[Interval]) -> list[Interval]:
    """Sorts intervals of all streams."""
    return sorted(intervals, key=lambda one: (one.from_ms, one.to_ms), reverse=True)


def span(span_ms: int, say: Say) -> str:
    """Says how long something was, in two units at most.

    >>> from sagui.deploy.dashboard.texts import speak
    >>> [span(span_ms, speak("pt")) for span_ms in (900, 42_000, 303_000, 7_500_000)]
    ['0,9 s', '42 s', '5 min 3 s', '2 h 5 min']
    """
    if span_ms < 10_000:  # noqa: PLR2004 (seconds in which a tenth tells something)
        return f"{figure(span_ms / 1000, '.1f', say)} s"
    if span_ms < _MINUTE_MS:
        return f"{span_ms // 1000} s"
    large, small, names = (_MINUTE_MS, 1000, "min s") if span_ms < _HOUR_MS else (_HOUR_MS, _MINUTE_MS, "h min")
    of_large, of_small = names.split()
    rest = span_ms % large // small
    return f"{span_ms // large} {of_large}" + (f" {rest} {of_small}" if rest else "")


def _pieces(intervals: Sequence[Interval], day: DeviceDay, drawn: Extent, say: Say) -> list[Piece]:
    colours = colours_of(day.labels)
    begin_ms, unit_ms = day.begin_ms + drawn.first * _HOUR_MS, drawn.hours * _HOUR_MS / WIDTH
    # The shortest last: a long one beside it must not cover what is drawn wider than it was.
    ordered = sorted(intervals, key=lambda one: one.from_ms - one.to_ms)
    return [
        Piece(
            f"{min((one.from_ms - begin_ms) / unit_ms, WIDTH - _NARROWEST):.2f}",
            f"{max((one.to_ms - one.from_ms) / unit_ms, _NARROWEST):.2f}",
            "" if one.label is None else colours.get(one.label, OTHER_COLOUR),
            _title(one, day.begin_ms, say),
        )
        for one in ordered
    ]


def _title(one: Interval, begin_ms: int, say: Say) -> str:
    times = f"{_from(one, begin_ms, say)} \N{EN DASH} {_to(one, begin_ms, say)} ({span(one.to_ms - one.from_ms, say)})"
    # Set apart: a label that is written from right to left must not turn what follows it.
    label = f"\N{FIRST STRONG ISOLATE}{_label(one, say)}\N{POP DIRECTIONAL ISOLATE}"
    score = "" if one.score is None else f", {say('mean_score').lower()} {figure(one.score, '.3f', say)}"
    return f"{label}: {times}, {say('results').lower()} {figure(one.results, ',', say)}{score}"


def _label(one: Interval, say: Say) -> str:
    return say("changing_parts", count=figure(one.parts, ",", say)) if one.label is None else one.label


def _from(one: Interval, begin_ms: int, say: Say) -> str:
    time = _clock(one.from_ms - begin_ms)
    return say("or_earlier", time=time) if one.from_ms <= begin_ms else time


def _to(one: Interval, begin_ms: int, say: Say) -> str:
    time = _clock(one.to_ms - begin_ms)
    return say("or_later", time=time) if one.to_ms - begin_ms >= DAY_MS else time


def _clock(of_day_ms: int) -> str:
    minutes, second = divmod(of_day_ms // 1000, 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour:02d}:{minute:02d}:{second:02d}"
