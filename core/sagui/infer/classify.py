"""From a frame to scores. No I/O."""

from dataclasses import dataclass
from time import perf_counter
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from sagui.bundle.manifest import Decision, InputSpec
from sagui.infer.errors import ModelError
from sagui.infer.preprocess import Photo, prepare
from sagui.infer.runtimes.port import Runtime, TensorSpec

_IMAGE_RANK = 4
_ROUNDING = 0.01
_SIGN = np.uint8(0x80)


@dataclass(frozen=True)
class Normalization:
    """What a float network wants done to pixels: ``(pixel - mean) / std``. Ours does it inside the graph."""

    mean: tuple[float, ...] = (127.5,)
    std: tuple[float, ...] = (127.5,)


class Classification(msgspec.Struct, frozen=True, gc=False):
    """What a network says of one frame.

    Attributes:
        scores: ``(labels,)``, calibrated, 0 to 1.
        preprocess_ms: Time to fit the frame to the input.
        infer_ms: Time to run the network.
    """

    scores: npt.NDArray[np.float64]
    preprocess_ms: float
    infer_ms: float

    def best(self) -> int:
        """The number of the label with the highest score."""
        return int(np.argmax(self.scores))


class Classifier:
    """A network with all that is needed to use it."""

    def __init__(
        self,
        runtime: Runtime,
        labels: tuple[str, ...],
        spec: InputSpec,
        decision: Decision,
        normalization: Normalization | None = None,
        activation: str | None = None,
    ) -> None:
        """Puts the parts together.

        Args:
            runtime: The loaded network.
            labels: One for each output.
            spec: How a photo is fitted to the input.
            decision: Its temperature calibrates the scores.
            normalization: For a float network that does not normalize inside its graph.
            activation: What the output went through, where that is known.
        """
        self.runtime = runtime
        self.labels = labels
        self.spec = spec
        self.decision = decision
        self.activation = activation
        self._to_input = _InputEncoder(runtime.inputs[0], normalization)
        self._output = runtime.outputs[0]
        self._of_bytes = _scores_of_bytes(self._output, activation, decision.temperature)

    def classify(self, photo: Photo) -> Classification:
        """Names a photo.

        Args:
            photo: ``(height, width, 3)``, RGB, any size.

        Raises:
            ModelError: The network fails on it.
        """
        start = perf_counter()
        inputs = self.encode(photo)
        return self.infer(inputs, 1000 * (perf_counter() - start))

    def infer(self, inputs: npt.NDArray[Any], preprocess_ms: float = 0.0) -> Classification:
        """Names what `encode` made of a photo.

        Args:
            inputs: The network's very input.
            preprocess_ms: How long `encode` took, to be told along.

        Raises:
            ModelError: The network fails on it.
        """
        start = perf_counter()
        raw = self.runtime.invoke(inputs)
        infer_ms = 1000 * (perf_counter() - start)
        return Classification(self.scores(raw), preprocess_ms, infer_ms)

    def encode(self, photo: Photo) -> npt.NDArray[Any]:
        """Makes the network's very input of a photo: what a golden frame stores."""
        return self._to_input(prepare(photo, self.spec))

    def scores(self, raw: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        """Makes calibrated scores ``(labels,)`` of the network's raw output."""
        if self._of_bytes is not None:
            powered = self._of_bytes.take(raw.reshape(-1).view(np.uint8))
            return powered if self.decision.temperature == 1.0 else _normalize(powered)
        scores = dequantize(raw.reshape(-1), self._output)
        if self.activation is None:
            scores = probabilities(scores)
        return calibrate(scores, self.decision.temperature)


class _InputEncoder:
    """From pixels to the numbers of the input tensor."""

    def __init__(self, spec: TensorSpec, normalization: Normalization | None) -> None:
        self._dtype = np.dtype(spec.dtype)
        self._normalization = normalization

    def __call__(self, pixels: npt.NDArray[np.uint8]) -> npt.NDArray[Any]:
        if self._dtype == np.uint8:
            # A uint8 input takes pixels as they are: its scale and zero point are the network's normalization.
            return pixels
        if self._dtype == np.int8:
            # 128 less, modulo 256: the highest bit turned over. A fiftieth of the time that wider numbers take.
            return (pixels ^ _SIGN).view(np.int8)
        photo = pixels.astype(np.float32)
        if self._normalization is None:
            return photo
        mean, std = self._normalization.mean, self._normalization.std
        return np.asarray((photo - np.asarray(mean, np.float32)) / np.asarray(std, np.float32), np.float32)


def dequantize(raw: npt.NDArray[Any], spec: TensorSpec) -> npt.NDArray[np.float64]:
    """Makes real numbers of an output tensor: ``scale * (raw - zero_point)``."""
    if spec.scale == 0.0:
        return raw.astype(np.float64)
    return spec.scale * (raw.astype(np.float64) - spec.zero_point)


def probabilities(scores: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Gives probabilities back, and makes them of logits ``(..., labels)`` with a softmax.

    A file of another maker does not say which of the two it gives; probabilities lie between 0 and 1.
    """
    if scores.min() >= -_ROUNDING and scores.max() <= 1 + _ROUNDING:
        return scores
    shifted = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=-1, keepdims=True), np.float64)


def calibrate(scores: npt.NDArray[np.float64], temperature: float) -> npt.NDArray[np.float64]:
    """Applies a temperature to probabilities.

    ``softmax(logits / T)`` equals ``p ** (1 / T)``, normalized, for ``p = softmax(logits)``.

    Args:
        scores: ``(..., labels)``.
        temperature: Above 1 makes the scores less sure. See `sagui.bundle.manifest.Decision`.
    """
    clipped = np.clip(scores, 0.0, 1.0)
    if temperature == 1.0:
        return clipped
    return _normalize(clipped ** (1.0 / temperature))


def _normalize(powered: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.asarray(powered / np.maximum(powered.sum(axis=-1, keepdims=True), 1e-12), np.float64)


def _scores_of_bytes(output: TensorSpec, activation: str | None, temperature: float) -> npt.NDArray[np.float64] | None:
    """What `calibrate` makes of each of the 256 outputs of 8 bits, before it is normalized: ``(256,)``.

    A thousand labels are then looked up, which takes a quarter of the time. None where the output has more bits, or may
    be logits.
    """
    if output.dtype not in ("uint8", "int8") or output.scale == 0.0:
        return None
    real = dequantize(np.arange(256, dtype=np.uint8).view(output.dtype), output)
    if activation is None and (real.min() < -_ROUNDING or real.max() > 1 + _ROUNDING):
        return None
    return np.asarray(np.clip(real, 0.0, 1.0) ** (1.0 / temperature), np.float64)


def image_input(runtime: Runtime) -> InputSpec:
    """Finds out what an image classifier takes, from its tensors.

    Raises:
        ModelError: It is no image classifier; the message says what it is.
    """
    if len(runtime.inputs) != 1:
        raise ModelError(f"no image classifier: it has {len(runtime.inputs)} inputs, an image classifier has one")
    shape, dtype = runtime.inputs[0].shape, runtime.inputs[0].dtype
    if len(shape) != _IMAGE_RANK or shape[0] != 1:
        raise ModelError(f"no image classifier: its input is {shape}, not (1, height, width, 3)")
    _, height, width, channels = shape
    colour = "grey" if channels == 1 else "rgb"
    fields = {"height": height, "width": width, "channels": channels, "dtype": dtype, "colour": colour}
    try:
        return msgspec.convert(fields, InputSpec)
    except msgspec.ValidationError as error:
        raise ModelError(f"no image classifier: its input is {shape} of {dtype}: {error}") from error


def count_outputs(runtime: Runtime) -> int:
    """How many classes a network tells apart.

    Raises:
        ModelError: Its output is not one row of scores.
    """
    shapes = [output.shape for output in runtime.outputs]
    # Some networks keep the spatial axes: (1, 1, 1, classes).
    if len(shapes) != 1 or len(shapes[0]) < 2 or any(size != 1 for size in shapes[0][:-1]) or shapes[0][-1] < 2:  # noqa: PLR2004
        raise ModelError(f"no image classifier: its outputs are {shapes}, not one row of scores (1, classes)")
    return shapes[0][-1]
