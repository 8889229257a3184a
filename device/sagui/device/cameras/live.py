"""The newest frame of a live camera, which is opened again whenever it stops.

Drivers queue frames (V4L2 four, RTSP more). Who reads slower than the camera delivers sees the past; so a thread reads
all the time and keeps the last. A second thread watches it: a camera may hang inside its driver and never come back.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import msgspec
import numpy as np

from sagui.device.cameras.backoff import Backoff
from sagui.device.cameras.incidents import Incident
from sagui.device.cameras.options import STALL_SECONDS
from sagui.device.cameras.port import Camera, Frame
from sagui.device.errors import CameraError

MOST_TRIES_HUNG = 5
"""While a reader hangs in the driver, the camera is opened so often; then only the end of the process can free it."""

_CLOSE_SECONDS = 2.0


@dataclass
class _Reading:
    """One opening of the camera, and all that is read from it."""

    open: Callable[[], Camera]
    abandoned: bool = False
    ended: bool = False
    reason: str = "its reader ended unexpectedly"
    frames: int = 0
    first_s: float = 0.0
    last_s: float = 0.0


class LiveCamera:
    """Each read waits for a frame not given before, and gives the newest.

    It goes on waiting while the camera is away.
    """

    def __init__(
        self,
        name: str,
        open_source: Callable[[], Camera],
        tell: Callable[[Incident], None],
        *,
        stall_seconds: float = STALL_SECONDS,
        patient: bool = False,
        backoff: Backoff | None = None,
        luck: Callable[[], float] | None = None,
    ) -> None:
        """Opens the camera.

        Args:
            name: What to call it in what is told.
            open_source: Opens it; called again, in another thread, whenever it stopped.
            tell: Told when it goes and comes, in another thread.
            stall_seconds: After so long without a frame it is opened again.
            patient: Whether a camera that is not there yet is waited for, too.
            backoff: How long to wait before it is opened again.
            luck: Draws from [0, 1); each device must draw differently, so the default has no seed.

        Raises:
            CameraError: It cannot be opened, and we are not patient.
        """
        self._name, self._open, self._tell = name, open_source, tell
        self._stall_seconds, self._backoff = stall_seconds, backoff or Backoff()
        self._luck = luck or np.random.default_rng().random
        self._changed = threading.Condition()
        self._slot: Frame | None = None
        self._given = 0
        self._closed = False
        self._error: CameraError | None = None
        self._readings: list[_Reading] = []
        self._threads: list[threading.Thread] = []
        first = self._start(open_source if patient else _opened(open_source()))
        self._watcher = threading.Thread(target=self._watch, args=(first,), name="camera", daemon=True)
        self._watcher.start()

    def read(self) -> Frame | None:
        """See `Camera.read`.

        Raises:
            CameraError: It hangs in its driver, again and again; nothing but a restart of the process helps.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._slot or self._closed or self._error)
            if self._error:
                raise self._error
            frame, self._slot = self._slot, None
            return frame

    def close(self) -> None:
        """See `Camera.close`.

        A reader that hangs in the driver still uses the camera: to release it now could crash the process. It is a
        daemon, so it ends with us; should it come back, it closes the camera itself.
        """
        with self._changed:
            self._closed = True
            self._slot = None
            for reading in self._readings:
                reading.abandoned = True
            self._changed.notify_all()
        until = time.monotonic() + _CLOSE_SECONDS
        for thread in (self._watcher, *self._threads):
            if thread is not threading.current_thread():
                thread.join(max(0.0, until - time.monotonic()))

    def _watch(self, first: _Reading) -> None:
        try:
            self._keep_open(first)
        finally:
            with self._changed:
                self._closed = self._closed or self._error is None
                self._changed.notify_all()

    def _keep_open(self, reading: _Reading) -> None:
        failures, attempts, told = 0, 0, ""
        gone = time.monotonic()
        while True:
            if self._first_frame(reading):
                if attempts:
                    self._tell(Incident("back", self._name, "", attempts, reading.first_s - gone, None))
                attempts, told = 0, ""
                self._wait_for_end(reading)
                gone = reading.last_s
            if self._closed:
                return
            failures = self._backoff.failures(failures, reading.last_s - reading.first_s)
            delay = self._backoff.delay_s(failures, self._luck())
            if reading.reason != told:
                told = reading.reason
                kind: Literal["lost", "away"] = "lost" if reading.frames else "away"
                self._tell(Incident(kind, self._name, told, attempts, time.monotonic() - gone, delay))
            failures, attempts = failures + 1, attempts + 1
            with self._changed:
                self._changed.wait_for(lambda: self._closed, delay)
            if self._hangs(attempts):
                return
            reading = self._start(self._open)

    def _hangs(self, attempts: int) -> bool:
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        self._readings = [reading for reading in self._readings if not reading.ended]
        if not self._threads or max(attempts, len(self._threads)) < MOST_TRIES_HUNG:
            return False
        with self._changed:
            self._error = CameraError(f"camera: {self._name} hangs in its driver; start the process again to free it")
        return True

    def _start(self, open_source: Callable[[], Camera]) -> _Reading:
        with self._changed:
            reading = _Reading(open_source, abandoned=self._closed)
            self._readings.append(reading)
        thread = threading.Thread(target=self._capture, args=(reading,), name="camera-reader", daemon=True)
        self._threads.append(thread)
        thread.start()
        return reading

    def _first_frame(self, reading: _Reading) -> bool:
        """Waits for it; tells whether it came."""
        with self._changed:
            self._changed.wait_for(lambda: reading.frames or reading.ended or self._closed, self._stall_seconds)
            if reading.frames:
                return True
            self._abandon(reading)
            return False

    def _wait_for_end(self, reading: _Reading) -> None:
        """Waits until no more frames come."""
        with self._changed:
            while not (reading.ended or self._closed or reading.abandoned):
                if not self._next_frame(reading, reading.frames):
                    self._abandon(reading)
            self._slot = None  # who comes for a frame now would take an old one for new

    def _next_frame(self, reading: _Reading, seen: int) -> bool:
        self._changed.wait_for(lambda: reading.frames != seen or reading.ended or self._closed, self._stall_seconds)
        return reading.frames != seen

    def _abandon(self, reading: _Reading) -> None:
        if not reading.ended:
            reading.reason = f"no frame for {self._stall_seconds:g} s"
        reading.abandoned = True

    def _capture(self, reading: _Reading) -> None:
        try:
            source = reading.open()
            try:
                while not reading.abandoned:
                    self._deliver(source.read(), reading)
            finally:
                source.close()
        except CameraError as error:
            with self._changed:
                if not reading.abandoned:
                    reading.reason = str(error).removeprefix("camera: ").removeprefix(f"{self._name} ")
        finally:
            with self._changed:
                reading.ended = True
                self._changed.notify_all()

    def _deliver(self, frame: Frame | None, reading: _Reading) -> None:
        if frame is None:
            raise CameraError(f"camera: {self._name} gives no more frames")
        with self._changed:
            if reading.abandoned:
                return
            self._slot = msgspec.structs.replace(frame, index=self._given, position_s=None)
            self._given += 1
            reading.last_s = time.monotonic()
            reading.first_s = reading.first_s or reading.last_s
            reading.frames += 1
            self._changed.notify_all()


def _opened(camera: Camera) -> Callable[[], Camera]:
    """A way to open what is open already."""
    return lambda: camera
