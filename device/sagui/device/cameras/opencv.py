"""What OpenCV opens: video files and, behind a `LiveCamera`, USB cameras and network streams."""

import os
import threading
import time
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy.typing as npt

from sagui.device.cameras.port import Frame
from sagui.device.errors import CameraError
from sagui.infer.preprocess import as_rgb

_MOST_DAMAGED = 30
"""So many damaged frames in a row, a second or two, and a live camera is taken for broken."""

_FFMPEG_QUIET = "-8"
_LOG_SILENT = 0

# OpenCV and FFmpeg write about each lost packet straight to the terminal. What a person can act on, we say ourselves.
if "OPENCV_LOG_LEVEL" not in os.environ:
    # OpenCV 5 moved it to a module of its own.
    set_log_level = getattr(cv2, "setLogLevel", None) or cv2.utils.logging.setLogLevel
    set_log_level(_LOG_SILENT)
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", _FFMPEG_QUIET)


class VideoCapture(Protocol):
    """What is used of `cv2.VideoCapture`."""

    def isOpened(self) -> bool:  # noqa: N802 (OpenCV's name)
        """Whether there is something to read from."""

    def grab(self) -> bool:
        """Takes the next frame, without decoding it."""

    def retrieve(self) -> tuple[bool, npt.NDArray[Any] | None]:
        """Decodes the frame taken last."""

    def get(self, propId: int, /) -> float:  # noqa: N803 (likewise)
        """Reads a setting."""

    def set(self, propId: int, value: float, /) -> bool:  # noqa: N803 (likewise)
        """Changes a setting, if the camera can."""

    def release(self) -> None:
        """Lets go."""


class OpenCvCamera:
    """Every frame of a source, one after another."""

    def __init__(self, capture: VideoCapture, name: str, *, loop: bool = False, live: bool = False) -> None:
        """Takes over an open capture.

        Args:
            capture: As OpenCV opened it.
            name: What to call it.
            loop: Whether a file starts again at its end.
            live: Whether it has no end, so that an end is an error.
        """
        self._capture, self._name, self._loop, self._live = capture, name, loop, live
        self._given = 0
        self._closed = False
        self._using = threading.Lock()

    def read(self) -> Frame | None:
        """See `Camera.read`."""
        with self._using:
            if self._closed:
                return None
            try:
                frame = self._next()
                if frame is None and self._loop and self._given:
                    self._capture.set(cv2.CAP_PROP_POS_FRAMES, 0)
                    frame = self._next()
            except cv2.error as error:
                raise CameraError(f"camera: {self._name} fails: {error.err}") from error
            if frame is None and (self._live or self._given == 0):
                raise CameraError(f"camera: {self._name} gives no {'more ' if self._given else ''}frames")
            self._given += frame is not None
            return frame

    def _next(self) -> Frame | None:
        for _ in range(_MOST_DAMAGED):
            if not self._capture.grab():
                return None
            captured = time.monotonic()
            there, picture = self._capture.retrieve()
            if there and picture is not None:
                position = None if self._live else self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
                return Frame(as_rgb(picture), self._given, captured_s=captured, position_s=position)
            if not self._live:
                return None
        return None

    def close(self) -> None:
        """See `Camera.close`; waits for a read in hand."""
        with self._using:
            self._closed = True
            self._capture.release()


def open_video(path: Path, *, loop: bool) -> OpenCvCamera:
    """Opens a video file.

    Raises:
        CameraError: It is not there, or no video that OpenCV's FFmpeg can read.
    """
    try:
        with path.open("rb") as file:
            empty = not file.read(1)
    except FileNotFoundError as error:
        raise CameraError(f"camera: no such video file: {path}") from error
    except OSError as error:
        raise CameraError(f"camera: {path} cannot be read: {error.strerror}") from error
    if empty:
        raise CameraError(f"camera: {path} is empty; was it copied whole?")
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    if not capture.isOpened():
        raise CameraError(f"camera: {path} cannot be opened; it is no video that FFmpeg can read (mp4, mkv, avi can)")
    return OpenCvCamera(capture, str(path), loop=loop)
