"""The agent's own numbers: frames, what they took, and how old they were."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sagui.device.cameras import Frame
from sagui.device.observers import Sighting

NEWEST = 1000
"""Percentiles are of so many of the newest sightings."""


@dataclass(frozen=True)
class Measured:
    """What was measured since the agent started.

    Attributes:
        time_s: When, on the monotonic clock; the agent's start is 0.
        frames: Frames that were looked at; one that several streams look at counts once.
        dropped: Frames of the camera that nobody looked at, because a newer one overtook them.
        percentiles_ms: 50th, 95th and 99th percentile of the time from capture to verdict; None before the first frame.
        frame_age_ms: How old the newest frame was when the work on it began; None before the first frame.
    """

    time_s: float
    frames: int
    dropped: int
    percentiles_ms: tuple[float, float, float] | None
    frame_age_ms: float | None


class Meter:
    """An `Observer` that counts; read by any thread."""

    def __init__(self, *, gaps: bool = True, clock: Callable[[], float] = time.monotonic) -> None:
        """Begins at nothing.

        Args:
            gaps: Whether a gap in the frames' numbers means that frames were lost; not so where a trigger or a rate
                chooses which are looked at. May be changed while it counts.
            clock: Monotonic time, in seconds.
        """
        self.gaps, self._clock = gaps, clock
        self._start_s = clock()
        self._frames = self._dropped = 0
        self._frame: Frame | None = None
        self._age_ms: float | None = None
        self._total_ms: deque[float] = deque(maxlen=NEWEST)

    def saw(self, sighting: Sighting) -> None:
        """See `Observer.saw`."""
        seen = sighting.seen
        self.add(sighting.frame, sighting.total_ms, sighting.total_ms - seen.preprocess_ms - seen.infer_ms)

    def add(self, frame: Frame, total_ms: float, age_ms: float) -> None:
        """Counts a frame that a stream has looked at.

        Args:
            frame: The frame; the same object for each stream that looked at it.
            total_ms: From its capture to the verdict.
            age_ms: From its capture until the work on it began.
        """
        self._total_ms.append(total_ms)
        last = self._frame
        if frame is last:
            return
        self._age_ms = max(0.0, age_ms)
        # A number that goes back is that of a camera which begins anew.
        if last is not None and self.gaps and frame.index > last.index:
            self._dropped += frame.index - last.index - 1
        self._frame = frame
        self._frames += 1

    def read(self) -> Measured:
        """Gives the numbers of now."""
        newest = list(self._total_ms.copy())  # a copy is made at once, while the other thread may append
        percentiles = None
        if newest:
            p50, p95, p99 = np.percentile(newest, [50, 95, 99]).tolist()
            percentiles = (p50, p95, p99)
        return Measured(self._clock() - self._start_s, self._frames, self._dropped, percentiles, self._age_ms)
