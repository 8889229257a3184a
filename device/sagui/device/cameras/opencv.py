"""What OpenCV opens: USB cameras, video files and network streams."""

from typing import Any

import cv2
import numpy.typing as npt

from sagui.device.cameras.port import Frame
from sagui.device.errors import CameraError
from sagui.infer.preprocess import as_rgb
from sagui.progress.quiet import quiet_native


class OpenCvCamera:
    """Every frame of a source, one after another. A live one belongs behind a `LatestFrame`."""

    def __init__(self, source: int | str, name: str, *, loop: bool = False, live: bool = False) -> None:
        """Opens the source.

        Args:
            source: A device number, a file or a URL, as OpenCV takes it.
            name: What a person called it.
            loop: Whether a file starts again at its end.
            live: Whether it has no end, so that an end is an error.

        Raises:
            CameraError: It cannot be opened.
        """
        with quiet_native():
            self._capture = cv2.VideoCapture(source)
        self._name, self._loop, self._live = name, loop, live
        self._given = 0
        if not self._capture.isOpened():
            raise CameraError(f"camera: {name} cannot be opened; is it there, and may this user read it (group video)?")

    def read(self) -> Frame | None:
        """See `Camera.read`."""
        there, picture = self._next()
        if not there and self._loop and self._given:
            self._capture.set(cv2.CAP_PROP_POS_FRAMES, 0)
            there, picture = self._next()
        if not there or picture is None:
            if self._live or self._given == 0:
                raise CameraError(f"camera: {self._name} gives no {'more ' if self._given else ''}frames")
            return None
        frame = Frame(as_rgb(picture), self._given)
        self._given += 1
        return frame

    def _next(self) -> tuple[bool, npt.NDArray[Any] | None]:
        try:
            return self._capture.read()
        except cv2.error as error:
            raise CameraError(f"camera: {self._name} fails: {error.err}") from error

    def close(self) -> None:
        """See `Camera.close`."""
        self._capture.release()
