"""Which frame is named again and again."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from sagui.bundle.golden import Golden
from sagui.bundle.manifest import InputSpec
from sagui.convert.bench.frame import choose_frame, golden_pixels
from sagui.infer.errors import PhotoError
from sagui.infer.preprocess import prepare


def golden(frames: np.ndarray) -> Golden:
    return Golden(frames, np.zeros((len(frames), 2), np.uint8))


def clouds(side: int = 32) -> np.ndarray:
    small = np.random.default_rng(1).integers(0, 256, (4, 4, 3), dtype=np.uint8)
    return np.asarray(cv2.resize(small, (side, side), interpolation=cv2.INTER_CUBIC), np.uint8)


def test_a_photo_wins(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "cat.png"), np.zeros((30, 50, 3), np.uint8))
    pixels, facts = choose_frame(tmp_path / "cat.png", golden(clouds()[np.newaxis]))
    assert pixels.shape == (30, 50, 3)
    assert (facts.source, facts.about, facts.width) == ("photo", "cat.png, 50 x 30", 50)


def test_a_golden_frame_is_enlarged_so_that_there_is_something_to_fit() -> None:
    frame = clouds()
    pixels, facts = choose_frame(None, golden(frame[np.newaxis]))
    assert pixels.shape == (480, 640, 3)
    assert facts.source == "golden"
    again = prepare(pixels, InputSpec(height=32, width=32)).astype(int)
    assert np.abs(again - frame).mean() < 4


def test_without_pixels_there_is_noise_and_always_the_same() -> None:
    normalized = golden(np.zeros((1, 32, 32, 3), np.float32))
    (one, facts), (other, _) = choose_frame(None, normalized), choose_frame(None, None)
    assert facts.source == "noise"
    assert "random pixels (seed 0)" in facts.about
    assert (one == other).all()
    assert one.std() > 50


def test_int8_and_grey_golden_frames_are_pixels_too() -> None:
    frame = clouds()
    shifted = (frame.astype(np.int16) - 128).astype(np.int8)
    np.testing.assert_array_equal(golden_pixels(shifted), frame)
    grey = golden_pixels(frame[..., :1])
    assert grey is not None
    assert grey.shape == (32, 32, 3)


def test_a_photo_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PhotoError, match="No such file"):
        choose_frame(tmp_path / "gone.png", None)
