"""A MobileNetV2-224 in full int8, with random weights: speed does not depend on them."""

from pathlib import Path
from tempfile import TemporaryDirectory

import keras
import numpy as np

from sagui.bundle import encode_golden, measure, write_bundle
from sagui.bundle.golden import Golden
from sagui.bundle.manifest import (
    Decision,
    GoldenSpec,
    InputSpec,
    Manifest,
    Metrics,
    OutputSpec,
    Quantization,
    Training,
)
from sagui.convert.calibrate import representative
from sagui.convert.export import convert_saved_model, export_saved_model
from sagui.convert.modes import MODES
from sagui.convert.quantize import Quantizer
from sagui.infer.load import from_tflite
from sagui.train.backbones.port import Options
from sagui.train.backbones.registry import find_backbone

SIDE = 224
LABELS = ("one", "two", "three")


def mobilenet_v2_int8(side: int = SIDE) -> bytes:
    """Builds and converts it, for photos ``(side, side, 3)``."""
    keras.utils.set_random_seed(0)
    network = find_backbone("mobilenet-v2").build((side, side, 3), Options())
    pooled = keras.layers.GlobalAveragePooling2D()(network.output)
    model = keras.Model(network.input, keras.layers.Dense(len(LABELS), activation="softmax")(pooled))
    photos = list(np.random.default_rng(0).integers(0, 255, (8, side, side, 3), dtype=np.uint8))
    with TemporaryDirectory() as folder:
        export_saved_model(model, Path(folder) / "saved", "float32")
        quantizer = Quantizer(MODES["int8"], calibration=representative(photos))
        return convert_saved_model(Path(folder) / "saved", quantizer, Path(folder) / "log.txt")


def bundle(model: bytes, folder: Path) -> Path:
    """Wraps it, with eight golden frames as `sagui convert` does."""
    runtime = from_tflite(model, "bench", LABELS).classifier.runtime
    side = runtime.inputs[0].shape[1]
    frames = np.random.default_rng(1).integers(0, 255, (8, side, side, 3), dtype=np.uint8)
    golden = Golden(frames, np.stack([runtime.invoke(frame).reshape(-1) for frame in frames]))
    measured = measure(np.arange(3), np.arange(3), LABELS)
    manifest = Manifest(
        name="bench",
        version="1.0.0",
        created="2026-01-01T00:00:00Z",
        labels=LABELS,
        input=InputSpec(height=side, width=side),
        output=OutputSpec(scale=1 / 256),
        decision=Decision(),
        quantization=Quantization(mode="int8"),
        metrics=Metrics(float=measured, exported=measured),
        training=Training(
            backbone="mobilenet-v2",
            weights="random",
            dataset="noise",
            dataset_fingerprint="0" * 64,
            recipe_digest="0" * 64,
            versions={},
        ),
        golden=GoldenSpec(count=8, tolerance=0, unit="steps"),
    )
    entries = {"model.tflite": model, "golden.npz": encode_golden(golden)}
    return write_bundle(folder, manifest, entries | dict.fromkeys(("report.json", "report.html", "README.md"), b"{}"))
