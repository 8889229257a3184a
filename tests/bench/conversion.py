"""What int8 saves, and what our way from a photo to labels costs beside a bare interpreter.

EfficientNet-Lite0 as published, for 224 pixels and 1,000 classes, with random weights: neither size nor speed depends
on them.
"""

import statistics
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import keras
import numpy as np
from ai_edge_litert.interpreter import Interpreter
from tests.bench.rows import Row

from sagui.convert.calibrate import representative
from sagui.convert.export import convert_saved_model, export_saved_model
from sagui.convert.modes import MODES, ModeName
from sagui.convert.quantize import Quantizer
from sagui.infer.choose import load_runtime
from sagui.infer.load import from_tflite
from sagui.train.backbones.port import Options
from sagui.train.backbones.registry import find_backbone

SIDE = 224
LABELS = tuple(f"class {number}" for number in range(1000))
_TOP = 3
_RUNS = 400


@cache
def networks() -> tuple[bytes, bytes]:
    """The same network in float and in int8, as TFLite files."""
    keras.utils.set_random_seed(0)
    body = find_backbone("efficientnet-lite0").build((SIDE, SIDE, 3), Options())
    pooled = keras.layers.GlobalAveragePooling2D()(body.output)
    model = keras.Model(body.input, keras.layers.Dense(len(LABELS), activation="softmax")(pooled))
    photos = list(np.random.default_rng(0).integers(0, 255, (8, SIDE, SIDE, 3), dtype=np.uint8))
    with TemporaryDirectory() as folder:
        return _converted(model, "none", photos, Path(folder)), _converted(model, "int8", photos, Path(folder))


def _converted(model: keras.Model, mode: ModeName, photos: list[np.ndarray], folder: Path) -> bytes:
    export_saved_model(model, folder / mode, MODES[mode].saved_model_dtype)
    quantizer = Quantizer(MODES[mode], calibration=representative(photos))
    return convert_saved_model(folder / mode, quantizer, folder / "log.txt")


def int8_size() -> Row:
    """Bytes of the int8 file against the float file."""
    plain, whole = networks()
    return Row("int8_size", len(whole) / 1e6, "MB", "the float file", len(plain) / 1e6)


def int8_latency(runs: int = _RUNS) -> Row:
    """One `invoke()` at one thread, int8 against float."""
    plain, whole = (load_runtime(model, 1) for model in networks())
    frame = np.random.default_rng(1).integers(0, 255, (SIDE, SIDE, 3), dtype=np.uint8)
    value, against = in_turn(lambda: whole.invoke(frame), lambda: plain.invoke(frame), runs)
    return Row("int8_latency", value, "ms", "invoke() of the float file", against)


def classifier_vs_bare(runs: int = _RUNS) -> Row:
    """From a VGA photo to the best labels: our classifier against a loop that does the least, at one thread."""
    model = networks()[1]
    classifier = from_tflite(model, "bench", LABELS, 1).classifier
    photo = np.random.default_rng(2).integers(0, 255, (480, 640, 3), dtype=np.uint8)

    def ours() -> list[str]:
        scores = classifier.classify(photo).scores
        return [LABELS[number] for number in np.argsort(scores)[: -_TOP - 1 : -1]]

    value, against = in_turn(ours, bare_loop(model, photo), runs)
    return Row("classifier_vs_bare", value, "ms", "cv2.resize and a bare interpreter", against)


def bare_loop(model: bytes, photo: np.ndarray) -> Callable[[], list[str]]:
    """What a person writes who wants nothing but the labels of a photo ``(height, width, 3)``."""
    interpreter = Interpreter(model_content=model, num_threads=1)
    interpreter.allocate_tensors()
    taken, given = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    (scale, zero_point), (out_scale, out_zero_point) = taken["quantization"], given["quantization"]
    # An input scale of 1 takes pixels as they are; any other is a normalization of its own.
    as_it_is = abs(scale - 1) < 1e-3 and zero_point == 0

    def classify() -> list[str]:
        fitted = cv2.resize(photo, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)
        numbers = fitted if as_it_is else np.round(fitted / scale + zero_point).astype(taken["dtype"])
        interpreter.set_tensor(taken["index"], numbers[np.newaxis])
        interpreter.invoke()
        raw = interpreter.get_tensor(given["index"])[0]
        scores = out_scale * (raw.astype(np.float32) - out_zero_point)
        return [LABELS[number] for number in np.argsort(scores)[: -_TOP - 1 : -1]]

    return classify


def in_turn(ours: Callable[[], object], bare: Callable[[], object], runs: int) -> tuple[float, float]:
    """The median times of both in milliseconds, one after the other, so that a noisy machine disturbs both alike."""
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(runs + 1):
        # Each is first as often as the other: who comes second finds the caches as the other left them.
        for which in (0, 1) if number % 2 else (1, 0):
            start = time.perf_counter()
            (ours, bare)[which]()
            if number:
                times[which].append(1000 * (time.perf_counter() - start))
    return statistics.median(times[0]), statistics.median(times[1])
