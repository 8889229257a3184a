"""Each change of colours does what its name says, by how much it says."""

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagui.train.augment.pixels import GREY, add_noise, blur, brighten, change_colour, change_contrast, cut_out

Photo = npt.NDArray[np.uint8]


def photo_of(low: int = 0, high: int = 256, seed: int = 0, side: int = 24) -> Photo:
    return np.random.default_rng(seed).integers(low, high, (side, side, 3), dtype=np.uint8)


def plain(red: int, green: int, blue: int, side: int = 8) -> Photo:
    return np.full((side, side, 3), (red, green, blue), np.uint8)


def hue_degrees(photo: Photo) -> float:
    return float(cv2.cvtColor(photo.astype(np.float32) / 255, cv2.COLOR_RGB2HSV)[0, 0, 0])


@given(amount=st.floats(-1, 1))
def test_brightness_moves_every_value_by_that_share_of_white(amount: float) -> None:
    photo = photo_of()
    expected = np.clip(photo + 255 * amount, 0, 255)
    assert abs(brighten(photo, amount) - expected).max() <= 0.51


def test_brightness_raises_the_mean_and_darkening_lowers_it() -> None:
    photo = photo_of(60, 200)
    assert brighten(photo, 0.1).mean() == pytest.approx(photo.mean() + 25.5, abs=0.6)
    assert brighten(photo, -0.1).mean() == pytest.approx(photo.mean() - 25.5, abs=0.6)


@given(factor=st.floats(0, 1.4))
def test_contrast_keeps_the_mean_and_scales_the_deviation(factor: float) -> None:
    photo = photo_of(80, 170)
    changed = change_contrast(photo, factor)
    assert changed.mean() == pytest.approx(photo.mean(), abs=0.6)
    assert changed.std() == pytest.approx(factor * photo.std(), abs=0.6)


@given(level=st.integers(0, 255), hue=st.floats(-180, 180), saturation=st.floats(0, 2))
def test_grey_stays_grey_whatever_its_colour_is_turned_to(level: int, hue: float, saturation: float) -> None:
    photo = plain(level, level, level)
    np.testing.assert_array_equal(change_colour(photo, hue, saturation), photo)


@pytest.mark.parametrize("turn", [-120, -40, 35, 120, 180])
def test_hue_turns_by_that_many_degrees_and_wraps(turn: int) -> None:
    photo = plain(200, 100, 40)
    turned = change_colour(photo, hue=turn)
    difference = (hue_degrees(turned) - hue_degrees(photo) - turn + 180) % 360 - 180
    assert abs(difference) < 3
    assert turned.max() == pytest.approx(photo.max(), abs=1)


def test_no_saturation_is_grey_and_more_of_it_is_more_colourful() -> None:
    photo = plain(160, 120, 100)
    grey = change_colour(photo, saturation=0)[0, 0]
    assert grey.max() - grey.min() == 0
    more = change_colour(photo, saturation=1.5)[0, 0]
    assert int(more.max()) - int(more.min()) == pytest.approx(90, abs=3)


@pytest.mark.parametrize("deviation", [0.02, 0.1])
def test_noise_has_the_deviation_asked_for_and_no_mean(deviation: float) -> None:
    photo = plain(128, 128, 128, side=128)
    noise = add_noise(photo, deviation, np.random.default_rng(1)).astype(float) - 128
    assert noise.std() == pytest.approx(255 * deviation, rel=0.03)
    assert abs(noise.mean()) < 0.5
    assert np.corrcoef(noise[..., 0].ravel(), noise[..., 1].ravel())[0, 1] == pytest.approx(0, abs=0.03)


def test_noise_is_cut_off_at_black_and_white_and_never_wraps() -> None:
    black, white = (
        add_noise(plain(level, level, level, side=64), 0.05, np.random.default_rng(2)) for level in (0, 255)
    )
    assert black.max() < 128 < white.min()


def test_blur_spreads_a_dot_by_its_deviation_and_keeps_the_light() -> None:
    photo = np.zeros((41, 41, 3), np.uint8)
    photo[14:27, 14:27] = 255
    blurred = blur(photo, 2.0).astype(float)[..., 0]
    assert blurred.sum() == pytest.approx(photo[..., 0].sum(), rel=0.01)
    at = np.arange(41) - 20.0
    variance = (blurred.sum(axis=0) * at**2).sum() / blurred.sum()
    # Of the square, (13^2 - 1) / 12, and of the Gaussian, 2^2.
    assert variance == pytest.approx(14 + 4, rel=0.05)


@given(size=st.integers(1, 16), across=st.floats(0, 1), down=st.floats(0, 1))
def test_cutout_covers_at_most_its_square_and_touches_nothing_else(size: int, across: float, down: float) -> None:
    photo = photo_of(0, 100)
    covered = cut_out(photo, size / 24, across, down)
    changed = np.any(covered != photo, axis=-1)
    assert (size // 2) ** 2 <= changed.sum() <= size**2
    assert np.all(covered[changed] == GREY)


def test_cutout_in_the_middle_covers_its_whole_area_in_one_square() -> None:
    changed = np.any(cut_out(photo_of(0, 100), 0.5, 0.5, 0.5) != photo_of(0, 100), axis=-1)
    assert changed.sum() == 12**2
    assert np.all(changed[6:18, 6:18])


def test_cutout_past_the_border_is_lost_as_in_the_paper() -> None:
    changed = np.any(cut_out(photo_of(0, 100), 0.5, 0.0, 0.0) != photo_of(0, 100), axis=-1)
    assert changed.sum() == 6**2
    assert np.all(changed[:6, :6])


NOTHING: list[Callable[[Photo], Photo]] = [
    lambda photo: brighten(photo, 0),
    lambda photo: change_contrast(photo, 1),
    lambda photo: change_colour(photo, 0, 1),
    lambda photo: add_noise(photo, 0, np.random.default_rng(0)),
    lambda photo: blur(photo, 0),
    lambda photo: cut_out(photo, 0, 0.5, 0.5),
]
SOMETHING: list[Callable[[Photo], Photo]] = [
    lambda photo: brighten(photo, 0.2),
    lambda photo: change_contrast(photo, 0.7),
    lambda photo: change_colour(photo, 30, 1.2),
    lambda photo: add_noise(photo, 0.1, np.random.default_rng(0)),
    lambda photo: blur(photo, 1.5),
    lambda photo: cut_out(photo, 0.3, 0.5, 0.5),
]


@pytest.mark.parametrize("change", NOTHING)
def test_an_amount_of_nothing_changes_nothing(change: Callable[[Photo], Photo]) -> None:
    photo = photo_of()
    np.testing.assert_array_equal(change(photo), photo)


@pytest.mark.parametrize("change", SOMETHING)
@pytest.mark.parametrize("shape", [(24, 24, 3), (5, 17, 3), (1, 1, 3)])
def test_shape_and_kind_stay_and_the_photo_given_is_left_alone(
    change: Callable[[Photo], Photo], shape: tuple[int, int, int]
) -> None:
    photo = np.random.default_rng(4).integers(0, 256, shape, dtype=np.uint8)
    before = photo.copy()
    changed = change(photo)
    assert changed.shape == shape
    assert changed.dtype == np.uint8
    np.testing.assert_array_equal(photo, before)
