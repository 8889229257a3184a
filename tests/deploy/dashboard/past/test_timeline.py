from collections import defaultdict
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagui.deploy.dashboard.past.timeline import (
    LEAST_SILENCE_MS,
    MOST_INTERVALS,
    MOST_SILENCE_MS,
    MOST_STREAMS,
    Interval,
    Timeline,
    coarsen,
    silence_ms,
)
from sagui.deploy.history import Glance
from sagui.deploy.history.rows import DAY_MS

DAY = 1_795_219_200_000
SILENCE = LEAST_SILENCE_MS
MINUTE = 60_000

steps = st.one_of(st.integers(0, 30_000), st.integers(SILENCE - 1, SILENCE + 1), st.integers(0, DAY_MS // 4))
said = st.tuples(st.sampled_from(("", "door", "yard")), st.sampled_from("abc"), steps, st.floats(0, 1))


@st.composite
def days(draw: st.DrawFn) -> list[Glance]:
    """Results from somewhat before the day, in the order of their times."""
    at_ms = DAY - draw(st.integers(0, 10 * MINUTE))
    glances = []
    for stream, label, step_ms, score in draw(st.lists(said, max_size=60)):
        at_ms += step_ms
        glances.append((stream, label, at_ms, score))
    return glances


def told(glances: list[Glance], most: int = MOST_INTERVALS, page: int = 7) -> list[Interval]:
    timeline = Timeline(DAY, DAY + DAY_MS, SILENCE, most)
    for begin in range(0, len(glances), page):
        timeline.take(glances[begin : begin + page])
    return timeline.intervals()


def by_stream(intervals: list[Interval]) -> dict[str, list[Interval]]:
    streams = defaultdict(list)
    for one in intervals:
        streams[one.stream].append(one)
    return streams


def in_the_day(glances: list[Glance]) -> list[Glance]:
    return [one for one in glances if DAY <= one[2] < DAY + DAY_MS]


@given(days(), st.sampled_from((4, 10, MOST_INTERVALS)))
def test_intervals_of_a_stream_follow_each_other_and_never_overlap(glances: list[Glance], most: int) -> None:
    for intervals in by_stream(told(glances, most)).values():
        for one in intervals:
            assert DAY <= one.from_ms <= one.to_ms <= DAY + DAY_MS
        for before, after in pairwise(intervals):
            assert before.to_ms <= after.from_ms


@given(days(), st.sampled_from((4, 10, MOST_INTERVALS)))
def test_intervals_cover_the_results_of_the_day_exactly(glances: list[Glance], most: int) -> None:
    intervals, results = told(glances, most), in_the_day(glances)
    assert sum(one.results for one in intervals) == len(results)
    assert sum(one.total for one in intervals) == pytest.approx(sum(score for *_, score in results))
    for stream, label, at_ms, _ in results:
        assert any(
            one.stream == stream and one.from_ms <= at_ms <= one.to_ms and one.label in {label, None}
            for one in intervals
        )


@given(days())
def test_while_there_is_room_each_change_and_each_silence_is_seen(glances: list[Glance]) -> None:
    for stream, intervals in by_stream(told(glances)).items():
        ours = [one for one in glances if one[0] == stream]
        begins = {
            at_ms
            for before, (_, label, at_ms, _) in zip([None, *ours], ours, strict=False)
            if before is None or before[1] != label or at_ms - before[2] > SILENCE
        }
        assert {one.from_ms for one in intervals if one.from_ms > DAY} == {
            at_ms for at_ms in begins if DAY < at_ms < DAY + DAY_MS
        }
        assert all(one.parts == 1 and one.label is not None for one in intervals)


@given(days(), st.integers(1, 8))
def test_pages_make_no_difference(glances: list[Glance], page: int) -> None:
    assert told(glances, page=page) == told(glances, page=1000)


@given(days(), st.integers(1, 5 * MINUTE), st.integers(0, 5 * MINUTE))
def test_joining_twice_is_joining_once_with_the_larger_bound(glances: list[Glance], bound: int, more: int) -> None:
    for intervals in by_stream(told(glances)).values():
        twice = coarsen(coarsen(intervals, bound), bound + more)
        assert [one[:5] + one[6:] for one in twice] == [one[:5] + one[6:] for one in coarsen(intervals, bound + more)]


@given(days())
def test_joining_leaves_long_intervals_and_single_ones_alone(glances: list[Glance]) -> None:
    for intervals in by_stream(told(glances)).values():
        joined = coarsen(intervals, MINUTE)
        assert [one for one in intervals if one.to_ms - one.from_ms >= MINUTE] == [
            one for one in joined if one.parts == 1 and one.to_ms - one.from_ms >= MINUTE
        ]
        assert sum(one.parts for one in joined) == len(intervals)
        assert coarsen(intervals, 0) == intervals


def test_short_ones_become_one_however_long_that_is() -> None:
    flicker = [Interval("", "ab"[n % 2], DAY + n * 10_000, DAY + (n + 1) * 10_000, 1, 0.5) for n in range(100)]
    assert coarsen(flicker, 10_000) == flicker
    assert coarsen(flicker, 10_001) == [Interval("", None, DAY, DAY + 1_000_000, 100, 50.0, 100)]


def test_short_ones_of_one_label_keep_it() -> None:
    said_twice = [Interval("", "cat", DAY, DAY, 1, 0.5), Interval("", "cat", DAY + 10, DAY + 20, 1, 0.25)]
    assert coarsen(said_twice, 100) == [Interval("", "cat", DAY, DAY + 20, 2, 0.75, 2)]


def test_a_silence_that_is_longer_than_the_bound_is_never_drawn_over() -> None:
    apart = [Interval("", label, DAY + at, DAY + at + 10, 1, 0.5) for label, at in (("cat", 0), ("dog", SILENCE))]
    assert coarsen(apart, SILENCE - 10) == apart
    assert len(coarsen(apart, SILENCE)) == 1


def test_a_label_holds_until_the_next() -> None:
    first, second = told([("", "cat", DAY + 5000, 1.0), ("", "cat", DAY + 9000, 0.5), ("", "dog", DAY + 15_000, 0.25)])
    assert first == Interval("", "cat", DAY + 5000, DAY + 15_000, 2, 1.5)
    assert first.score == 0.75
    assert second == Interval("", "dog", DAY + 15_000, DAY + 15_000, 1, 0.25)


def test_a_silence_is_a_gap_even_if_the_label_is_the_same_after_it() -> None:
    at = DAY + 5000
    glances: list[Glance] = [("", "cat", at, 1.0), ("", "cat", at + SILENCE, 1.0), ("", "cat", at + 2 * SILENCE + 1, 1)]
    assert [(one.from_ms - at, one.to_ms - at) for one in told(glances)] == [
        (0, SILENCE),
        (2 * SILENCE + 1, 2 * SILENCE + 1),
    ]


def test_a_label_holds_over_midnight_on_both_sides() -> None:
    end = DAY + DAY_MS
    glances: list[Glance] = [
        ("", "cat", DAY - 10_000, 0.1), ("", "dog", DAY + 20_000, 0.5), ("", "cow", end - 30_000, 0.9),
        ("", "cow", end + 5000, 0.1), ("", "cat", end + 6000, 0.1),
    ]  # fmt: skip
    carried, dog, cow = told(glances)
    assert (carried.label, carried.from_ms, carried.to_ms, carried.results, carried.score) == (
        "cat", DAY, DAY + 20_000, 0, None,
    )  # fmt: skip
    assert (dog.from_ms, dog.to_ms) == (DAY + 20_000, DAY + 20_000)
    assert (cow.from_ms, cow.to_ms, cow.results, cow.score) == (end - 30_000, end, 1, 0.9)


def test_what_ended_before_the_day_or_began_after_it_is_not_in_it() -> None:
    assert told([("", "cat", DAY - 90_000, 1.0), ("", "cat", DAY + DAY_MS, 1.0)]) == []
    assert told([]) == []


def test_streams_have_intervals_of_their_own() -> None:
    glances: list[Glance] = [(name, label, DAY + at, 0.5) for at in (0, 10) for name, label in (("b", "x"), ("a", "y"))]
    assert [(one.stream, one.label, one.results) for one in told(glances)] == [("a", "y", 2), ("b", "x", 2)]


def test_many_streams_are_counted_alone() -> None:
    timeline = Timeline(DAY, DAY + DAY_MS, SILENCE)
    timeline.take([(f"s-{number}", "cat", DAY + number, 0.5) for number in range(MOST_STREAMS + 30)])
    assert len(timeline.intervals()) == MOST_STREAMS
    assert timeline.left_out == 30


@pytest.mark.parametrize("streams", [1, MOST_STREAMS])
@pytest.mark.parametrize("apart_ms", [1500, SILENCE + 1])
def test_a_device_that_changes_its_mind_all_day_is_drawn_in_bounds(streams: int, apart_ms: int) -> None:
    timeline = Timeline(DAY, DAY + DAY_MS, SILENCE)
    count = DAY_MS // apart_ms
    timeline.take([(f"s-{n % streams}", f"label {n}", DAY + n * apart_ms, 0.5) for n in range(count)])
    intervals = timeline.intervals()
    assert 0 < len(intervals) <= MOST_INTERVALS
    assert sum(one.results for one in intervals) == sum(one.parts for one in intervals) == count
    assert (timeline.shortest_ms > 0) == (count > MOST_INTERVALS)


def test_a_moment_stays_where_there_is_room_for_it() -> None:
    visits: list[Glance] = [
        ("", "cat" if n % 40 == 0 else "empty", DAY + n * 10_000, 0.9) for n in range(DAY_MS // 10_000)
    ]
    intervals = told(visits)
    assert len(intervals) == 432
    assert {one.to_ms - one.from_ms for one in intervals if one.label == "cat"} == {10_000}


@pytest.mark.parametrize(
    ("apart_ms", "silence"),
    [
        (100, LEAST_SILENCE_MS),
        (20_000, LEAST_SILENCE_MS),
        (300_000, 900_000),
        (DAY_MS // 3, MOST_SILENCE_MS),
    ],
)
def test_a_silence_is_measured_by_what_is_usual(apart_ms: int, silence: int) -> None:
    glances: list[Glance] = [("", "cat", DAY + n * apart_ms, 0.5) for n in range(9)]
    assert silence_ms(glances) == silence
    outage: list[Glance] = [("", "cat", DAY + DAY_MS, 0.5)]
    assert silence_ms(glances + outage) == silence


def test_what_is_usual_is_that_of_each_stream() -> None:
    glances: list[Glance] = [(str(n % 3), "cat", DAY + n * MINUTE, 0.5) for n in range(30)]
    assert silence_ms(glances) == 9 * MINUTE
    assert silence_ms([]) == silence_ms(glances[:1]) == LEAST_SILENCE_MS
