import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagui.deploy.dashboard.past.bands import bands_html, notes
from sagui.deploy.dashboard.past.charts import slot_chart
from sagui.deploy.dashboard.past.day import DeviceDay
from sagui.deploy.dashboard.past.extent import Extent, extent_of
from sagui.deploy.dashboard.past.scores import SLOTS, Scores, Slot
from sagui.deploy.dashboard.past.timeline import Interval
from sagui.deploy.dashboard.texts import speak
from sagui.deploy.history.rows import DAY_MS, HOUR_MS

DAY = 1_795_219_200_000


def held(from_h: float, to_h: float) -> Interval:
    return Interval("", "cat", DAY + round(from_h * HOUR_MS), DAY + round(to_h * HOUR_MS), 4, 3.0)


@pytest.mark.parametrize(
    ("intervals", "extent"),
    [
        ([held(14.2, 14.9)], Extent(14, 1)),
        ([held(14.9, 15.1)], Extent(14, 2)),
        ([held(14, 14.1), held(16.9, 17)], Extent(14, 3)),
        ([held(10, 13.5)], Extent(10, 6)),
        ([held(22.5, 24)], Extent(22, 2)),
        ([held(23.99, 24)], Extent(23, 1)),
        ([held(19.5, 23.5)], Extent(18, 6)),
        ([held(0, 0.001)], Extent(0, 1)),
        ([held(3, 10)], Extent()),
        ([held(0, 1), held(23, 24)], Extent()),
        ([], Extent()),
    ],
)
def test_so_many_hours_are_drawn_as_hold_what_there_is(intervals: list[Interval], extent: Extent) -> None:
    assert extent_of(intervals, DAY) == extent


@given(st.lists(st.tuples(st.integers(0, DAY_MS), st.integers(0, DAY_MS)), min_size=1, max_size=5))
def test_nothing_that_was_said_is_left_out(ends: list[tuple[int, int]]) -> None:
    intervals = [Interval("", "cat", DAY + min(pair), DAY + max(pair), 1, 0.5) for pair in ends]
    extent = extent_of(intervals, DAY)
    begin_ms = DAY + extent.first * HOUR_MS
    assert all(begin_ms <= one.from_ms <= one.to_ms <= begin_ms + extent.hours * HOUR_MS for one in intervals)
    assert 0 <= extent.first <= extent.first + extent.hours <= 24
    assert 6 <= len(extent.ticks()) <= 8


def test_a_part_of_a_day_fills_the_drawing_and_is_told() -> None:
    day, say = DeviceDay(DAY, ("cat",), (held(14.25, 14.75),), Scores(DAY, ("cat",)), 60_000, 0, 0), speak("en")
    html = bands_html(day, Extent(14, 1), say)
    assert '<rect x="360.00" width="720.00"' in html
    assert "<span>14:00</span><span>14:10</span>" in html
    assert notes(day, Extent(14, 1), say).endswith("From 14:00 to 15:00: the rest of the day has no results.")
    assert "the rest" not in notes(day, Extent(), say)


def test_the_scores_are_drawn_over_the_same_hours() -> None:
    line: list[Slot | None] = [None] * SLOTS
    line[14 * 12 + 3] = Slot(3, 0.5, 0.2)
    options = slot_chart(line, Extent(14, 1), speak("en"))
    assert options["series"][0]["data"] == [None, None, None, 0.5, *[None] * 8]
    assert (options["xAxis"]["data"][0], options["xAxis"]["data"][-1]) == ("14:00", "14:55")
    assert options["xAxis"]["axisLabel"]["interval"] == 1
