"""Frames made ready while the network runs.

A thread reads the camera and fits the frame to the network's input; it works only when asked, and hands over one frame.
OpenCV and the network both let go of Python's lock, so the two really run side by side.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any

import numpy.typing as npt

from sagui.device.cameras import Camera, Frame
from sagui.device.errors import CameraError
from sagui.infer.preprocess import Photo

_CLOSE_SECONDS = 2.0
_STOP_STEP_S = 0.1


@dataclass(frozen=True)
class Ready:
    """A frame that the network can take.

    Attributes:
        inputs: The network's very input.
        time: Unix time of the frame's arrival, in seconds.
        arrived: The same on the clock of `time.perf_counter`.
        preprocess_ms: Time to fit the frame to the input.
    """

    frame: Frame
    inputs: npt.NDArray[Any]
    time: float
    arrived: float
    preprocess_ms: float


class Capture:
    """Reads a camera in a thread, one frame for each time it is asked."""

    def __init__(self, camera: Camera, encode: Callable[[Photo], npt.NDArray[Any]], clock: Callable[[], float]) -> None:
        """Starts the thread.

        Args:
            camera: Where frames come from.
            encode: Makes the network's input of a photo.
            clock: Unix time, in seconds.
        """
        self._camera, self._encode, self._clock = camera, encode, clock
        self._wanted = threading.Semaphore(0)
        self._slot: SimpleQueue[Ready | CameraError | None] = SimpleQueue()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="capture", daemon=True)
        self._thread.start()

    def ask(self) -> None:
        """Wants a frame; to be called once before each `take`."""
        self._wanted.release()

    def take(self, stop: threading.Event) -> Ready | None:
        """Waits for the frame that was asked for.

        Returns:
            None when the camera has no more, or ``stop`` is set.

        Raises:
            CameraError: The camera stopped giving frames.
        """
        while not stop.is_set():
            try:
                item = self._slot.get(timeout=_STOP_STEP_S)
            except Empty:
                continue
            if isinstance(item, CameraError):
                raise item
            return item
        return None

    def close(self) -> None:
        """Ends the thread, and lets the camera go."""
        self._closed = True
        self._wanted.release()
        self._thread.join(_CLOSE_SECONDS)
        # A reader that hangs in a driver still uses the camera: to release it now could crash the process.
        if not self._thread.is_alive():
            self._camera.close()

    def _run(self) -> None:
        item: Ready | CameraError | None
        while True:
            self._wanted.acquire()
            if self._closed:
                return
            try:
                item = self._next()
            except CameraError as error:
                item = error
            self._slot.put(item)
            if not isinstance(item, Ready):
                return

    def _next(self) -> Ready | None:
        frame = self._camera.read()
        if frame is None:
            return None
        now, arrived = self._clock(), time.perf_counter()
        inputs = self._encode(frame.photo)
        return Ready(frame, inputs, now, arrived, 1000 * (time.perf_counter() - arrived))
