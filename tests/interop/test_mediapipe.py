"""A stock MediaPipe ImageClassifier loads what we ship and says what we say."""

import json
from pathlib import Path
from typing import Any

import cv2
import keras
import numpy as np
import pytest
from tests.interop.environments import run_script
from tests.interop.networks import SIDE, convert, photos

from sagui.bundle import read_bundle
from sagui.convert.metadata import About, add_metadata
from sagui.infer.classify import calibrate
from sagui.infer.load import LoadedModel, from_tflite, load_model

HERE = Path(__file__).parent

# mediapipe/tasks/metadata/metadata_schema.fbs
FEATURE_PROPERTIES, IMAGE_PROPERTIES = 1, 2
NORMALIZATION = 1
AXIS_LABELS = 2


def stock(mediapipe: Path, file: Path, photo_files: list[Path]) -> list[dict[str, float]]:
    """Score by label for each photo, best first."""
    said = json.loads(run_script(mediapipe, HERE / "mediapipe_classify.py", file, *photo_files))
    return [dict(categories) for categories in said]


def in_order(said: dict[str, float], labels: tuple[str, ...]) -> np.ndarray:
    return np.array([said[label] for label in labels])


def assert_same(said: list[dict[str, float]], model: LoadedModel, frames: np.ndarray, tolerance: float) -> None:
    classifier = model.classifier
    assert len(said) == len(frames)
    for theirs, frame in zip(said, frames, strict=True):
        ours = classifier.classify(frame)
        assert set(theirs) == set(classifier.labels)
        assert next(iter(theirs)) == classifier.labels[ours.best()]
        assert np.abs(in_order(theirs, classifier.labels) - ours.scores).max() <= tolerance


def test_a_bundle_is_named_alike_straight_from_its_zip(mediapipe: Path, shapes_bundle: Path, tmp_path: Path) -> None:
    bundle = read_bundle(shapes_bundle)
    frames = bundle.golden().frames
    paths = [tmp_path / f"{number}.png" for number in range(len(frames))]
    for path, frame in zip(paths, frames, strict=True):
        cv2.imwrite(str(path), frame[..., ::-1])
    said = stock(mediapipe, shapes_bundle, paths)
    # The file's own scores: the temperature that calibrates them is in the manifest.
    plain = from_tflite(bundle.model, "shapes")
    assert_same(said, plain, frames, plain.classifier.runtime.outputs[0].scale)
    ours = load_model(shapes_bundle).classifier
    for theirs, frame in zip(said, frames, strict=True):
        again = calibrate(in_order(theirs, ours.labels), ours.decision.temperature)
        assert again == pytest.approx(ours.classify(frame).scores, abs=1e-6)


@pytest.mark.parametrize("dense_per_tensor", [False, True])
def test_an_int8_file_is_named_alike(
    mediapipe: Path, network: keras.Model, photo_files: list[Path], tmp_path: Path, *, dense_per_tensor: bool
) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(convert(network, "int8", dense_per_tensor=dense_per_tensor))
    model = load_model(path)
    assert_same(stock(mediapipe, path, photo_files), model, photos(), model.classifier.runtime.outputs[0].scale)


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_a_float_file_is_named_alike(
    mediapipe: Path, network: keras.Model, photo_files: list[Path], tmp_path: Path, dtype: str
) -> None:
    # MediaPipe refuses a float input unless the metadata say how it is normalized.
    path = tmp_path / "model.tflite"
    path.write_bytes(convert(network, "none", dtype))
    model = load_model(path)
    assert model.classifier.runtime.inputs[0].dtype == dtype
    assert_same(stock(mediapipe, path, photo_files), model, photos(), 1e-5)


def test_mediapipe_reads_all_that_the_metadata_say(mediapipe: Path, int8_file: bytes, tmp_path: Path) -> None:
    labels = ("Zelle, defekt", "ça va", "良品")
    about = About("Names shapes.", "Ana Müller", "Apache-2.0")
    path = tmp_path / "model.tflite"
    path.write_bytes(add_metadata(int8_file, "shapes", "1.2.3", labels, about))
    said = json.loads(run_script(mediapipe, HERE / "mediapipe_metadata.py", path))
    assert said["files"] == {"labels.txt": "".join(f"{label}\n" for label in labels)}
    found: dict[str, Any] = said["metadata"]
    (tensors,) = found.pop("subgraphMetadata")
    assert found == {
        "name": "shapes",
        "description": "Names shapes.",
        "version": "1.2.3",
        "author": "Ana Müller",
        "license": "Apache-2.0",
        "minParserVersion": "1.0.0",
    }
    (photo,), (scores,) = tensors["inputTensorMetadata"], tensors["outputTensorMetadata"]
    rgb, size = 1, {"width": SIDE, "height": SIDE}
    assert photo["content"] == {
        "contentPropertiesType": IMAGE_PROPERTIES,
        "contentProperties": {"colorSpace": rgb, "defaultSize": size},
    }
    assert photo["processUnits"] == [{"optionsType": NORMALIZATION, "options": {"mean": [0.0], "std": [1.0]}}]
    assert photo["stats"] == {"max": [255.0], "min": [0.0]}
    assert scores["content"] == {"contentPropertiesType": FEATURE_PROPERTIES, "contentProperties": {}}
    assert scores["stats"] == {"max": [1.0], "min": [0.0]}
    assert [(file["name"], file["type"]) for file in scores["associatedFiles"]] == [("labels.txt", AXIS_LABELS)]


def test_labels_of_any_language_arrive(
    mediapipe: Path, int8_file: bytes, photo_files: list[Path], tmp_path: Path
) -> None:
    labels = ("Zelle, defekt", "ça va", "良品 🐒")
    path = tmp_path / "model.tflite"
    path.write_bytes(add_metadata(int8_file, "shapes", "1.0.0", labels))
    assert set(stock(mediapipe, path, photo_files[:1])[0]) == set(labels)
