"""Keras to a SavedModel with a static batch of one, and from there to TFLite.

``TFLiteConverter.from_keras_model`` hides export errors, and Keras' own LiteRT export turns on TensorFlow ops that the
light runtimes cannot run; so both steps are taken here.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from sagui.convert.errors import ExportError
from sagui.progress.quiet import quiet_native

Calibration = Callable[[], Iterator[list[npt.NDArray[np.float32]]]]


def load_network(path: Path) -> keras.Model:
    """Loads ``model.keras``.

    Raises:
        ExportError: It is no Keras model.
    """
    try:
        return keras.models.load_model(path, compile=False)
    except (OSError, ValueError, TypeError, KeyError, BadZipFile) as error:
        reason = (str(error).splitlines() or [""])[0]
        raise ExportError(f"{path}: not a Keras model: {reason}; train again") from error


def export_saved_model(model: keras.Model, folder: Path, dtype: str) -> None:
    """Writes a SavedModel that takes one photo.

    Args:
        model: From photos ``(batch, height, width, 3)``, 0-255, to probabilities.
        folder: Where to.
        dtype: Of the photo: ``uint8``, or ``float32`` for a network that is quantized afterwards.

    Raises:
        ExportError: The folder cannot be written.
    """

    def serve(photo: Any) -> Any:  # noqa: ANN401 (a symbolic tensor)
        return model(tf.cast(photo, tf.float32), training=False)

    archive = keras.export.ExportArchive()
    archive.track(model)
    archive.add_endpoint("serve", serve, [tf.TensorSpec((1, *model.input_shape[1:]), getattr(tf, dtype), name="photo")])
    try:
        with quiet_native():
            archive.write_out(folder, verbose=False)
    except (OSError, tf.errors.OpError) as error:
        reason = (str(error).splitlines() or [""])[0]
        raise ExportError(f"{folder}: the network cannot be written there: {reason}") from error


def convert_saved_model(folder: Path, calibration: Calibration | None) -> bytes:
    """Converts a SavedModel with builtin ops alone.

    Args:
        folder: The SavedModel.
        calibration: Photos to find the ranges of full-int8 quantization with; without them, numbers stay float.

    Raises:
        ExportError: The network uses ops that TFLite has not.
    """
    converter = tf.lite.TFLiteConverter.from_saved_model(str(folder))
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
    if calibration is not None:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = calibration
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = tf.uint8
        converter.inference_output_type = tf.uint8
    try:
        with quiet_native():
            return bytes(converter.convert())
    except (RuntimeError, ValueError, tf.errors.OpError) as error:
        reason = (str(error).splitlines() or [""])[0]
        raise ExportError(f"the network cannot be converted: {reason}; choose another backbone") from error
