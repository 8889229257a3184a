"""Turning, mirroring and cutting frames."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagui.device.cameras.geometry import Region, treat

SIZES = st.integers(1, 5000)
CUTS = st.lists(st.floats(0, 1), min_size=1, max_size=5).map(lambda cuts: sorted({0.0, 1.0, *cuts}))


@pytest.fixture
def photo() -> np.ndarray:
    rng = np.random.default_rng(1)
    return rng.integers(0, 256, (6, 10, 3), dtype=np.uint8)


@given(st.floats(0, 1), st.floats(0, 1), st.floats(1e-6, 1), st.floats(1e-6, 1), SIZES, SIZES)
def test_a_region_is_inside_the_picture_and_never_empty(
    x: float, y: float, across: float, down: float, width: int, height: int
) -> None:
    region = Region(x, y, min(across, 1 - x), min(down, 1 - y))
    left, top, right, bottom = region.pixels(width, height)
    assert 0 <= left < right <= width
    assert 0 <= top < bottom <= height


@given(CUTS, st.integers(1000, 5000))
def test_regions_that_touch_share_no_pixel_and_leave_none_out(cuts: list[float], size: int) -> None:
    wide = [(start, end) for start, end in itertools.pairwise(cuts) if end - start > 2 / size]
    for start, end in wide:
        left, _, right, _ = Region(start, 0, end - start, 1).pixels(size, 1)
        assert left == round(start * size)
        assert abs(right - end * size) <= 0.5 + 1e-6


def test_the_halves_of_an_odd_picture_make_the_whole() -> None:
    left = Region(0, 0, 0.5, 1).pixels(5, 1)
    right = Region(0.5, 0, 0.5, 1).pixels(5, 1)
    assert left[2] == right[0]
    assert (left[0], right[2]) == (0, 5)


def test_a_frame_without_treatment_is_not_copied(photo: np.ndarray) -> None:
    assert treat(photo, None, 0, mirror=False) is photo


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_frame_is_turned_clockwise(photo: np.ndarray, degrees: int) -> None:
    turned = treat(photo, None, degrees, mirror=False)
    assert np.array_equal(turned, np.rot90(photo, -degrees // 90))
    assert turned.flags.c_contiguous


def test_a_frame_is_mirrored_left_to_right(photo: np.ndarray) -> None:
    assert np.array_equal(treat(photo, None, 0, mirror=True), photo[:, ::-1])


def test_the_region_is_of_what_is_seen_after_turning_and_mirroring(photo: np.ndarray) -> None:
    seen = np.rot90(photo, -1)[:, ::-1]  # 10 rows of 6
    cut = treat(photo, Region(0, 0.5, 0.5, 0.5), 90, mirror=True)
    assert np.array_equal(cut, seen[5:, :3])
    assert cut.flags.c_contiguous


@given(st.sampled_from([0, 90, 180, 270]), st.sampled_from([0, 1]))
def test_turning_and_mirroring_loses_no_pixel(degrees: int, mirror: int) -> None:
    photo = np.arange(5 * 7 * 3, dtype=np.uint8).reshape(5, 7, 3)
    treated = treat(photo, None, degrees, mirror=bool(mirror))
    assert sorted(treated[..., 0].ravel()) == sorted(photo[..., 0].ravel())
    assert treated.shape == ((7, 5, 3) if degrees in {90, 270} else (5, 7, 3))
