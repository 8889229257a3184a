"""Puts what was seen on the wire: results and states."""

from functools import cache
from typing import Protocol

from sagui.device.events import Events
from sagui.device.observers import Sighting
from sagui.device.streams import Stream
from sagui.wire import Frame, LabelScore, Latency, ModelRef, Region, Result, State, encode, timestamp, topics


class Outlet(Protocol):
    """What is used of a `sagui.device.mqtt.link.Link`."""

    def publish(self, topic: str, payload: bytes) -> None:
        """Sends a message once."""

    def retain(self, topic: str, payload: bytes, qos: int = 1) -> None:
        """Sends a message that the broker keeps."""


class Publisher:
    """An `Observer` that publishes what is due."""

    def __init__(self, outlet: Outlet, device: str, boot: str, events: Events) -> None:
        """Begins to count.

        Args:
            outlet: Where messages go.
            device: The name in the topics.
            boot: Names this start of the agent: no other ever has the same.
            events: Told of the first result.
        """
        self._outlet, self._device, self._boot, self._events = outlet, device, boot, events
        self._topic = topics.result(device)
        self._results = 0

    def saw(self, sighting: Sighting) -> None:
        """See `Observer.saw`."""
        if sighting.decided.due:
            self._outlet.publish(self._topic, encode(self._result(sighting)))
            self._results += 1
            if self._results == 1:
                verdict = sighting.decided.verdict
                where = f"results go to {self._topic}"
                self._events.say("first-result", f"first result: {verdict.label} ({verdict.score:.2f}); {where}")
        if sighting.decided.changed:
            self._say_state(sighting)

    def _result(self, sighting: Sighting) -> Result:
        verdict, seen, frame = sighting.decided.verdict, sighting.seen, sighting.frame
        return Result(
            id=f"{self._boot}-{self._results}",
            time=timestamp(sighting.time),
            stream=sighting.stream.name,
            label=verdict.label,
            score=round(verdict.score, 4),
            top=tuple(LabelScore(label=label, score=round(score, 4)) for label, score in verdict.top),
            model=reference(sighting.stream),
            frame=Frame(index=frame.index, source=frame.source),
            latency_ms=Latency(
                preprocess=round(seen.preprocess_ms, 3),
                infer=round(seen.infer_ms, 3),
                total=round(sighting.total_ms, 3),
            ),
        )

    def _say_state(self, sighting: Sighting) -> None:
        standing, name = sighting.decided.memory.standing, sighting.stream.name
        if standing is None:
            return
        state = State(
            stream=name,
            label=standing.label,
            score=round(standing.score, 4),
            since=timestamp(standing.since),
            model=reference(sighting.stream),
            region=_region(sighting.stream),
        )
        self._outlet.retain(topics.state(self._device, name), encode(state))


def reference(stream: Stream) -> ModelRef:
    """Names a stream's model as the wire does."""
    return _named(stream.model.name, stream.model.version)


def _region(stream: Stream) -> Region | None:
    if (part := stream.region) is None:
        return None
    return Region(x=part.x, y=part.y, width=part.width, height=part.height)


@cache
def _named(name: str, version: str) -> ModelRef:
    return ModelRef(name=name, version=version)
