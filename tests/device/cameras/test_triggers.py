"""Which frames are worth a look."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagui.device.cameras.triggers import HOLD_SECONDS, is_due, is_held, least_share

TIMES = st.lists(st.floats(0, 1000), min_size=1, max_size=60).map(sorted)


def passed(times: list[float], every_s: float) -> list[float]:
    kept: list[float] = []
    for now in times:
        if is_due(kept[-1] if kept else None, now, every_s):
            kept.append(now)
    return kept


@given(TIMES, st.floats(0.01, 100))
def test_frames_that_pass_are_never_closer_than_asked(times: list[float], every_s: float) -> None:
    kept = passed(times, every_s)
    assert kept[0] == times[0]
    assert all(later - earlier >= every_s - 0.001 for earlier, later in itertools.pairwise(kept))


@given(TIMES, st.floats(0.01, 100))
def test_no_frame_that_was_due_is_held_back(times: list[float], every_s: float) -> None:
    kept = passed(times, every_s)
    for now in times:
        before = max(time for time in kept if time <= now)
        assert now - before < every_s


@pytest.mark.parametrize("fps", [10, 24, 29.97, 30, 60])
def test_times_rounded_by_a_video_do_not_stretch_the_interval(fps: float) -> None:
    times = [round(index / fps, 3) for index in range(round(10 * fps))]
    assert len(passed(times, 1)) == 10


@pytest.mark.parametrize("fps", [10, 30, 60])
def test_a_tenth_of_a_second_is_kept_although_it_is_no_binary_number(fps: int) -> None:
    assert len(passed([index / fps for index in range(10 * fps)], 0.1)) == 100


def test_a_recording_that_starts_again_gives_a_frame_at_once() -> None:
    assert is_due(9.5, 0.0, 60)


@given(st.floats(0, 1), st.floats(0, 1))
def test_the_more_sensitive_the_less_must_change(one: float, other: float) -> None:
    if one < other:
        assert least_share(one) >= least_share(other)
    assert 0 < least_share(one) <= 0.1


def test_the_shares_are_the_ones_that_are_documented() -> None:
    assert [least_share(sensitivity) for sensitivity in (0, 0.5, 1)] == pytest.approx([0.1, 0.00316, 0.0001], rel=0.01)


@given(st.floats(0, 1e6), st.floats(0, 100))
def test_frames_pass_for_a_while_after_the_last_change(moved_s: float, later_s: float) -> None:
    since = (moved_s + later_s) - moved_s  # as the clock's numbers round
    assert is_held(moved_s, moved_s + later_s) == (since <= HOLD_SECONDS)


def test_nothing_passes_before_the_first_change_or_after_a_recording_started_again() -> None:
    assert not is_held(None, 5.0)
    assert not is_held(9.0, 5.0)
