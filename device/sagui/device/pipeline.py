"""Frames made ready while the network runs.

A thread reads the camera and fits the frame to the network's input; it works only when asked, and hands over one frame.
OpenCV and the network both let go of Python's lock, so the two really run side by side.
"""

import threading
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

import msgspec

from sagui.device.cameras import Camera, Frame
from sagui.infer.preprocess import Photo

_CLOSE_SECONDS = 2.0
_STOP_STEP_S = 0.1

Inputs = TypeVar("Inputs")


class Ready(msgspec.Struct, Generic[Inputs], frozen=True, gc=False):
    """A frame that the network can take.

    Attributes:
        inputs: What ``encode`` made of it.
        time: Unix time of the frame's capture, in seconds.
        took_s: From the start of reading the camera to being ready.
    """

    frame: Frame
    inputs: Inputs
    time: float
    took_s: float


class Capture(Generic[Inputs]):
    """Reads a camera in a thread, one frame for each time it is asked."""

    def __init__(self, camera: Camera, encode: Callable[[Photo], Inputs], clock: Callable[[], float]) -> None:
        """Starts the thread.

        Args:
            camera: Where frames come from.
            encode: Makes the network's inputs of a photo.
            clock: Unix time, in seconds.
        """
        self._camera, self._encode, self._clock = camera, encode, clock
        self._asked: SimpleQueue[float] = SimpleQueue()
        self._slot: SimpleQueue[Ready[Inputs] | Exception | None] = SimpleQueue()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="capture", daemon=True)
        self._thread.start()

    def ask(self, after_s: float = 0.0) -> None:
        """Wants a frame; to be called once before each `take`.

        Args:
            after_s: How long to wait before the camera is read: what is fetched too early is old when it is used.
        """
        self._asked.put(after_s)

    def take(self, stop: threading.Event) -> Ready[Inputs] | None:
        """Waits for the frame that was asked for.

        Returns:
            None when the camera has no more, or ``stop`` is set.

        Raises:
            CameraError: The camera stopped giving frames.
            Exception: Whatever else the camera or ``encode`` raised: nobody else would hear of it, and wait for ever.
        """
        while not stop.is_set():
            try:
                item = self._slot.get(timeout=_STOP_STEP_S)
            except Empty:
                continue
            if isinstance(item, Exception):
                raise item
            return item
        return None

    def close(self) -> None:
        """Ends the thread, and lets the camera go: a read that waits for a frame returns."""
        self._closed.set()
        self._camera.close()
        self._asked.put(0.0)
        self._thread.join(_CLOSE_SECONDS)

    def _run(self) -> None:
        item: Ready[Inputs] | Exception | None
        while True:
            if after_s := self._asked.get():
                self._closed.wait(after_s)
            if self._closed.is_set():
                return
            try:
                item = self._next()
            except Exception as error:  # noqa: BLE001 (it is raised where frames are taken)
                item = error
            self._slot.put(item)
            if not isinstance(item, Ready):
                return

    def _next(self) -> Ready[Inputs] | None:
        start = time.perf_counter()
        frame = self._camera.read()
        if frame is None:
            return None
        captured = self._clock() - frame.age_ms() / 1000
        inputs = self._encode(frame.photo)
        return Ready(frame, inputs, captured, time.perf_counter() - start)
