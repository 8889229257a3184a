"""How much of a picture changed."""

from functools import cache

import cv2
import numpy as np
import pytest

from sagui.device.cameras.motion import MotionDetector
from sagui.device.cameras.synthetic import SyntheticCamera, truth
from sagui.device.cameras.triggers import least_share


@cache
def _walls(width: int, height: int) -> list[np.ndarray]:
    rng = np.random.default_rng(5)
    return [np.clip(rng.normal(110, 8, (height, width, 3)), 0, 255).astype(np.uint8) for _ in range(16)]


def noisy(rng: np.random.Generator, width: int = 320, height: int = 240) -> np.ndarray:
    """A grey wall, as a cheap sensor sees it."""
    return _walls(width, height)[rng.integers(16)].copy()


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(3)


@pytest.fixture
def settled(rng: np.random.Generator) -> MotionDetector:
    detector = MotionDetector()
    for _ in range(40):
        detector.share(noisy(rng))
    return detector


def test_the_first_picture_is_all_new(rng: np.random.Generator) -> None:
    assert MotionDetector().share(noisy(rng)) == 1.0


def test_noise_is_no_change(settled: MotionDetector, rng: np.random.Generator) -> None:
    shares = [settled.share(noisy(rng)) for _ in range(30)]
    assert max(shares) < least_share(0.9)


@pytest.mark.parametrize("side", [16, 60, 150])
def test_what_comes_into_the_picture_is_measured(settled: MotionDetector, rng: np.random.Generator, side: int) -> None:
    picture = noisy(rng)
    picture[40 : 40 + side, 80 : 80 + side] = (200, 40, 40)
    assert settled.share(picture) == pytest.approx(side * side / (320 * 240), rel=0.25)


def test_a_shadow_is_no_change(settled: MotionDetector, rng: np.random.Generator) -> None:
    picture = noisy(rng)
    picture[40:160, 80:200] = picture[40:160, 80:200] * 0.7
    assert settled.share(picture) < least_share(0.5)


def test_light_that_fades_slowly_is_no_change(settled: MotionDetector, rng: np.random.Generator) -> None:
    shares = [
        settled.share(np.asarray(cv2.convertScaleAbs(noisy(rng), alpha=1 - 0.001 * step), np.uint8))
        for step in range(100)
    ]
    assert max(shares) < least_share(0.5)


def test_what_stays_becomes_background(settled: MotionDetector, rng: np.random.Generator) -> None:
    shares = []
    for _ in range(300):
        picture = noisy(rng)
        picture[40:100, 80:140] = (200, 40, 40)
        shares.append(settled.share(picture))
    assert shares[0] > least_share(0.5)
    assert shares[-1] < least_share(0.5)


def test_a_picture_of_another_size_is_all_new(settled: MotionDetector, rng: np.random.Generator) -> None:
    assert settled.share(noisy(rng, 640, 360)) == 1.0
    assert settled.share(noisy(rng, 640, 360)) < 1.0


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 4000), (4000, 1), (3, 2), (161, 500)])
def test_odd_sizes_are_no_trouble(height: int, width: int) -> None:
    detector = MotionDetector()
    picture = np.zeros((height, width, 3), np.uint8)
    assert detector.share(picture) == 1.0
    assert detector.share(picture) == 0.0


def test_it_agrees_with_a_scene_whose_truth_is_known() -> None:
    camera, detector = SyntheticCamera("visits"), MotionDetector()
    moved = []
    for index in range(240):
        frame = camera.read()
        assert frame is not None
        moved.append(detector.share(frame.photo) >= least_share(0.5))
        assert frame.source == truth("visits", index, 320, 240).label
    visited = [truth("visits", index, 320, 240).box is not None for index in range(240)]
    assert all(moved[index] for index in range(240) if visited[index])
    assert not any(moved[index] for index in range(30, 60))
    assert not any(moved[index] for index in range(130, 180))  # a little after it left
