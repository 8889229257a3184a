"""Activations of the float file against those of the quantized one.

Both files run on the same photos and keep what each op gives. The measure is the ratio of signal to quantization noise,
which adds up from layer to layer (Lin, Talathi and Annapureddy, "Fixed Point Quantization of Deep Convolutional
Networks", ICML 2016). Sums grow photo by photo, so memory stays flat.
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from sagui.convert.errors import ConvertError
from sagui.convert.graph import read_graph
from sagui.convert.layers.blame import Weights, own_noise
from sagui.convert.layers.match import match_layers
from sagui.convert.layers.noise import Noise
from sagui.convert.layers.record import Recorder
from sagui.convert.layers.values import Layer, LayerError
from sagui.progress import SILENT, Progress

_WEIGHTED = frozenset({"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"})


def layer_errors(
    float_model: bytes, quantized_model: bytes, photos: Sequence[npt.NDArray[np.uint8]], progress: Progress = SILENT
) -> tuple[LayerError, ...]:
    """Measures what each layer of a quantized file has lost by the time it is computed.

    Args:
        float_model: A TFLite file with float activations.
        quantized_model: Another of the same network, of any mode.
        photos: Each ``(height, width, 3)``, as `sagui.infer.preprocess.prepare` gives them; 16 or more.
        progress: Told of each photo.

    Returns:
        In the order of the float file's ops.

    Raises:
        InspectError: One is no TFLite file.
        ConvertError: There are no photos, a file fails on one, or the two have no layer in common.
    """
    if not photos:
        raise ConvertError("the error per layer needs photos: at least one")
    layers = match_layers(read_graph(float_model), read_graph(quantized_model))
    if not layers:
        raise ConvertError("the two files have no layer in common: convert both from the same run")
    plain, quantized = Recorder(float_model), Recorder(quantized_model)
    sums = [Noise() for _ in layers]
    with progress.task("Measure the error of each layer", len(photos)) as advance:
        for photo in photos:
            plain.run(photo)
            quantized.run(photo)
            for layer, noise in zip(layers, sums, strict=True):
                noise.add(plain.activation(layer.plain), quantized.activation(layer.quantized))
            advance()
    weights = {layer.plain: _weights(plain.activation(layer.inputs[1])) for layer in layers if layer.kind in _WEIGHTED}
    return tuple(_errors(layers, sums, own_noise(layers, sums, weights), quantized.steps))


def _weights(kernel: npt.NDArray[np.float32]) -> Weights:
    # Input channels come last in all three: (out, height, width, in), (1, height, width, channels), (out, in).
    return np.asarray(np.square(kernel, dtype=np.float64).reshape(-1, kernel.shape[-1]).sum(axis=0))


def _errors(
    layers: Sequence[Layer], sums: Sequence[Noise], own: Sequence[float | None], steps: Mapping[int, float]
) -> Iterator[LayerError]:
    by_tensor = {layer.plain: noise.snr_db for layer, noise in zip(layers, sums, strict=True)}
    for layer, noise, added in zip(layers, sums, own, strict=True):
        before = [ratio for number in layer.inputs if (ratio := by_tensor.get(number)) is not None]
        step, rmse, worst_one = steps.get(layer.quantized, 0.0), noise.rmse, noise.worst_channel
        yield LayerError(
            name=layer.name,
            kind=layer.kind,
            shape=layer.shape,
            snr_db=noise.snr_db,
            input_snr_db=min(before, default=None),
            own_noise=added,
            rmse=rmse,
            rmse_steps=rmse / step if rmse is not None and step else None,
            worst_channel=worst_one[0] if worst_one else None,
            worst_channel_snr_db=worst_one[1] if worst_one else None,
            note=noise.note,
        )


def worst(errors: Sequence[LayerError], count: int) -> tuple[LayerError, ...]:
    """The layers that are furthest from their float selves, worst first; those without error are left out.

    Args:
        errors: Of all layers.
        count: How many at most.
    """
    lossy = [error for error in errors if error.snr_db is not None or error.note == "not finite"]
    return tuple(sorted(lossy, key=lambda error: -np.inf if error.snr_db is None else error.snr_db)[:count])
