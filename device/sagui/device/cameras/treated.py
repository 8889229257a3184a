"""Any camera, with its frames turned and cut, and only those that are worth a look."""

import threading
from collections.abc import Callable

import msgspec

from sagui.device.cameras.geometry import treat
from sagui.device.cameras.motion import MotionDetector
from sagui.device.cameras.options import Options
from sagui.device.cameras.port import Camera, Frame
from sagui.device.cameras.triggers import is_due, is_held, least_share


class TreatedCamera:
    """A camera in front of another."""

    def __init__(self, camera: Camera, options: Options, beat: Callable[[], None] | None = None) -> None:
        """Puts it in front.

        Args:
            camera: Where frames come from.
            options: What becomes of them.
            beat: Called at each frame that comes, also at those that do not pass: a quiet street is no fault.
        """
        self._camera, self._options, self._beat = camera, options, beat
        self._motion = None if options.motion is None else MotionDetector()
        self._passed_s: float | None = None
        self._moved_s: float | None = None
        self._closed = threading.Event()

    def read(self) -> Frame | None:
        """See `Camera.read`; waits for a frame that passes."""
        while not self._closed.is_set():
            frame = self._camera.read()
            if frame is None:
                return None
            if self._beat is not None:
                self._beat()
            frame = self._treated(frame)
            if self._passes(frame):
                return frame
        return None

    def close(self) -> None:
        """See `Camera.close`."""
        self._closed.set()
        self._camera.close()

    def _treated(self, frame: Frame) -> Frame:
        options = self._options
        photo = treat(frame.photo, options.region, options.rotate, mirror=options.mirror)
        return frame if photo is frame.photo else msgspec.structs.replace(frame, photo=photo)

    def _passes(self, frame: Frame) -> bool:
        now = frame.captured_s if frame.position_s is None else frame.position_s
        # The background is learnt from every frame, whether or not it is due.
        if not self._moves(frame, now):
            return False
        if self._options.every_s is not None and not is_due(self._passed_s, now, self._options.every_s):
            return False
        self._passed_s = now
        return True

    def _moves(self, frame: Frame, now: float) -> bool:
        if self._motion is None or self._options.motion is None:
            return True
        if self._motion.share(frame.photo) >= least_share(self._options.motion):
            self._moved_s = now
        return is_held(self._moved_s, now)
