import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagui.deploy.dashboard.past.bands import (
    WIDTH,
    bands_html,
    interval_columns,
    interval_rows,
    legend,
    newest_first,
    notes,
    span,
)
from sagui.deploy.dashboard.past.charts import OTHER_COLOUR, colours_of
from sagui.deploy.dashboard.past.day import DeviceDay
from sagui.deploy.dashboard.past.extent import Extent
from sagui.deploy.dashboard.past.scores import Scores
from sagui.deploy.dashboard.past.timeline import Interval
from sagui.deploy.dashboard.texts import speak
from sagui.deploy.history.rows import DAY_MS, HOUR_MS

DAY = 1_795_219_200_000
SAY = speak("en")
HTML = "<img src=x onerror=alert(1)>"


def day(*intervals: Interval, labels: tuple[str, ...] = ("cat", "dog")) -> DeviceDay:
    return DeviceDay(DAY, labels, intervals, Scores(DAY, labels), 60_000, 0, 0)


def held(label: str | None, from_h: float, to_h: float, stream: str = "", parts: int = 1) -> Interval:
    return Interval(stream, label, DAY + round(from_h * HOUR_MS), DAY + round(to_h * HOUR_MS), 4, 3.0, parts)


def rects(html: str) -> list[tuple[float, float]]:
    found = re.findall(r'<rect (?:class="changing" )?x="([\d.]+)"(?: y="3")? width="([\d.]+)"', html)
    return [(float(left), float(width)) for left, width in found]


def test_a_day_is_drawn_from_midnight_to_midnight() -> None:
    html = bands_html(day(held("cat", 0, 6), held("dog", 6, 24)), Extent(), SAY)
    assert sorted(rects(html)) == [(0, 360), (360, 1080)]
    assert "06:00:00 \N{EN DASH} 24:00:00 or later (18 h), results 4, mean score 0.750</title>" in html


@given(st.lists(st.tuples(st.integers(0, DAY_MS), st.integers(0, DAY_MS)), max_size=20))
def test_nothing_is_drawn_outside_the_day_or_too_narrow_to_see(ends: list[tuple[int, int]]) -> None:
    intervals = [Interval("", "cat", DAY + min(pair), DAY + max(pair), 1, 0.5) for pair in ends]
    for left, width in rects(bands_html(day(*intervals), Extent(), SAY)):
        assert left >= 0
        assert left + width <= WIDTH + 0.02
        assert width >= 1.5


def test_what_held_for_a_moment_is_drawn_over_what_held_long() -> None:
    html = bands_html(day(held("dog", 3, 3.0001), held("cat", 3.0001, 9)), Extent(), SAY)
    assert [width for _, width in rects(html)] == [pytest.approx(360, abs=0.1), 1.5]


def test_everything_that_a_device_says_is_text() -> None:
    html = bands_html(day(held(HTML, 1, 2, stream=HTML), labels=(HTML,)), Extent(), SAY)
    assert "<img" not in html
    assert html.count("&lt;img") >= 4  # stream, its name for a screen reader, title, legend


def test_streams_are_drawn_one_below_the_other() -> None:
    html = bands_html(day(held("cat", 1, 2, "door"), held("dog", 1, 2, "yard")), Extent(), SAY)
    assert html.index("door") < html.index("yard")
    assert html.count('role="img"') == 2


def test_the_legend_names_what_is_drawn_alone() -> None:
    assert legend(day(held("dog", 1, 2)), SAY) == [(colours_of(["cat", "dog"])["dog"], "dog")]
    assert legend(day(held("rare", 1, 2), held(None, 2, 3)), SAY) == [(OTHER_COLOUR, "other"), ("", "changing")]
    assert legend(day(), SAY) == []


def test_the_table_says_the_same() -> None:
    (row,) = interval_rows([held("cat", 1.5, 3.525)], DAY, SAY)
    assert {name: row[name] for name in row if name != "key"} == {
        "stream": "", "from": "01:30:00", "to": "03:31:30", "held": "2 h 1 min", "label": "cat", "mean_score": "0.750",
        "results": "4",
    }  # fmt: skip
    (whole,) = interval_rows([held(None, 0, 24, parts=1234)], DAY, SAY)
    assert (whole["from"], whole["to"]) == ("00:00:00 or earlier", "24:00:00 or later")
    assert whole["label"] == "changing (1,234 intervals)"
    (carried,) = interval_rows([Interval("", "cat", DAY, DAY + 5, 0, 0.0)], DAY, SAY)
    assert (carried["mean_score"], carried["held"]) == ("", "0.0 s")


def test_numbers_are_written_as_the_reader_does() -> None:
    (row,) = interval_rows([held("cat", 1, 1.0005, parts=1)], DAY, speak("pt"))
    assert (row["mean_score"], row["held"]) == ("0,750", "1,8 s")


def test_streams_have_a_column_where_there_are_any() -> None:
    assert "stream" not in [column["name"] for column in interval_columns(SAY, has_streams=False)]
    assert interval_columns(speak("pt"), has_streams=True)[0]["label"] == "Fluxo"


def test_rows_are_told_apart_even_if_they_are_the_same() -> None:
    rows = interval_rows([held("cat", 1, 1)] * 3, DAY, SAY)
    assert len({row["key"] for row in rows}) == 3


def test_the_newest_is_first_whatever_the_stream() -> None:
    intervals = [held("cat", 1, 2, "a"), held("cat", 5, 6, "a"), held("dog", 3, 4, "b")]
    assert [one.from_ms for one in newest_first(intervals)] == [DAY + hour * HOUR_MS for hour in (5, 3, 1)]


def test_what_was_joined_or_left_out_is_said() -> None:
    plain = day()
    assert notes(plain, Extent(), SAY) == "More than 1 min without a result is a gap."
    assert "those under 14 s" in notes(replace(plain, shortest_ms=14_500), Extent(), SAY)
    assert notes(replace(plain, left_out=1234), Extent(), SAY).endswith(
        "Only 16 streams are shown; results of others: 1,234."
    )


@pytest.mark.parametrize(
    ("span_ms", "text"),
    [(0, "0.0 s"), (9999, "10.0 s"), (59_999, "59 s"), (60_000, "1 min"), (3_599_999, "59 min 59 s"), (DAY_MS, "24 h")],
)
def test_spans_have_two_units_at_most(span_ms: int, text: str) -> None:
    assert span(span_ms, SAY) == text
