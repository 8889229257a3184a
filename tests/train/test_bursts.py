"""Photos that one camera took in one go."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from sagui.train.bursts import Taken, bursts


def test_photos_that_follow_closely_belong_together() -> None:
    taken = [Taken("a", at_ms) for at_ms in (0, 2000, 4000, 6001, 9000, 9500)]
    assert bursts(taken, 2.0) == [(0, 1, 2), (4, 5)]


def test_another_camera_is_another_burst() -> None:
    assert bursts([Taken("a", 0), Taken("b", 10), Taken("a", 20), Taken("b", 30)], 1) == [(0, 2), (1, 3)]


def test_photos_without_a_time_are_in_none() -> None:
    assert bursts([None, Taken("a", 0), None], 5) == []
    assert bursts([], 5) == []


def test_photos_of_unknown_cameras_count_as_one_camera() -> None:
    assert bursts([Taken("", 0), Taken("", 500), Taken("a", 500)], 1) == [(0, 1)]


def test_zero_seconds_make_no_bursts() -> None:
    assert bursts([Taken("a", 0), Taken("a", 0)], 0) == []


moments = st.lists(st.none() | st.builds(Taken, st.sampled_from("ab"), st.integers(0, 60_000)), max_size=30)


@given(moments, st.floats(0.1, 10))
def test_bursts_are_chains_that_cannot_be_longer(taken: list[Taken | None], seconds: float) -> None:
    found = bursts(taken, seconds)
    number = {position: index for index, burst in enumerate(found) for position in burst}
    assert sum(map(len, found)) == len(number)
    for burst in found:
        assert len(burst) > 1
        whens = [when for position in burst if (when := taken[position])]
        assert len(whens) == len(burst)
        gaps = [later.at_ms - before.at_ms for before, later in pairwise(whens)]
        assert all(0 <= gap <= seconds * 1000 for gap in gaps)
    for first, one in enumerate(taken):
        for second, other in enumerate(taken):
            if first != second and one and other and one.camera == other.camera:
                close = abs(one.at_ms - other.at_ms) <= seconds * 1000
                assert not close or number[first] == number[second]
