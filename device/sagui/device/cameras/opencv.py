"""What OpenCV opens: USB cameras, video files and network streams."""

import cv2

from sagui.device.cameras.port import Frame
from sagui.device.errors import CameraError
from sagui.infer.preprocess import as_rgb


class OpenCvCamera:
    """Every frame of a source, one after another. A live one belongs behind a `LatestFrame`."""

    def __init__(self, source: int | str, name: str, *, loop: bool = False) -> None:
        """Opens the source.

        Args:
            source: A device number, a file or a URL, as OpenCV takes it.
            name: What a person called it.
            loop: Whether a file starts again at its end.

        Raises:
            CameraError: It cannot be opened.
        """
        self._capture = cv2.VideoCapture(source)
        self._name, self._loop = name, loop
        self._given = 0
        if not self._capture.isOpened():
            raise CameraError(f"camera: {name} cannot be opened; is it there, and may this user read it (group video)?")

    def read(self) -> Frame | None:
        """See `Camera.read`."""
        there, picture = self._capture.read()
        if not there and self._loop and self._given:
            self._capture.set(cv2.CAP_PROP_POS_FRAMES, 0)
            there, picture = self._capture.read()
        if not there:
            if self._given == 0:
                raise CameraError(f"camera: {self._name} gives no frames")
            return None
        frame = Frame(as_rgb(picture), self._given)
        self._given += 1
        return frame

    def close(self) -> None:
        """See `Camera.close`."""
        self._capture.release()
