"""A camera whose truth is known."""

import itertools
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagui.device.cameras.options import Options
from sagui.device.cameras.synthetic import COLOURS, NOTHING, SCENES, SyntheticCamera, truth
from sagui.device.errors import CameraError


@pytest.mark.parametrize("scene", SCENES)
@pytest.mark.parametrize(("width", "height"), [(320, 240), (32, 24), (16, 200)])
def test_what_is_in_the_frame_is_what_the_truth_says(scene: str, width: int, height: int) -> None:
    camera = SyntheticCamera(scene, Options(width=width, height=height, frames=130))
    for frame in iter(camera.read, None):
        seen = truth(scene, frame.index, width, height)
        assert frame.source == seen.label
        painted = frame.photo.max(axis=2) > 100
        if seen.box is None:
            assert not painted.any()
        else:
            left, top, right, bottom = seen.box
            assert painted[top:bottom, left:right].all()
            assert painted.sum() == (right - left) * (bottom - top)
            assert frame.photo[top, left].tolist() == list(COLOURS[seen.label])


@given(st.sampled_from(sorted(SCENES)), st.integers(0, 10**9), st.integers(1, 4000), st.integers(1, 4000))
def test_the_square_never_leaves_the_picture(scene: str, index: int, width: int, height: int) -> None:
    seen = truth(scene, index, width, height)
    assert (seen.box is None) == (seen.label == NOTHING)
    if seen.box is not None:
        left, top, right, bottom = seen.box
        assert 0 <= left < right <= width
        assert 0 <= top < bottom <= height


def test_the_square_moves_in_every_frame_and_shows_every_colour() -> None:
    truths = [truth("square", index, 320, 240) for index in range(90)]
    assert all(one.box != other.box for one, other in itertools.pairwise(truths))
    assert {seen.label for seen in truths} == set(COLOURS)


def test_the_same_frames_come_each_time() -> None:
    one, other = SyntheticCamera(options=Options(frames=20)), SyntheticCamera(options=Options(frames=20))
    for first, second in zip(iter(one.read, None), iter(other.read, None), strict=True):
        assert np.array_equal(first.photo, second.photo)


def test_it_ends_when_asked_to() -> None:
    camera = SyntheticCamera(options=Options(frames=3))
    assert [frame.position_s for frame in iter(camera.read, None)] == [0, 0.1, 0.2]
    assert camera.read() is None


def test_a_rate_is_kept() -> None:
    started = time.monotonic()
    camera = SyntheticCamera(options=Options(frames=11, fps=100))
    assert len(list(iter(camera.read, None))) == 11
    assert time.monotonic() - started >= 0.099


def test_closing_ends_it() -> None:
    camera = SyntheticCamera()
    assert camera.read() is not None
    camera.close()
    assert camera.read() is None


def test_a_scene_that_is_not_there_is_told_with_those_that_are() -> None:
    with pytest.raises(CameraError, match="there is no scene 'sunset'; there are square, visits, still"):
        SyntheticCamera("sunset")
