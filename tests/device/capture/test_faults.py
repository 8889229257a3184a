"""Black and blurred pictures."""

import cv2
import numpy as np
import pytest

from sagui.device.capture.faults import fault, sharpness


def printed(side: int = 640) -> np.ndarray:
    rng = np.random.default_rng(3)
    photo = np.full((side * 3 // 4, side, 3), 200, np.uint8)
    for _ in range(40):
        x, y = (int(at) for at in rng.integers(0, side, 2))
        cv2.circle(photo, (x, y), side // 20, (20, 60, 120), -1)
    return photo


@pytest.mark.parametrize("side", [200, 640, 1920])
def test_a_sharp_picture_has_no_fault_and_a_blurred_one_has(side: int) -> None:
    photo = printed(side)
    assert fault(photo) == ""
    assert "blurred" in fault(np.asarray(cv2.GaussianBlur(photo, (0, 0), side / 40), np.uint8))


def test_a_covered_lens_is_black_even_with_noise() -> None:
    noise = np.abs(np.random.default_rng(1).normal(0, 4, (480, 640, 3))).astype(np.uint8)
    assert "black" in fault(noise)
    assert "black" in fault(np.zeros((1, 1, 3), np.uint8))


def test_a_small_light_in_the_dark_is_a_picture() -> None:
    photo = np.zeros((480, 640, 3), np.uint8)
    photo[200:280, 300:380] = 200
    assert fault(photo) == ""


def test_sharpness_falls_with_blur() -> None:
    values = [sharpness(np.asarray(cv2.GaussianBlur(printed(), (0, 0), blur), np.uint8)) for blur in (1, 2, 4, 8)]
    assert values == sorted(values, reverse=True)


def test_noise_does_not_make_a_blurred_picture_sharp() -> None:
    blurred = cv2.GaussianBlur(printed(), (0, 0), 16)
    noise = np.random.default_rng(4).normal(0, 12, blurred.shape)
    assert "blurred" in fault(np.clip(blurred + noise, 0, 255).astype(np.uint8))
