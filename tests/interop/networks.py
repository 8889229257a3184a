"""A small network with the ops that ours are made of, and what becomes of it in a TFLite file."""

from pathlib import Path
from tempfile import TemporaryDirectory

import keras
import numpy as np
import numpy.typing as npt

from sagui.bundle import encode_golden
from sagui.bundle.golden import Golden
from sagui.convert.calibrate import representative
from sagui.convert.export import convert_saved_model, export_saved_model
from sagui.convert.metadata import add_metadata
from sagui.convert.modes import MODES, ModeName
from sagui.convert.quantize import Quantizer
from sagui.infer.choose import load_runtime

SIDE = 32
LABELS = ("red", "green", "blue")


def build_network() -> keras.Model:
    """Random weights, and scores that differ: convolutions, a residual, and a dense softmax."""
    keras.utils.set_random_seed(5)
    inputs = keras.Input((SIDE, SIDE, 3))
    x = keras.layers.Rescaling(1 / 127.5, -1)(inputs)
    x = keras.layers.Conv2D(8, 3, strides=2, padding="same", activation="relu6")(x)
    shortcut = x
    x = keras.layers.DepthwiseConv2D(3, padding="same", use_bias=False)(x)
    x = keras.layers.BatchNormalization()(x)
    x = keras.layers.ReLU(6.0)(x)
    x = keras.layers.Conv2D(8, 1)(x)
    x = keras.layers.Add()([x, shortcut])
    # Wide enough that every mode quantizes it: the converter leaves weights of fewer than 1,024 numbers alone.
    x = keras.layers.Conv2D(400, 1, activation="relu6")(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    dense = keras.layers.Dense(len(LABELS), activation="softmax")
    model = keras.Model(inputs, dense(x))
    kernel, bias = dense.get_weights()
    dense.set_weights([6 * kernel, bias])
    return model


def photos(count: int = 8) -> npt.NDArray[np.uint8]:
    """Noise around a colour ``(count, height, width, 3)``."""
    rng = np.random.default_rng(9)
    colour = rng.integers(30, 225, (count, 1, 1, 3))
    noisy = colour + rng.integers(-30, 31, (count, SIDE, SIDE, 3))
    return np.asarray(np.clip(noisy, 0, 255), np.uint8)


def convert(model: keras.Model, mode: ModeName, dtype: str = "", *, dense_per_tensor: bool = False) -> bytes:
    """Converts as `sagui convert` does.

    Args:
        model: From `build_network`.
        mode: How.
        dtype: What the file takes; the mode's own, if it is empty.
        dense_per_tensor: What ``--edgetpu-friendly`` does.
    """
    calibration = representative(list(photos()))
    quantizer = Quantizer(MODES[mode], edgetpu_friendly=dense_per_tensor, calibration=calibration)
    with TemporaryDirectory() as folder:
        export_saved_model(model, Path(folder) / "saved", dtype or MODES[mode].saved_model_dtype)
        plain = convert_saved_model(Path(folder) / "saved", quantizer, Path(folder) / "log")
    return add_metadata(plain, "interop", "1.0.0", LABELS)


def golden_of(model: bytes) -> Golden:
    """Golden frames, as a bundle holds them, with what this process's runtime makes of them."""
    runtime = load_runtime(model)
    return Golden(photos(), np.stack([runtime.invoke(frame).reshape(-1) for frame in photos()]))


def entries_of(model: bytes) -> dict[str, bytes]:
    """The entries of a bundle."""
    texts = dict.fromkeys(("report.json", "report.html", "README.md"), b"{}")
    return {"model.tflite": model, "golden.npz": encode_golden(golden_of(model)), **texts}
