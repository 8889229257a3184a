"""How long to wait before a camera is opened again."""

from hypothesis import given
from hypothesis import strategies as st

from sagui.device.cameras.backoff import Backoff

LUCK = st.floats(0, 1, exclude_max=True)


@given(st.integers(0, 10**9), LUCK)
def test_a_wait_is_at_least_half_of_its_longest_and_never_past_the_most(failures: int, luck: float) -> None:
    backoff = Backoff(first_s=1, factor=2, most_s=60)
    delay = backoff.delay_s(failures, luck)
    longest = min(60, 2 ** min(failures, 10))
    assert longest / 2 <= delay <= longest


@given(st.integers(0, 50), LUCK)
def test_waits_grow_with_each_failure_until_the_most(failures: int, luck: float) -> None:
    backoff = Backoff()
    assert backoff.delay_s(failures + 1, luck) >= backoff.delay_s(failures, luck)


def test_devices_with_different_luck_come_back_at_different_times() -> None:
    backoff = Backoff()
    assert backoff.delay_s(3, 0.1) != backoff.delay_s(3, 0.9)


def test_the_first_waits_are_the_ones_that_are_documented() -> None:
    backoff = Backoff()
    assert [backoff.delay_s(failures, 0.0) for failures in range(8)] == [0.5, 1, 2, 4, 8, 16, 30, 30]


def test_a_camera_that_ran_steadily_starts_from_the_first_wait() -> None:
    backoff = Backoff(steady_s=10)
    assert backoff.failures(7, 10) == 0
    assert backoff.failures(7, 9.9) == 7
