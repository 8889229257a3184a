"""The agent: frames in, results out. Composition only."""

import secrets
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from sagui.device.cameras import Camera, Frame
from sagui.device.decide import Standing, Verdict, decide, follow
from sagui.device.events import Events
from sagui.device.link import Link
from sagui.device.pipeline import Capture, Ready
from sagui.infer.classify import Classification
from sagui.infer.load import LoadedModel
from sagui.wire import Frame as WireFrame
from sagui.wire import LabelScore, Latency, ModelRef, Result, State, encode, timestamp, topics

DRAIN_SECONDS = 10.0
"""How long a clean stop waits for the broker to acknowledge what was published."""

_REMEMBERED_LATENCIES = 1000


@dataclass
class Tally:
    """What the agent did, for its last words."""

    frames: int = 0
    total_ms: deque[float] = field(default_factory=lambda: deque(maxlen=_REMEMBERED_LATENCIES))

    def add(self, total_ms: float) -> None:
        """Counts a frame."""
        self.frames += 1
        self.total_ms.append(total_ms)

    def latency_ms(self) -> dict[str, float]:
        """Median and 95th percentile of the newest frames, from a frame's arrival to its verdict."""
        if not self.total_ms:
            return {}
        p50, p95 = np.percentile(list(self.total_ms), [50, 95])
        return {"p50": round(float(p50), 3), "p95": round(float(p95), 3)}


class Agent:
    """Runs a model on a camera and says what it sees."""

    def __init__(
        self,
        model: LoadedModel,
        camera: Camera,
        link: Link,
        device: str,
        events: Events,
        *,
        interval_s: float = 0.0,
        clock: Callable[[], float] = time.time,
        stop: threading.Event | None = None,
    ) -> None:
        """Puts the parts together.

        Args:
            model: A classifier whose golden frames were reproduced.
            camera: Where frames come from.
            link: Where results go.
            device: The name in the topics.
            events: Told of the first result and of the end.
            interval_s: Least time from one frame to the next.
            clock: Unix time, in seconds.
            stop: Ends `run` after the frame in hand when it is set, by a signal handler for example.
        """
        self._model, self._camera, self._link = model, camera, link
        self._device, self._events = device, events
        self._interval_s, self._clock = interval_s, clock
        self._reference = ModelRef(name=model.name, version=model.version)
        self._boot = secrets.token_hex(6)
        self._standing: Standing | None = None
        self._stop = stop or threading.Event()
        self.tally = Tally()

    def run(self) -> bool:
        """Classifies frames until the camera has no more, or it is stopped.

        Returns:
            Whether the broker acknowledged every result.

        Raises:
            CameraError: The camera stopped giving frames.
            ModelError: The network failed.
        """
        self._link.ready()
        try:
            self._loop()
        finally:
            delivered = self._link.drain(DRAIN_SECONDS)
            self._link.close()
            self._say_stopped()
        return delivered

    def _loop(self) -> None:
        capture = Capture(self._camera, self._model.classifier.encode, self._clock)
        try:
            capture.ask()
            due = time.monotonic()
            while (ready := capture.take(self._stop)) is not None:
                if not self._interval_s:
                    capture.ask()  # the next frame is made ready while the network runs on this one
                self._handle(ready)
                if self._interval_s:
                    due = max(due + self._interval_s, time.monotonic())
                    self._stop.wait(due - time.monotonic())
                    capture.ask()  # not before it is due: it would be old by then
        finally:
            capture.close()

    def _handle(self, ready: Ready) -> None:
        classifier = self._model.classifier
        seen = classifier.infer(ready.inputs, ready.preprocess_ms)
        verdict = decide(seen.scores, classifier.labels, classifier.decision)
        total_ms = 1000 * (time.perf_counter() - ready.arrived)
        result = self._result(ready.frame, seen, verdict, ready.time, total_ms)
        self._link.publish(topics.result(self._device), encode(result))
        self._follow(verdict, ready.time)
        self.tally.add(total_ms)
        if self.tally.frames == 1:
            self._events.say("first-result", f"first result: {verdict.label} ({verdict.score:.2f})")

    def _result(self, frame: Frame, seen: Classification, verdict: Verdict, now: float, total_ms: float) -> Result:
        return Result(
            id=f"{self._boot}-{self.tally.frames}",
            time=timestamp(now),
            label=verdict.label,
            score=round(verdict.score, 4),
            top=tuple(LabelScore(label=label, score=round(score, 4)) for label, score in verdict.top),
            model=self._reference,
            frame=WireFrame(index=frame.index, source=frame.source),
            latency_ms=Latency(
                preprocess=round(seen.preprocess_ms, 3), infer=round(seen.infer_ms, 3), total=round(total_ms, 3)
            ),
        )

    def _follow(self, verdict: Verdict, now: float) -> None:
        standing = follow(self._standing, verdict, now)
        if standing is not self._standing:
            self._standing = standing
            state = State(
                label=standing.label,
                score=round(standing.score, 4),
                since=timestamp(standing.since),
                model=self._reference,
            )
            self._link.retain(topics.state(self._device), encode(state))

    def _say_stopped(self) -> None:
        link, latency = self._link, self.tally.latency_ms()
        waiting, undelivered = link.waiting, link.waiting + link.dropped
        text = f"stopped after {self.tally.frames} frames; the broker acknowledged {link.acknowledged} results"
        if undelivered:
            text += f", {undelivered} were not delivered"
        if waiting and link.outbox.durable:
            text += f"; {waiting} wait on disk for the next start"
        self._events.say(
            "stopped",
            text,
            frames=self.tally.frames,
            published=link.published,
            acknowledged=link.acknowledged,
            waiting=waiting,
            dropped=link.dropped,
            latency_ms=latency,
        )
