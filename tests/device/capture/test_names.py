"""Names of photos."""

from hypothesis import given
from hypothesis import strategies as st

from sagui.device.capture.names import file_name, next_counter

_TIMES = st.floats(0, 4e9)


@given(_TIMES, _TIMES, st.integers(1, 9999))
def test_names_sort_by_time(one: float, other: float, counter: int) -> None:
    if other - one >= 0.002:
        assert file_name(one, counter) < file_name(other, counter)


@given(st.lists(st.tuples(_TIMES, st.integers(1, 999_999_999))), st.lists(st.text(max_size=20)))
def test_counting_goes_on_behind_the_highest(made: list[tuple[float, int]], others: list[str]) -> None:
    names = [file_name(time, counter) for time, counter in made]
    assert next_counter(names + others) == max((counter for _, counter in made), default=0) + 1


def test_a_name_tells_utc_to_the_millisecond() -> None:
    assert file_name(1_767_323_045.9996, 12) == "20260102T030405.999Z-0012.jpg"


def test_other_names_do_not_count() -> None:
    assert next_counter(["9999.jpg", "20260102T030405.000Z-0041.png", "x20260102T030405.000Z-0041.jpg"]) == 1
