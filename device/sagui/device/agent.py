"""The agent's loop: frames in, sightings out. It knows no broker and no disk."""

import threading
import time
from collections.abc import Callable, Sequence

from sagui.device.cameras import Camera
from sagui.device.lead import Lead
from sagui.device.observers import Guard, NoGuard, Observer, Sighting
from sagui.device.pipeline import Capture, Ready
from sagui.device.streams import Encoded, Stream, encode

_REST_STEP_S = 1.0


class Agent:
    """Runs networks on a camera's frames, and tells what they saw."""

    def __init__(
        self,
        camera: Camera,
        streams: Sequence[Stream],
        observers: Sequence[Observer],
        *,
        guard: Guard | None = None,
        interval_s: float = 0.0,
        clock: Callable[[], float] = time.time,
        stop: threading.Event | None = None,
    ) -> None:
        """Puts the parts together.

        Args:
            camera: Where frames come from; closed at the end.
            streams: What is looked at, and by which model.
            observers: Told of each frame by each stream, in this order.
            guard: Told before and after a network runs.
            interval_s: Least time from one frame to the next; may be changed while it runs.
            clock: Unix time, in seconds.
            stop: Ends `run` after the frame in hand when it is set, by a signal handler for example.
        """
        self._camera, self._streams, self._observers = camera, tuple(streams), tuple(observers)
        self._guard = guard or NoGuard()
        self._clock = clock
        self._stop = stop or threading.Event()
        self.interval_s = interval_s

    def run(self) -> None:
        """Looks at frames until the camera has no more, or it is stopped.

        Raises:
            CameraError: The camera stopped giving frames.
            ModelError: A network failed.
        """
        capture = Capture(self._camera, lambda photo: encode(photo, self._streams), self._clock)
        lead = Lead()
        try:
            capture.ask()
            due = time.monotonic()
            while (ready := capture.take(self._stop)) is not None:
                paced = bool(self.interval_s)
                lead.prepared(ready.took_s)
                if not paced:
                    capture.ask(lead.wait_s())  # the next frame is made ready while the network runs on this one
                start = time.monotonic()
                self._look(ready)
                lead.ran(time.monotonic() - start)
                if paced:
                    due = self._rest(due)
                    capture.ask()  # not before it is due: it would be old by then
        finally:
            capture.close()

    def _rest(self, before: float) -> float:
        """Waits until the next frame is due, and gives when that was; the interval may change meanwhile."""
        begun = time.monotonic()
        while (left := before + self.interval_s - time.monotonic()) > 0 and not self._stop.wait(
            min(left, _REST_STEP_S)
        ):
            pass
        return max(before + self.interval_s, begun)

    def _look(self, ready: Ready[tuple[Encoded, ...]]) -> None:
        for stream, encoded in zip(self._streams, ready.inputs, strict=True):
            self._guard.begin()
            try:
                seen = stream.model.classifier.infer(encoded.inputs, encoded.preprocess_ms)
            finally:
                self._guard.end()
            decided = stream.decider.take(seen.scores, ready.time, ready.frame.captured_s)
            sighting = Sighting(stream, ready.frame, seen, decided, ready.time, ready.frame.age_ms())
            for observer in self._observers:
                observer.saw(sighting)
