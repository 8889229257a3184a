"""The frame that is named again and again: a photo, a golden frame, or noise."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from sagui.bundle.golden import Golden
from sagui.convert.bench.card import FrameFacts
from sagui.infer.preprocess import Photo, read_photo

HEIGHT, WIDTH = 480, 640
"""VGA: what a camera usually gives."""

_SEED = 0


def choose_frame(photo: Path | None, golden: Golden | None) -> tuple[Photo, FrameFacts]:
    """Takes the best frame there is.

    Args:
        photo: What a person chose.
        golden: The bundle's golden frames.

    Returns:
        Pixels ``(height, width, 3)``, RGB, and what they are.

    Raises:
        PhotoError: The photo cannot be read.
    """
    if photo is not None:
        pixels = read_photo(photo)
        height, width = pixels.shape[:2]
        return pixels, FrameFacts(source="photo", about=f"{photo.name}, {width} x {height}", height=height, width=width)
    if golden is not None and (frame := golden_pixels(golden.frames[0])) is not None:
        pixels = np.asarray(cv2.resize(frame, (WIDTH, HEIGHT), interpolation=cv2.INTER_LINEAR), np.uint8)
        about = f"the bundle's first golden frame, enlarged to {WIDTH} x {HEIGHT}"
        return pixels, FrameFacts(source="golden", about=about, height=HEIGHT, width=WIDTH)
    noise = np.random.default_rng(_SEED).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
    about = f"random pixels (seed {_SEED}), {WIDTH} x {HEIGHT}"
    return noise, FrameFacts(source="noise", about=about, height=HEIGHT, width=WIDTH)


def golden_pixels(frame: npt.NDArray[Any]) -> Photo | None:
    """Makes a photo of a golden frame; None if it holds no pixels but normalized numbers.

    Args:
        frame: ``(height, width, 1 or 3)``, the network's very input.
    """
    if frame.dtype == np.int8:
        frame = (frame.astype(np.int16) + 128).astype(np.uint8)
    if frame.dtype != np.uint8:
        return None
    return np.asarray(np.repeat(frame, 3, axis=2) if frame.shape[2] == 1 else frame, np.uint8)
