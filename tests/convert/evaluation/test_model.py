"""The model file that is evaluated."""

import pickle
from collections.abc import Callable
from pathlib import Path

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from sagui.bundle import BundleError, Manifest, write_bundle
from sagui.convert.errors import ConvertError
from sagui.convert.evaluation.model import read_model
from sagui.errors import SaguiError
from sagui.infer.errors import LabelsError, ModelError


def test_a_bundle_and_a_bare_file_are_the_same_network(toy_bundle: Path, toy_file: Path, colour_labels: Path) -> None:
    bundle, bare = read_model(toy_bundle), read_model(toy_file, colour_labels)
    assert (bundle.bundle, bare.bundle) == (True, False)
    for model in (bundle, bare):
        assert model.load().classifier.labels == ("red", "green", "blue")
    assert bundle.load().version == "1.2.3"


def test_a_process_loads_a_model_once(toy_bundle: Path) -> None:
    model = read_model(toy_bundle)
    travelled = pickle.loads(pickle.dumps(model))  # noqa: S301 (our own)
    assert travelled.load() is model.load()


def test_a_model_that_is_used_otherwise_is_loaded_anew(toy_file: Path, colour_labels: Path) -> None:
    first = read_model(toy_file, colour_labels).load()
    colour_labels.write_text("a\nb\nc\n")
    assert read_model(toy_file, colour_labels).load() is not first
    assert read_model(toy_file, colour_labels).load().classifier.labels == ("a", "b", "c")


@pytest.mark.parametrize(
    ("content", "error", "reason"),
    [
        (b"no model", ModelError, "model: not a TFLite file"),
        (b"PK\x03\x04 no zip", BundleError, "model: not a bundle, or a damaged one"),
        (None, ModelError, "model: cannot be read: No such file"),
    ],
)
def test_what_is_no_model_is_told(tmp_path: Path, content: bytes | None, error: type[Exception], reason: str) -> None:
    path = tmp_path / "model"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(error, match=reason):
        read_model(path)


def test_a_file_without_labels_asks_for_them(toy_file: Path, colour_labels: Path) -> None:
    with pytest.raises(LabelsError, match="name its 3 outputs with --labels FILE"):
        read_model(toy_file)
    colour_labels.write_text("red\ngreen\n")
    with pytest.raises(LabelsError, match="2 labels for 3 outputs"):
        read_model(toy_file, colour_labels)


def test_a_bundle_needs_no_labels(toy_bundle: Path, colour_labels: Path) -> None:
    with pytest.raises(ConvertError, match="a bundle has its labels inside; leave --labels out"):
        read_model(toy_bundle, colour_labels)


def test_a_bundle_of_several_labels_is_refused(
    bundle_entries: dict[str, bytes], make_manifest: Callable[..., Manifest], tmp_path: Path
) -> None:
    path = write_bundle(tmp_path, make_manifest(task="multi-label"), bundle_entries)
    with pytest.raises(ConvertError, match="gives several labels for a photo"):
        read_model(path)


def without_weights(model: bytes) -> bytes:
    """The same file, whose dense layer lacks the weights that the runtime takes for granted."""
    content = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(model, 0))
    graph = content.subgraphs[0]
    codes = [code.builtinCode for code in content.operatorCodes]
    (dense,) = (op for op in graph.operators if codes[op.opcodeIndex] == schema.BuiltinOperator.FULLY_CONNECTED)
    dense.inputs = np.array([dense.inputs[0], -1, -1], np.int32)
    builder = flatbuffers.Builder(len(model))
    builder.Finish(content.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


def test_a_model_that_crashes_the_runtime_does_not_crash_us(
    toy_tflite: bytes, toy_file: Path, colour_labels: Path
) -> None:
    toy_file.write_bytes(without_weights(toy_tflite))
    # What lies behind the end of its tensors decides whether it crashes or notices.
    words = r"toy.tflite: the runtime (crashes on this model, so the file is damaged|cannot load this model)"
    with pytest.raises(SaguiError, match=words):
        read_model(toy_file, colour_labels)
