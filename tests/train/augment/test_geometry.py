"""Each move does what its name says, and nothing else."""

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagui.train.augment.geometry import move

SIDE = 32


def smooth_photo(seed: int = 0, side: int = SIDE) -> npt.NDArray[np.uint8]:
    """Soft blobs: resampling changes them little."""
    noise = np.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=np.uint8)
    return np.asarray(cv2.GaussianBlur(noise, (0, 0), 3), np.uint8)


def dot(row: int, column: int) -> npt.NDArray[np.uint8]:
    photo = np.zeros((SIDE, SIDE, 3), np.uint8)
    photo[row, column] = 255
    return photo


def brightest(photo: npt.NDArray[np.uint8]) -> tuple[int, int]:
    row, column = np.unravel_index(int(photo[..., 0].argmax()), photo.shape[:2])
    return int(row), int(column)


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_right_angles_turn_like_numpy_does(quarters: int) -> None:
    photo = smooth_photo()
    turned = move(photo, degrees=90 * quarters)
    expected = np.rot90(photo, quarters)
    inner = slice(2, -2)
    difference = turned[inner, inner].astype(int) - expected[inner, inner].astype(int)
    assert abs(difference).max() <= 2


def test_a_turn_to_the_left_lifts_what_is_right_of_the_middle() -> None:
    photo = np.zeros((33, 33, 3), np.uint8)
    photo[15:18, 25:28] = 255
    # The middle is (16, 16); ten to the right becomes ten along the diagonal, 7.07 up and 7.07 to the right.
    assert move(photo, degrees=45)[9, 23].min() >= 250
    assert move(photo, degrees=-45)[23, 23].min() >= 250


@given(right=st.integers(-8, 8), down=st.integers(-8, 8))
def test_a_shift_moves_a_dot_by_that_share_of_the_side(right: int, down: int) -> None:
    moved = move(dot(16, 16), right=right / SIDE, down=down / SIDE)
    assert brightest(moved) == (16 + down, 16 + right)
    assert moved.max() >= 250


def test_a_shift_is_a_share_of_the_width_across_and_of_the_height_down() -> None:
    photo = np.zeros((20, 40, 3), np.uint8)
    photo[10, 20] = 255
    assert brightest(move(photo, right=0.25)) == (10, 30)
    assert brightest(move(photo, down=0.25)) == (15, 20)


def test_enlarging_moves_a_dot_away_from_the_middle_and_shrinking_towards_it() -> None:
    photo = np.zeros((33, 33, 3), np.uint8)
    photo[16, 24] = 255
    assert move(photo, scale=1.5)[16, 28].min() >= 250
    assert move(photo, scale=0.5)[16, 20].min() >= 250


@given(
    height=st.integers(2, 40),
    width=st.integers(2, 40),
    degrees=st.floats(-180, 180),
    shift=st.floats(-0.5, 0.5),
    scale=st.floats(0.1, 1.9),
)
def test_shape_and_kind_stay_and_a_plain_photo_stays_plain(
    height: int, width: int, degrees: float, shift: float, scale: float
) -> None:
    photo = np.full((height, width, 3), 77, np.uint8)
    moved = move(photo, degrees, shift, -shift, scale)
    # No black corners: what comes in is the photo's own mirror image.
    np.testing.assert_array_equal(moved, photo)
    assert moved.dtype == np.uint8


def test_no_move_is_the_photo_itself() -> None:
    photo = smooth_photo()
    assert move(photo) is photo


@pytest.mark.parametrize("scale", [0.0, -1.0])
def test_a_photo_cannot_be_enlarged_by_nothing(scale: float) -> None:
    with pytest.raises(ValueError, match="more than 0"):
        move(smooth_photo(), scale=scale)
