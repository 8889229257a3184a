"""What is alike, and what is not."""

import itertools

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from sagui.device.cameras.options import Options
from sagui.device.cameras.synthetic import SyntheticCamera
from sagui.device.capture.similar import ALIKE, REMEMBERED, Kept, likeness, thumbnail

Photo = npt.NDArray[np.uint8]


@pytest.fixture
def scene() -> Photo:
    """A wide picture with detail at every scale, as photos have."""
    rng = np.random.default_rng(5)
    layers = [
        cv2.resize(rng.normal(0, 1, (side, side * 2, 3)), (700, 350), interpolation=cv2.INTER_CUBIC) * 400 / side
        for side in (4, 8, 16, 32, 64)
    ]
    return np.clip(128 + sum(layers), 0, 255).astype(np.uint8)


def noisy(photo: Photo, seed: int) -> Photo:
    noise = np.random.default_rng(seed).normal(0, 6, photo.shape)
    return np.clip(photo + noise, 0, 255).astype(np.uint8)


def alike(one: Photo, other: Photo) -> bool:
    return likeness(thumbnail(one), thumbnail(other)) >= ALIKE


def test_noise_light_and_jpeg_make_no_new_picture(scene: Photo) -> None:
    jpeg = cv2.imencode(".jpg", noisy(scene, 1), [cv2.IMWRITE_JPEG_QUALITY, 70])[1]
    assert alike(scene, np.asarray(cv2.imdecode(jpeg, cv2.IMREAD_COLOR), np.uint8))
    assert alike(scene, noisy((scene * 0.7).astype(np.uint8), 2))


def test_a_camera_that_shakes_makes_no_new_picture_and_one_that_turns_does(scene: Photo) -> None:
    whole = scene[:, 0:500]
    assert all(alike(whole, noisy(scene[:, shift : 500 + shift], shift)) for shift in (1, 3, 6))
    assert not any(alike(whole, noisy(scene[:, shift : 500 + shift], shift)) for shift in (60, 120, 200))


def test_something_that_comes_into_the_picture_makes_a_new_one(scene: Photo) -> None:
    visited = scene.copy()
    visited[100:250, 200:350] = 240
    assert not alike(scene, visited)


def test_the_square_is_another_picture_after_a_few_frames() -> None:
    camera = SyntheticCamera(options=Options(frames=30))
    frames = [frame.photo for frame in iter(camera.read, None)]
    assert sum(alike(one, other) for one, other in itertools.pairwise(frames)) > len(frames) // 2
    assert not any(alike(one, other) for one, other in zip(frames, frames[10:], strict=False))


def test_plain_surfaces_are_alike_whatever_their_noise(scene: Photo) -> None:
    wall, dark = np.full((200, 300, 3), 90, np.uint8), np.zeros((200, 300, 3), np.uint8)
    assert alike(noisy(wall, 1), noisy(wall, 2))
    assert alike(dark, noisy(dark, 3))
    assert not alike(dark, scene)
    assert not alike(scene, wall)


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 500, 3), (3000, 2, 3), (16, 16)])
def test_a_photo_of_any_size_has_a_thumbnail(shape: tuple[int, ...]) -> None:
    assert thumbnail(np.zeros(shape, np.uint8)).shape == (32, 32)


def test_the_newest_are_remembered(scene: Photo) -> None:
    kept = Kept([thumbnail(scene)])
    assert kept.knows(thumbnail(noisy(scene, 1)))
    for number in range(REMEMBERED):
        other = np.random.default_rng(number).integers(0, 255, (32, 32), np.uint8)
        assert not kept.knows(other)
        kept.add(other)
    assert not kept.knows(thumbnail(scene))


def test_above_one_nothing_is_alike(scene: Photo) -> None:
    small = thumbnail(scene)
    assert Kept([small], 1.0).knows(small) or likeness(small, small) < 1
    assert not Kept([small], 1.01).knows(small)
