"""The whole of conversion, on a real run."""

import shutil
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from sagui.bundle import read_bundle
from sagui.convert.candidates import Candidate
from sagui.convert.errors import ConvertError, ExportError, GateError
from sagui.convert.gate import Budget
from sagui.convert.graph import read_graph
from sagui.convert.modes import AUTO
from sagui.convert.pipeline import Converted, Options, convert
from sagui.infer.load import load_model
from sagui.infer.metadata import read_metadata
from sagui.train.run import MODEL, read_run

LENIENT = Budget(overall=20.0, per_class=100.0)


def options(**changes: object) -> Options:
    return Options(**({"name": "shapes", "calibration": 10, "budget": LENIENT} | changes))  # type: ignore[arg-type]


def test_a_bundle_carries_its_proof(shapes_bundle: Path) -> None:
    bundle = read_bundle(shapes_bundle)
    manifest = bundle.manifest
    assert (manifest.name, manifest.version) == ("shapes", "1.0.0")
    assert manifest.labels == ("disc", "square")
    assert manifest.metrics.exported.accuracy.n == manifest.metrics.float.accuracy.n == 16
    assert (manifest.golden.count, manifest.golden.tolerance, manifest.golden.unit) == (8, 1.0, "steps")
    assert manifest.quantization.mode == "int8"
    proof = load_model(shapes_bundle).prove()
    assert proof is not None
    assert proof.difference == 0.0


def test_the_file_takes_pixels_and_gives_probabilities(shapes_bundle: Path) -> None:
    runtime = load_model(shapes_bundle).classifier.runtime
    assert (runtime.inputs[0].dtype, runtime.inputs[0].shape) == ("uint8", (1, 64, 64, 3))
    assert runtime.inputs[0].scale == pytest.approx(1.0, abs=1e-3)
    assert runtime.inputs[0].zero_point == 0
    assert runtime.outputs[0].dtype == "uint8"


def test_other_tools_find_the_labels(shapes_bundle: Path) -> None:
    assert read_metadata(read_bundle(shapes_bundle).model).labels == ("disc", "square")


def test_the_evaluation_is_of_the_file_that_is_shipped(shapes_bundle: Path, shapes_run: Path) -> None:
    from sagui.infer.preprocess import decode_photo
    from sagui.train.run import read_photo_file, read_run

    run, classifier = read_run(shapes_run), load_model(shapes_bundle).classifier
    right = [
        classifier.classify(decode_photo(read_photo_file(run, photo))).best() == photo.label
        for photo in run.split["test"]
    ]
    assert np.mean(right) == pytest.approx(read_bundle(shapes_bundle).manifest.metrics.exported.accuracy.value)


def test_the_same_run_gives_the_same_bytes(shapes_run: Path, tmp_path: Path) -> None:
    one, two = (convert(shapes_run, tmp_path / name, options()).path for name in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()


def test_floats_are_kept_on_request(shapes_run: Path, tmp_path: Path) -> None:
    done = convert(shapes_run, tmp_path, options(mode="none", version="2.0.0-rc.1"))
    assert done.path.name == "shapes-2.0.0-rc.1.sagui"
    assert done.report.verdict.agreement == 1.0
    model = load_model(done.path)
    assert model.classifier.runtime.inputs[0].dtype == "uint8"
    assert model.prove() is not None
    assert read_bundle(done.path).manifest.golden.unit == "absolute"


@pytest.fixture(scope="module")
def ruined(shapes_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One channel a thousand times larger, taken back by the next layer: floats do not mind, 8 bits cannot hold it."""
    run = tmp_path_factory.mktemp("ruined") / "run"
    shutil.copytree(shapes_run, run)
    model = keras.models.load_model(run / MODEL)
    normalization, following = model.get_layer("block0_project_bn"), model.get_layer("block1_expand_conv")
    gamma, beta, *statistics = normalization.get_weights()
    gamma[:4] *= 1000
    beta[:4] *= 1000
    normalization.set_weights([gamma, beta, *statistics])
    (kernel,) = following.get_weights()
    kernel[:, :, :4] /= 1000
    following.set_weights([kernel])
    model.save(run / MODEL)
    return run


def test_a_network_that_quantization_ruins_is_not_shipped(ruined: Path, tmp_path: Path) -> None:
    with pytest.raises(
        GateError, match=r"is not shipped, on 16 test photos: accuracy fell from .* points, 0 allowed; .* photos lost"
    ) as caught:
        convert(ruined, tmp_path / "out", options(budget=Budget(0.0, 100.0)))
    assert not (tmp_path / "out").exists()
    assert caught.value.evidence
    assert all(" is disc: float says " in line or " is square: float says " in line for line in caught.value.evidence)


@pytest.fixture(scope="module")
def forced(ruined: Path, tmp_path_factory: pytest.TempPathFactory) -> Converted:
    """Shipped although the gate refuses it."""
    return convert(ruined, tmp_path_factory.mktemp("forced"), options(budget=Budget(0.0, 100.0), force=True))


def test_who_ships_it_all_the_same_leaves_a_trace(forced: Converted) -> None:
    bundle = read_bundle(forced.path)
    assert bundle.manifest.quantization.forced[0].startswith("accuracy fell from")
    for entry in ("report.html", "README.md"):
        assert "the accuracy gate refused this file" in " ".join(bundle.entries[entry].decode().split()).lower()


def test_the_layer_that_ruins_it_is_named(forced: Converted) -> None:
    assert "block0_project" in forced.report.culprits[0]
    assert len(forced.report.layers) == 10
    assert forced.report.culprits[0] in read_bundle(forced.path).entries["report.html"].decode()


def test_photos_that_changed_sides_are_in_the_report(ruined: Path, forced: Converted) -> None:
    changed = forced.report.verdict.changed
    names = {photo.name for photo in read_run(ruined).split["test"]}
    assert len(forced.report.photos) == len(changed) > 0
    assert set(forced.report.photos) <= names
    page = read_bundle(forced.path).entries["report.html"].decode()
    assert "Which photos changed sides?" in page
    assert forced.report.photos[0] in page


def test_the_fastest_mode_that_passes_is_taken(ruined: Path, tmp_path: Path) -> None:
    done = convert(ruined, tmp_path, options(mode="auto", budget=Budget(0.0, 100.0)))
    modes = [one.mode.name for one in done.tried]
    assert modes[0] == "int8"
    assert modes == list(AUTO[: len(modes)])
    assert isinstance(done.tried[1], Candidate)
    assert done.report.mode == modes[-1] != "int8"
    assert [one.passed for one in done.report.tried] == [False] * (len(modes) - 1) + [True]
    assert "What was tried?" in read_bundle(done.path).entries["report.html"].decode()


@pytest.mark.parametrize(
    ("mode", "pixels", "share"),
    [("float16", "uint8", 0.55), ("dynamic", "uint8", 0.35), ("int16x8", "float32", 0.4), ("mixed", "uint8", 0.5)],
)
def test_each_mode_gives_a_file_that_proves_itself(
    shapes_run: Path, tmp_path: Path, mode: str, pixels: str, share: float
) -> None:
    done = convert(shapes_run, tmp_path, options(mode=mode))
    loaded, manifest = load_model(done.path), read_bundle(done.path).manifest
    assert manifest.quantization.mode == mode
    assert loaded.classifier.runtime.inputs[0].dtype == manifest.input.dtype == pixels
    assert done.report.bytes_exported < share * done.report.bytes_float
    assert loaded.prove() is not None


def test_an_int8_file_may_take_and_give_int8(shapes_run: Path, tmp_path: Path) -> None:
    done = convert(shapes_run, tmp_path, options(io="int8", edgetpu_friendly=True))
    loaded = load_model(done.path)
    runtime = loaded.classifier.runtime
    assert (runtime.inputs[0].dtype, runtime.inputs[0].zero_point, runtime.outputs[0].dtype) == ("int8", -128, "int8")
    assert loaded.prove() is not None
    graph = read_graph(read_bundle(done.path).model)
    (dense,) = [op for op in graph.ops if op.kind == "FULLY_CONNECTED"]
    weights = graph.tensors[dense.inputs[1]].scales
    assert weights is not None
    assert not weights.per_channel


def test_the_report_shows_both_side_by_side(shapes_bundle: Path) -> None:
    entries = read_bundle(shapes_bundle).entries
    page = entries["report.html"].decode()
    for text in ("disc", "square", "float", "this file", "95 % interval", "16"):
        assert text in page
    assert "http" not in page.replace("https://", "http://").replace("http://www.w3.org", "")
    assert "16 test photos" in entries["README.md"].decode()


def test_names_in_the_report_are_harmless(shapes: Path, tmp_path: Path) -> None:
    from sagui.train.datasets import open_dataset
    from sagui.train.pipeline import train
    from sagui.train.recipe.choices import InputChoice, Recipe, TrainingChoice

    hostile = tmp_path / "photos"
    shutil.copytree(shapes / "disc", hostile / "<script>alert(1)<")
    shutil.copytree(shapes / "square", hostile / "square")
    recipe = Recipe(input=InputChoice(size=64), training=TrainingChoice(epochs=2))
    train(open_dataset(str(hostile)), recipe, tmp_path / "run", tmp_path / "cache")
    path = convert(tmp_path / "run", tmp_path, options(mode="none")).path
    assert "<script>" not in read_bundle(path).entries["report.html"].decode()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"calibration": 0}, "at least 1 photo"),
        ({"calibration": 1}, "--calibration 1: fewer photos than the 2 classes"),
        ({"name": "My Model"}, "cannot be used"),
        ({"budget": Budget(overall=float("nan"))}, "a limit or the threshold is no number"),
        ({"mode": "dynamic", "io": "int8"}, "--io int8 goes with --quantize int8 alone, not with dynamic"),
        ({"mode": "none", "edgetpu_friendly": True}, "--edgetpu-friendly goes with --quantize int8 alone"),
    ],
)
def test_what_cannot_be_is_refused_at_once(
    shapes_run: Path, tmp_path: Path, changes: dict[str, object], reason: str
) -> None:
    with pytest.raises(Exception, match=reason):
        convert(shapes_run, tmp_path, options(**changes))


def test_a_damaged_model_is_refused(shapes_run: Path, tmp_path: Path) -> None:
    shutil.copytree(shapes_run, tmp_path / "run")
    (tmp_path / "run" / MODEL).write_bytes(b"PK not a model")
    with pytest.raises(ExportError, match=r"model.keras: not a Keras model"):
        convert(tmp_path / "run", tmp_path, options())


def test_a_full_disk_leaves_nothing(shapes_bundle: Path, tmp_path: Path) -> None:
    code = (
        "import resource; from pathlib import Path; from sagui.bundle import read_bundle, write_bundle\n"
        f"bundle = read_bundle(Path({str(shapes_bundle)!r}))\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        f"write_bundle(Path({str(tmp_path)!r}), bundle.manifest, bundle.entries)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "File too large" in done.stderr
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_written_is_said_in_one_line(shapes_run: Path, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file, not a folder")
    with pytest.raises(ConvertError, match="the bundle cannot be written"):
        convert(shapes_run, tmp_path / "out", options(mode="none"))
