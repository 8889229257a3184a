"""The newest frame of a live camera.

Drivers queue frames (V4L2 four, RTSP more). Who reads slower than the camera delivers sees the past; so a thread reads
all the time and keeps the last.
"""

import threading

from sagui.device.cameras.port import Camera, Frame
from sagui.device.errors import CameraError

_CLOSE_SECONDS = 2.0
STALL_SECONDS = 10.0
"""A live camera without a frame for so long is taken for gone."""


class LatestFrame:
    """A camera in front of a live one: each read waits for a frame not given before, and gives the newest."""

    def __init__(self, camera: Camera, stall_seconds: float = STALL_SECONDS) -> None:
        self._camera, self._stall_seconds = camera, stall_seconds
        self._slot: Frame | None = None
        self._ended = False
        self._error: CameraError | None = None
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._capture, name="capture", daemon=True)
        self._thread.start()

    def read(self) -> Frame | None:
        """See `Camera.read`."""
        with self._changed:
            came = self._changed.wait_for(lambda: self._slot or self._ended, self._stall_seconds)
            if self._error:
                raise self._error
            if not came:
                raise CameraError(f"camera: no frame for {self._stall_seconds:g} s")
            frame, self._slot = self._slot, None
            return frame

    def close(self) -> None:
        """See `Camera.close`."""
        with self._changed:
            self._ended = True
            self._slot = None
            self._changed.notify_all()
        self._thread.join(_CLOSE_SECONDS)
        # A reader that hangs in the driver still uses the camera: to release it now could crash the process. The
        # thread is a daemon, so it ends with us.
        if not self._thread.is_alive():
            self._camera.close()

    def _capture(self) -> None:
        while not self._ended:
            try:
                frame = self._camera.read()
            except CameraError as error:
                self._end(error)
                return
            with self._changed:
                if frame is None:
                    self._ended = True
                elif not self._ended:
                    self._slot = frame
                self._changed.notify_all()

    def _end(self, error: CameraError) -> None:
        with self._changed:
            self._error, self._ended = error, True
            self._changed.notify_all()
