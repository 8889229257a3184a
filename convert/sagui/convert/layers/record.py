"""Runs a TFLite file so that every activation can be read."""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from sagui.convert.calibrate import Calibration
from sagui.convert.errors import ConvertError
from sagui.progress.quiet import quiet_native

_THREADS = 2


class Recorder:
    """Runs a file and keeps what each op gives."""

    def __init__(self, model: bytes) -> None:
        """Loads it.

        Args:
            model: A TFLite file with one image input.

        Raises:
            ConvertError: The runtime does not take it.
        """
        self._interpreter = _keeping_all(model)
        self._input = self._interpreter.get_input_details()[0]
        self._scales = {int(one["index"]): one["quantization"] for one in self._interpreter.get_tensor_details()}

    @property
    def steps(self) -> dict[int, float]:
        """The step of each quantized tensor, in real numbers."""
        return {number: float(scale) for number, (scale, _) in self._scales.items() if scale}

    def run(self, photo: npt.NDArray[Any]) -> None:
        """Runs a photo.

        Args:
            photo: ``(height, width, 3)``, 0-255.

        Raises:
            ConvertError: The file fails on it.
        """
        dtype = np.dtype(self._input["dtype"])
        pixels = photo.astype(np.int16) - 128 if dtype == np.int8 else photo
        try:
            self._interpreter.set_tensor(self._input["index"], pixels.astype(dtype)[np.newaxis])
            self._interpreter.invoke()
        except (RuntimeError, ValueError) as error:
            raise ConvertError(f"the file fails when it is run layer by layer: {_first_line(error)}") from error

    def activation(self, number: int) -> npt.NDArray[np.float32]:
        """What the last photo gave, in real numbers.

        Args:
            number: Of the tensor.
        """
        raw, (scale, zero_point) = self._interpreter.get_tensor(number), self._scales[number]
        if not scale:
            return np.asarray(raw, np.float32)
        return np.asarray((raw.astype(np.float32) - np.float32(zero_point)) * np.float32(scale))


def find_ranges(float_model: bytes, numbers: Sequence[int], calibration: Calibration) -> dict[int, tuple[float, float]]:
    """The smallest and the largest number of activations of a float file, over all photos.

    Args:
        float_model: The file.
        numbers: Of the tensors.
        calibration: Gives photos ``(1, height, width, 3)``, 0-255.

    Raises:
        ConvertError: It fails on a photo, there is none, or a number is not finite.
    """
    recorder = Recorder(float_model)
    low, high = np.full(len(numbers), np.inf), np.full(len(numbers), -np.inf)
    for batch in calibration():
        recorder.run(batch[0][0])
        activations = [recorder.activation(number) for number in numbers]
        low, high = np.minimum(low, [a.min() for a in activations]), np.maximum(high, [a.max() for a in activations])
    if not np.isfinite(low).all() or not np.isfinite(high).all():
        raise ConvertError("the ranges of the activations cannot be told: no photos, or numbers that are not finite")
    return {number: (float(low[at]), float(high[at])) for at, number in enumerate(numbers)}


def _keeping_all(model: bytes) -> Any:  # noqa: ANN401 (LiteRT ships no types)
    # XNNPACK is what devices run, and three times faster; the reference kernels take scales that it refuses, such as
    # that of a layer which gives nothing but zeros.
    refused: Exception | None = None
    for kernels in (OpResolverType.AUTO, OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES):
        with warnings.catch_warnings(), quiet_native():
            # It warns that all activations are kept: that is what it is for.
            warnings.simplefilter("ignore")
            try:
                interpreter = Interpreter(
                    model_content=model,
                    num_threads=_THREADS,
                    experimental_op_resolver_type=kernels,
                    experimental_preserve_all_tensors=True,
                )
                interpreter.allocate_tensors()
            except (RuntimeError, ValueError) as error:
                refused = error
            else:
                return interpreter
    raise ConvertError(f"the file cannot be run layer by layer: {_first_line(refused)}") from refused


def _first_line(error: BaseException | None) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
