"""What the converter is told for each mode."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from sagui.convert.calibrate import Calibration
from sagui.convert.modes import Io, Mode


@dataclass(frozen=True)
class Quantizer:
    """How a SavedModel becomes a TFLite file.

    Attributes:
        mode: The way; ``mixed`` is made of the float file elsewhere.
        io: What a whole-integer file takes and gives.
        edgetpu_friendly: One scale for each dense layer. Since 2024 the converter gives each of its outputs a scale of
            its own, which the Edge TPU does not know.
        calibration: Photos that tell the ranges, for the modes that need them.
    """

    mode: Mode
    io: Io = "uint8"
    edgetpu_friendly: bool = False
    calibration: Calibration | None = None

    def configure(self, converter: Any) -> None:  # noqa: ANN401 (TensorFlow ships no types)
        """Sets a ``tf.lite.TFLiteConverter`` up."""
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
        if self.mode.name != "none":
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        if self.mode.calibrated:
            converter.representative_dataset = self.calibration
        if self.edgetpu_friendly:
            # The only way there is to say it, for all the leading underscore.
            converter._experimental_disable_per_channel_quantization_for_dense_layers = True  # noqa: SLF001
        if special := _SPECIAL.get(self.mode.name):
            special(self, converter)


def _float16(_quantizer: Quantizer, converter: Any) -> None:  # noqa: ANN401
    converter.target_spec.supported_types = [tf.float16]


def _int8(quantizer: Quantizer, converter: Any) -> None:  # noqa: ANN401
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = getattr(tf, quantizer.io)
    converter.inference_output_type = getattr(tf, quantizer.io)


def _int16x8(_quantizer: Quantizer, converter: Any) -> None:  # noqa: ANN401
    converter.target_spec.supported_ops = [tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8]


_SPECIAL: dict[str, Callable[[Quantizer, Any], None]] = {"float16": _float16, "int8": _int8, "int16x8": _int16x8}
