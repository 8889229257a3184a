"""A camera that needs no hardware and whose truth is known, for tests and demonstrations.

A coloured square wanders over dark, noisy ground. What is in each frame is a matter of arithmetic: `truth`.
"""

import threading
import time
from dataclasses import dataclass

import numpy as np

from sagui.device.cameras.options import Options
from sagui.device.cameras.port import Frame
from sagui.device.errors import CameraError
from sagui.infer.preprocess import Photo

COLOURS: dict[str, tuple[int, int, int]] = {"red": (220, 40, 40), "green": (40, 200, 40), "blue": (40, 60, 220)}
"""The labels of what may be seen, in the order in which they come, and their red, green and blue."""

NOTHING = "nothing"
"""The label of a frame without a square."""

SCENES = {
    "square": "a square that changes its colour every 30 frames",
    "visits": "nothing for 60 frames, then a square for 60, and so on",
    "still": "nothing at all",
}
"""What each scene shows."""

_COLOUR_FRAMES = 30
_VISIT_FRAMES = 60
_RATE = 10.0
"""Frames a second of the scene's own clock, where none is asked for."""

_NOISE = 24
_GROUNDS = 8
_SPEED = 3
_DEFAULT_SIZE = (320, 240)


@dataclass(frozen=True)
class Truth:
    """What a frame shows.

    Attributes:
        label: A colour, or `NOTHING`.
        box: Left, top, right and bottom of the square in pixels, the last two just outside; None without one.
    """

    label: str
    box: tuple[int, int, int, int] | None


def truth(scene: str, index: int, width: int, height: int) -> Truth:
    """Tells what a frame shows.

    Args:
        scene: One of `SCENES`.
        index: Of the frame, from 0.
        width: Of the frame in pixels.
        height: Likewise.
    """
    if scene == "still" or (scene == "visits" and index // _VISIT_FRAMES % 2 == 0):
        return Truth(NOTHING, None)
    label = list(COLOURS)[index // _COLOUR_FRAMES % len(COLOURS)]
    side = max(1, min(width, height) // 3)
    left, top = _bounced(index * _SPEED, width - side), _bounced(index * _SPEED, height - side)
    return Truth(label, (left, top, left + side, top + side))


def _bounced(way: int, room: int) -> int:
    """Where who walked so far is, who turns at each end of the room."""
    if room == 0:
        return 0
    at = way % (2 * room)
    return at if at <= room else 2 * room - at


class SyntheticCamera:
    """Every frame of a scene, as fast as they are read, or at the rate that was asked for."""

    def __init__(self, scene: str = "square", options: Options | None = None) -> None:
        """Prepares the scene.

        Args:
            scene: One of `SCENES`.
            options: Its size (320x240 by default) and rate, and after how many frames it ends or hangs.

        Raises:
            CameraError: There is no such scene.
        """
        if scene not in SCENES:
            raise CameraError(f"camera: there is no scene {scene!r}; there are {', '.join(SCENES)}")
        self._scene, self._options = scene, options or Options()
        width, height = self._options.width, self._options.height
        self._size = _DEFAULT_SIZE if width is None or height is None else (width, height)
        rng = np.random.default_rng(0)
        shape = (_GROUNDS, self._size[1], self._size[0], 3)
        self._grounds = rng.integers(0, _NOISE, shape, np.uint8, endpoint=True)
        self._given = 0
        self._started = time.monotonic()
        self._closed = threading.Event()

    def read(self) -> Frame | None:
        """See `Camera.read`; its frames' source is the true label."""
        options = self._options
        if self._given == options.frames:
            return None
        if self._given == options.stall_after:
            self._closed.wait(2 * options.stall_seconds)
            raise CameraError("camera: the synthetic camera hung, as it was asked to")
        if options.fps is not None:
            self._closed.wait(max(0.0, self._started + self._given / options.fps - time.monotonic()))
        if self._closed.is_set():
            return None
        index = self._given
        self._given += 1
        seen = truth(self._scene, index, *self._size)
        return Frame(self._painted(seen, index), index, seen.label, position_s=index / (options.fps or _RATE))

    def close(self) -> None:
        """See `Camera.close`."""
        self._closed.set()

    def _painted(self, seen: Truth, index: int) -> Photo:
        photo: Photo = self._grounds[index % _GROUNDS].copy()
        if seen.box is not None:
            left, top, right, bottom = seen.box
            photo[top:bottom, left:right] = COLOURS[seen.label]
        return photo
