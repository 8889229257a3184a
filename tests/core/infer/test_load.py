"""From a file to a classifier, or to a reason why not."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from sagui.bundle import Manifest, read_bundle, write_bundle
from sagui.bundle.golden import Golden, encode_golden
from sagui.bundle.manifest import Decision
from sagui.convert.metadata import add_metadata
from sagui.infer import choose
from sagui.infer.classify import Classifier, Normalization, calibrate, image_input, probabilities
from sagui.infer.errors import GoldenError, LabelsError, ModelError, NoRuntimeError
from sagui.infer.load import from_bundle, from_tflite, load_model
from sagui.infer.metadata import read_metadata
from sagui.infer.runtimes import Runtime, TensorSpec

LABELS = ("red", "green", "blue")


class StandIn:
    """A runtime that gives what it is told."""

    name = "stand-in"

    def __init__(self, inputs: tuple[TensorSpec, ...], outputs: tuple[TensorSpec, ...]) -> None:
        self.inputs, self.outputs = inputs, outputs
        self.seen: np.ndarray | None = None

    def invoke(self, frame: np.ndarray) -> np.ndarray:
        self.seen = frame
        return np.zeros(self.outputs[0].shape, self.outputs[0].dtype)


def shaped(inputs: tuple[int, ...], outputs: tuple[int, ...], dtype: str = "uint8") -> StandIn:
    return StandIn((TensorSpec(inputs, dtype),), (TensorSpec(outputs, dtype),))


@pytest.mark.parametrize("label", LABELS)
def test_a_bundle_names_photos(toy_bundle: Path, label: str, make_photo: Callable[..., np.ndarray]) -> None:
    model = load_model(toy_bundle)
    seen = model.classifier.classify(make_photo(label, 50))
    assert model.classifier.labels[seen.best()] == label
    assert seen.scores.sum() == pytest.approx(1, abs=0.02)


def test_a_bundle_proves_itself(toy_bundle: Path) -> None:
    proof = load_model(toy_bundle).prove()
    assert proof is not None
    assert (proof.count, proof.difference, proof.unit) == (3, 0.0, "steps")


def test_golden_frames_that_are_not_reproduced_are_refused(
    tmp_path: Path, bundle_entries: dict[str, bytes], make_manifest: Callable[..., Manifest]
) -> None:
    golden = read_bundle(write_bundle(tmp_path, make_manifest(), bundle_entries)).golden()
    off = golden.outputs.copy()
    off[1, 0] += 1  # one step in one of three frames
    entries = bundle_entries | {"golden.npz": encode_golden(Golden(golden.frames, off))}
    model = from_bundle(read_bundle(write_bundle(tmp_path, make_manifest(version="2.0.0"), entries)))
    with pytest.raises(GoldenError, match=r"1 of 3 golden frames differ, by up to 1 \(steps; 0 allowed\)"):
        model.prove()


def test_labels_inside_the_file_are_found(toy_tflite: bytes) -> None:
    model = add_metadata(toy_tflite, "toy", "1.0.0", LABELS)
    assert read_metadata(model).labels == LABELS
    assert (read_metadata(model).mean, read_metadata(model).std) == ((0.0,), (1.0,))
    assert from_tflite(model, "toy").classifier.labels == LABELS


def test_metadata_changes_no_output(toy_tflite: bytes, make_photo: Callable[..., np.ndarray]) -> None:
    plain = from_tflite(toy_tflite, "toy", LABELS).classifier
    described = from_tflite(add_metadata(toy_tflite, "toy", "1.0.0", LABELS), "toy").classifier
    photo = make_photo("green")
    assert np.array_equal(plain.classify(photo).scores, described.classify(photo).scores)


def test_a_file_without_metadata_has_none(toy_tflite: bytes) -> None:
    assert read_metadata(toy_tflite).labels is None
    assert read_metadata(b"\x00" * 64).labels is None


def test_missing_labels_are_asked_for(toy_tflite: bytes) -> None:
    with pytest.raises(LabelsError, match=r"name its 3 outputs with --labels FILE"):
        from_tflite(toy_tflite, "toy")


def test_labels_that_do_not_fit_are_refused(toy_tflite: bytes, tmp_path: Path) -> None:
    model, labels = tmp_path / "toy.tflite", tmp_path / "labels.txt"
    model.write_bytes(toy_tflite)
    labels.write_text("red\ngreen\n")
    with pytest.raises(LabelsError, match=r"toy.tflite: 2 labels for 3 outputs"):
        load_model(model, labels)


@pytest.mark.parametrize(
    ("inputs", "outputs", "reason"),
    [
        ((1, 10), (1, 3), r"its input is \(1, 10\)"),
        ((4, 8, 8, 3), (4, 3), "its input is"),
        ((1, 8, 8, 4), (1, 3), "channels"),
        ((1, 8, 8, 3), (1, 10, 4), "its outputs are"),
        ((1, 8, 8, 3), (1, 1), "its outputs are"),
    ],
)
def test_what_is_no_image_classifier_is_refused(
    inputs: tuple[int, ...],
    outputs: tuple[int, ...],
    reason: str,
    toy_tflite: bytes,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sagui.infer.load.load_runtime", lambda *_: shaped(inputs, outputs))
    with pytest.raises(ModelError, match=f"no image classifier: .*{reason}"):
        from_tflite(toy_tflite, "toy", LABELS)


def test_a_real_file_that_is_no_image_classifier_is_refused(root: Path) -> None:
    probe = root / "core" / "sagui" / "infer" / "probe.tflite"
    with pytest.raises(ModelError, match=r"probe.tflite: no image classifier: its input is \(1, 2\)"):
        load_model(probe)


def test_a_network_without_an_input_is_refused() -> None:
    import tensorflow as tf

    constant = tf.function(lambda: tf.constant([[1.0, 2.0]])).get_concrete_function()
    model = tf.lite.TFLiteConverter.from_concrete_functions([constant]).convert()
    with pytest.raises(ModelError, match="no image classifier: it has 0 inputs"):
        from_tflite(bytes(model), "constant", LABELS)


def test_an_edge_tpu_file_without_an_edge_tpu_is_refused(toy_tflite: bytes) -> None:
    with pytest.raises(ModelError, match="compiled for a Coral Edge TPU"):
        from_tflite(toy_tflite + b"edgetpu-custom-op", "toy", LABELS)


@pytest.mark.parametrize("content", [b"", b"PK", b"hello, this is text", b"\x1c\x00\x00\x00TFL3" + b"\x07" * 80])
def test_what_is_no_tflite_file_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"model.tflite: (not a TFLite file|the runtime cannot load this model)"):
        load_model(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"gone.tflite: cannot be read"):
        load_model(tmp_path / "gone.tflite")


def test_a_manifest_that_lies_about_its_model_is_refused(toy_bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sagui.infer.load.load_runtime", lambda *_: shaped((1, 32, 32, 3), (1, 3)))
    with pytest.raises(ModelError, match=r"height 32, its manifest 16"):
        load_model(toy_bundle)


@pytest.mark.parametrize("name", ["litert", "tensorflow"])
def test_each_runtime_gives_the_same(toy_tflite: bytes, make_photo: Callable[..., np.ndarray], name: str) -> None:
    runtime = choose.load_runtime(toy_tflite, 1, [name])
    assert runtime.name.startswith(name)
    reference = choose.load_runtime(toy_tflite)
    frame = make_photo("blue")
    assert np.array_equal(runtime.invoke(frame), reference.invoke(frame))


def test_a_runtime_that_only_imports_is_passed_over(monkeypatch: pytest.MonkeyPatch, toy_tflite: bytes) -> None:
    # tflite-runtime beside numpy 2 imports, and fails when it is used.
    def broken(_model: bytes, _threads: int) -> Runtime:
        raise AttributeError("_ARRAY_API not found")

    monkeypatch.setattr("sagui.infer.runtimes.litert.load", broken)
    choose.choose.cache_clear()
    try:
        assert choose.load_runtime(toy_tflite, 1, ["litert", "tensorflow"]).name.startswith("tensorflow")
        with pytest.raises(NoRuntimeError, match=r"litert: .*_ARRAY_API not found.*pip install ai-edge-litert"):
            choose.load_runtime(toy_tflite, 1, ["litert"])
    finally:
        choose.choose.cache_clear()


def test_a_float_input_is_normalized_as_the_file_says() -> None:
    runtime = shaped((1, 2, 2, 3), (1, 3), "float32")
    spec = image_input(runtime)
    classifier = Classifier(runtime, LABELS, spec, Decision(), Normalization((100.0,), (50.0,)))
    classifier.classify(np.full((2, 2, 3), 200, np.uint8))
    assert runtime.seen is not None
    assert (runtime.seen == 2.0).all()
    assert runtime.seen.dtype == np.float32


def test_an_int8_input_is_shifted() -> None:
    runtime = shaped((1, 2, 2, 3), (1, 3), "int8")
    Classifier(runtime, LABELS, image_input(runtime), Decision()).classify(np.full((2, 2, 3), 255, np.uint8))
    assert runtime.seen is not None
    assert (runtime.seen == 127).all()


def test_logits_become_probabilities() -> None:
    assert probabilities(np.array([0.0, 0.0])).tolist() == [0.0, 0.0]
    assert probabilities(np.array([5.0, 5.0])).tolist() == [0.5, 0.5]


def test_a_temperature_is_a_softmax_of_cooler_logits() -> None:
    logits = np.array([2.0, 1.0, -1.0])

    def softmax(numbers: np.ndarray) -> np.ndarray:
        return np.asarray(np.exp(numbers) / np.exp(numbers).sum())

    assert np.allclose(calibrate(softmax(logits), 2.5), softmax(logits / 2.5))
    assert np.allclose(calibrate(softmax(logits), 1.0), softmax(logits))
