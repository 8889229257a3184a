"""Keras to a SavedModel with a static batch of one, and from there to TFLite.

``TFLiteConverter.from_keras_model`` hides export errors, and Keras' own LiteRT export turns on TensorFlow ops that the
light runtimes cannot run; so both steps are taken here.
"""

import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import keras
import numpy as np
import tensorflow as tf

from sagui.bundle.manifest import InputSpec
from sagui.convert.causes import shorten, usual_cause
from sagui.convert.errors import ExportError
from sagui.convert.quantize import Quantizer
from sagui.progress.quiet import quiet_native

_ROUNDING = 1e-3
_IMAGE_RANK = 4


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


def check_network(model: keras.Model, spec: InputSpec, labels: int) -> None:
    """Makes sure that a network is what a bundle can hold: a photo in, a probability for each label out.

    Args:
        model: As loaded.
        spec: The input that the run says it has.
        labels: How many there are.

    Raises:
        ExportError: It is something else; the message says what.
    """
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        raise ExportError(
            f"the network has {len(model.inputs)} inputs and {len(model.outputs)} outputs; "
            "an image classifier has one of each"
        )
    shape, wanted = model.inputs[0].shape[1:], (spec.height, spec.width, spec.channels)
    if None in shape or len(shape) != _IMAGE_RANK - 1:
        raise ExportError(f"the network takes {shape}: give it a fixed (height, width, channels); sizes cannot be open")
    if tuple(shape) != wanted:
        raise ExportError(f"the network takes {tuple(shape)}, the run says {wanted}; train again")
    if tuple(model.outputs[0].shape[1:]) != (labels,):
        raise ExportError(
            f"the network gives {tuple(model.outputs[0].shape[1:])}, the run has {labels} labels; train again"
        )
    pixels = np.random.default_rng(0).integers(0, 256, (2, *wanted)).astype(np.float32)
    sums = np.asarray(model.predict_on_batch(pixels), np.float64).sum(axis=1)
    if not np.isfinite(sums).all():
        raise ExportError("the network gives NaN for noise: its training went wrong; train again with a lower rate")
    if (abs(sums - 1) > _ROUNDING).any():
        raise ExportError(
            f"the scores of the network add up to {sums[0]:g}, not to 1: it does not end in softmax; "
            "add keras.layers.Softmax() as its last layer"
        )


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
        shutil.rmtree(folder, ignore_errors=True)
        reason = (str(error).splitlines() or [""])[0]
        raise ExportError(f"{folder}: the network cannot be written there: {reason}") from error


def convert_saved_model(folder: Path, quantizer: Quantizer, log: Path) -> bytes:
    """Converts a SavedModel with builtin ops alone.

    Args:
        folder: The SavedModel.
        quantizer: How.
        log: The file for all that the converter said, if it fails.

    Raises:
        ExportError: The converter fails; the message says why, in short, and what usually mends it.
    """
    said: list[bytes] = []
    try:
        with quiet_native(said.append):
            converter = tf.lite.TFLiteConverter.from_saved_model(str(folder))
            quantizer.configure(converter)
            return bytes(converter.convert())
    # The converter's own errors derive from Exception alone.
    except Exception as error:
        with suppress(OSError):  # the reason counts, and it is told below
            log.write_bytes(b"".join(said) + f"{error}\n".encode())
        raise ExportError(
            f"the network cannot be converted ({quantizer.mode.name}): {shorten(str(error))}; "
            f"{usual_cause(str(error))}; all that the converter said is in {log}"
        ) from error
