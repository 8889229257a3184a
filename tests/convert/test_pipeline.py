"""The whole of conversion, on a real run."""

import shutil
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from sagui.bundle import read_bundle
from sagui.convert.errors import ConvertError, ExportError, GateError
from sagui.convert.gate import Budget
from sagui.convert.pipeline import Options, convert
from sagui.infer.load import load_model
from sagui.infer.metadata import read_metadata
from sagui.train.run import MODEL

LENIENT = Budget(overall=20.0, per_class=100.0)


def options(**changes: object) -> Options:
    return Options(**({"name": "shapes", "calibration": 10, "budget": LENIENT} | changes))  # type: ignore[arg-type]


def test_a_bundle_carries_its_proof(shapes_bundle: Path) -> None:
    bundle = read_bundle(shapes_bundle)
    manifest = bundle.manifest
    assert (manifest.name, manifest.version) == ("shapes", "1.0.0")
    assert manifest.labels == ("disc", "square")
    assert manifest.metrics.exported.accuracy.n == manifest.metrics.float.accuracy.n == 16
    assert (manifest.golden.count, manifest.golden.tolerance, manifest.golden.unit) == (8, 0.0, "steps")
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
    assert done.report.agreement == 1.0
    model = load_model(done.path)
    assert model.classifier.runtime.inputs[0].dtype == "uint8"
    assert model.prove() is not None
    assert read_bundle(done.path).manifest.golden.unit == "absolute"


def test_a_network_that_quantization_ruins_is_not_shipped(shapes_run: Path, tmp_path: Path) -> None:
    # One channel a thousand times larger, and taken back by the next layer: floats do not mind, 8 bits cannot hold it.
    ruined = tmp_path / "run"
    shutil.copytree(shapes_run, ruined)
    model = keras.models.load_model(ruined / MODEL)
    normalization, following = model.get_layer("block0_project_bn"), model.get_layer("block1_expand_conv")
    gamma, beta, *statistics = normalization.get_weights()
    gamma[:4] *= 1000
    beta[:4] *= 1000
    normalization.set_weights([gamma, beta, *statistics])
    (kernel,) = following.get_weights()
    kernel[:, :, :4] /= 1000
    following.set_weights([kernel])
    model.save(ruined / MODEL)
    with pytest.raises(GateError, match=r"is not shipped, on 16 test photos: accuracy fell from .* points, 0 allowed"):
        convert(ruined, tmp_path / "out", options(budget=Budget(0.0, 100.0)))
    assert not (tmp_path / "out").exists()


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
    ("changes", "reason"), [({"calibration": 0}, "at least 1 photo"), ({"name": "My Model"}, "cannot be used")]
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
