"""Changing the colours of a photo, and covering parts of it. Pure functions.

What depends on a pixel's value alone goes through a table of 256 entries: far faster than arithmetic on floats.
"""

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from sagui.infer.preprocess import Photo

GREY = 128
_LEVELS = np.arange(256, dtype=np.float32)


def brighten(photo: Photo, amount: float) -> Photo:
    """Adds a share of white to every value; below 0 it darkens."""
    return photo if amount == 0 else _mapped(photo, _LEVELS + 255 * amount)


def change_contrast(photo: Photo, factor: float) -> Photo:
    """Multiplies every value's distance from the photo's mean."""
    if factor == 1:
        return photo
    mean = float(np.mean(cv2.mean(photo)[:3]))
    return _mapped(photo, mean + factor * (_LEVELS - mean))


def change_colour(photo: Photo, hue: float = 0.0, saturation: float = 1.0) -> Photo:
    """Turns the hue and multiplies the saturation, by HSV; grey stays grey.

    Args:
        photo: ``(height, width, 3)``.
        hue: Degrees on the colour circle.
        saturation: 0 makes the photo grey, 1 leaves it.
    """
    if hue == 0 and saturation == 1:
        return photo
    # With the full range a circle is 256 steps, so that hues wrap as bytes do.
    turned = (_LEVELS + round(hue / 360 * 256)) % 256
    table = np.stack([turned, _bytes(_LEVELS * saturation), _LEVELS], axis=-1).astype(np.uint8)
    hsv = cv2.LUT(cv2.cvtColor(photo, cv2.COLOR_RGB2HSV_FULL), table[np.newaxis])
    return np.asarray(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB_FULL), np.uint8)


def add_noise(photo: Photo, deviation: float, rng: np.random.Generator) -> Photo:
    """Adds Gaussian noise to every value.

    Args:
        photo: ``(height, width, 3)``.
        deviation: Standard deviation, as a share of white.
        rng: Draws the noise.
    """
    if deviation == 0:
        return photo
    noise = rng.standard_normal(photo.shape, dtype=np.float32)
    noise *= 255 * deviation
    return np.asarray(cv2.add(photo, noise, dtype=cv2.CV_8U), np.uint8)


def blur(photo: Photo, deviation_px: float) -> Photo:
    """Blurs with a Gaussian of this standard deviation, in pixels."""
    if deviation_px == 0:
        return photo
    return np.asarray(cv2.GaussianBlur(photo, (0, 0), deviation_px), np.uint8)


def cut_out(photo: Photo, side: float, across: float, down: float) -> Photo:
    """Covers a square with grey (DeVries and Taylor, "Cutout", 2017, https://arxiv.org/abs/1708.04552).

    As in the paper (section 3.1), the square's middle may be anywhere, and what lies outside the photo is lost.

    Args:
        photo: ``(height, width, 3)``.
        side: Of the square, as a share of the photo's shorter side.
        across: Middle of the square, as a share of the width.
        down: Middle of the square, as a share of the height.
    """
    height, width = photo.shape[:2]
    size = round(side * min(height, width))
    if size == 0:
        return photo
    left, top = round(across * width - size / 2), round(down * height - size / 2)
    covered = photo.copy()
    covered[max(0, top) : max(0, top + size), max(0, left) : max(0, left + size)] = GREY
    return covered


def _mapped(photo: Photo, table: npt.NDArray[Any]) -> Photo:
    return np.asarray(cv2.LUT(photo, _bytes(table)), np.uint8)


def _bytes(values: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    return np.asarray(np.clip(np.rint(values), 0, 255), np.uint8)
