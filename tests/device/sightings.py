"""What streams saw, made up for tests."""

from collections.abc import Sequence

import numpy as np

from sagui.bundle.manifest import Decision, InputSpec
from sagui.device.cameras import Frame
from sagui.device.cameras.geometry import Region
from sagui.device.decide import Decider, Steadiness
from sagui.device.observers import Sighting
from sagui.device.streams import Stream
from sagui.infer.classify import Classification, Classifier
from sagui.infer.load import LoadedModel
from sagui.infer.runtimes.port import Runtime, TensorSpec

LABELS = ("dark", "bright")


class Brightness:
    """A runtime that knows dark from bright, by the mean of its input."""

    name = "brightness"
    inputs = (TensorSpec((1, 4, 4, 3), "uint8", 1.0, 0),)
    outputs = (TensorSpec((1, 2), "float32"),)

    def invoke(self, frame: np.ndarray) -> np.ndarray:
        bright = float(frame.mean()) / 255
        return np.array([[1 - bright, bright]], np.float32)


def make_stream(
    name: str | None = None,
    region: Region | None = None,
    rules: Steadiness | None = None,
    runtime: Runtime | None = None,
) -> Stream:
    """A stream that knows dark from bright."""
    spec = InputSpec(height=4, width=4, channels=3, dtype="uint8", colour="rgb", fit="squash", interpolation="area")
    classifier = Classifier(runtime or Brightness(), LABELS, spec, Decision(), activation="softmax")
    return Stream(name, LoadedModel(classifier, "toy", "1.0.0"), Decider(LABELS, Decision(), rules), region)


def see(stream: Stream, bright: float, index: int = 0, time: float = 1000.0, ticks: float = 0.0) -> Sighting:
    """What a stream makes of a frame of this brightness, 0 to 1."""
    scores = np.array([1 - bright, bright])
    frame = Frame(np.full((8, 8, 3), round(255 * bright), np.uint8), index, captured_s=ticks)
    decided = stream.decider.take(scores, time, ticks)
    return Sighting(stream, frame, Classification(scores, 0.5, 2.0), decided, time, 3.0)


def see_all(stream: Stream, brightness: Sequence[float]) -> list[Sighting]:
    """Likewise, a frame a second."""
    return [see(stream, bright, index, 1000.0 + index, float(index)) for index, bright in enumerate(brightness)]
