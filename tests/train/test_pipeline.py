"""The whole of training, on small photos."""

import csv
import json
import shutil
from pathlib import Path

import cv2
import keras
import numpy as np
import pytest

from sagui.train import evaluate as evaluate_module
from sagui.train import features as features_module
from sagui.train import pipeline
from sagui.train.datasets import open_dataset
from sagui.train.errors import RecipeError, RunError
from sagui.train.recipe import FineTune, Probe, Recipe
from sagui.train.run import MODEL, new_folder, read_photo_file, read_run

SMALL = Recipe(image_size=64, seed=3, probe=Probe(epochs=3))


def test_a_run_tells_all_about_itself(shapes_run: Path, shapes: Path) -> None:
    run = read_run(shapes_run)
    assert run.labels == ("disc", "square")
    assert run.dataset.root == str(shapes)
    assert {part: len(photos) for part, photos in run.split.items()} == {"train": 38, "validation": 6, "test": 16}
    names = [photo.name for photos in run.split.values() for photo in photos]
    assert len(set(names)) == 60
    assert run.recipe.fine_tune.blocks == 2
    assert {"keras", "tensorflow", "numpy", "python", "sagui"} <= run.versions.keys()
    raw = json.loads((shapes_run / "run.json").read_text())
    assert 0 <= raw["metrics"]["test"]["accuracy"]["value"] <= 1
    for name in ("confusion.png", "curves.png"):
        assert (shapes_run / name).read_bytes().startswith(b"\x89PNG")


def test_it_learned(shapes_run: Path) -> None:
    measured = read_run(shapes_run).metrics.test
    assert measured.accuracy.n == 16
    assert measured.accuracy.value >= 0.8


def test_the_history_has_a_row_for_each_epoch(shapes_run: Path) -> None:
    with (shapes_run / "history.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows if row["phase"] == "fine-tune"] == ["1", "2", "3"]
    assert {row["phase"] for row in rows} == {"probe", "fine-tune"}
    assert all(float(row["loss"]) > 0 for row in rows)


def test_the_model_takes_pixels_as_they_are(shapes_run: Path) -> None:
    model = keras.models.load_model(shapes_run / MODEL)
    probabilities = np.asarray(model(np.full((1, 64, 64, 3), 200, np.float32)))
    assert probabilities.shape == (1, 2)
    assert probabilities.sum() == pytest.approx(1, abs=1e-5)


def test_the_model_in_the_run_is_the_one_that_was_measured(shapes_run: Path) -> None:
    from sagui.infer.preprocess import decode_photo, prepare

    run, model = read_run(shapes_run), keras.models.load_model(shapes_run / MODEL)
    photos = run.split["test"]
    pixels = np.stack([prepare(decode_photo(read_photo_file(run, photo)), run.input) for photo in photos])
    right = np.argmax(np.asarray(model(pixels.astype(np.float32))), 1) == [photo.label for photo in photos]
    assert right.mean() == pytest.approx(run.metrics.test.accuracy.value)


def test_the_test_photos_are_touched_once_at_the_end(
    shapes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    learned: list[str] = []
    extract, evaluate = features_module.extract, evaluate_module.evaluate
    order: list[str] = []

    def spy_extract(trunk: object, pixels: object, keys: list[str], *rest: object) -> object:
        learned.extend(keys)
        order.append("learn")
        return extract(trunk, pixels, keys, *rest)  # type: ignore[arg-type]

    def spy_evaluate(*arguments: object) -> object:
        order.append(str(arguments[4]))
        return evaluate(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr("sagui.train.fit.extract", spy_extract)
    monkeypatch.setattr(pipeline, "evaluate", spy_evaluate)
    run = pipeline.train(open_dataset(str(shapes)), SMALL, tmp_path / "run", tmp_path / "cache")
    assert order == ["learn", "learn", "validation", "test"]
    assert not {photo.sha256 for photo in run.split["test"]} & set(learned)


def test_frozen_features_are_computed_once(shapes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    computed: list[int] = []
    predict = features_module._predict

    def count(trunk: object, photos: np.ndarray) -> object:
        computed.append(len(photos))
        return predict(trunk, photos)

    monkeypatch.setattr(features_module, "_predict", count)
    for seed in (1, 1, 2):
        recipe = Recipe(image_size=64, seed=seed, views="none", probe=Probe(epochs=2))
        pipeline.train(open_dataset(str(shapes)), recipe, tmp_path / "run", tmp_path / "cache", overwrite=True)
    # The second run computes nothing; the third only what its other split did not see.
    first, later = sum(computed[:2]), sum(computed[2:])
    assert first == 44
    assert 0 < later < 16


def test_cached_features_are_the_networks_own(tmp_path: Path, shapes: Path) -> None:
    from sagui.bundle.manifest import InputSpec
    from sagui.train.audit import audit
    from sagui.train.backbones import efficientnet_lite0
    from sagui.train.views import VIEWS

    photos = audit(open_dataset(str(shapes)), InputSpec(height=64, width=64), tmp_path)
    trunk = efficientnet_lite0.build((64, 64, 3))
    keys = photos.keys[:3]
    found = features_module.extract(trunk, photos.pixels, keys, "dihedral", tmp_path)
    for view, store in zip(VIEWS["dihedral"], found.stores, strict=True):
        direct = np.asarray(trunk(view.of(photos.pixels.take(keys)).astype(np.float32), training=False))
        assert np.allclose(store.take(keys), direct, atol=2e-2, rtol=2e-2)


def test_photos_fitted_otherwise_have_other_features(tmp_path: Path) -> None:
    from sagui.bundle.manifest import InputSpec
    from sagui.train.audit import audit
    from sagui.train.backbones import efficientnet_lite0

    for kind in ("cat", "dog"):
        (tmp_path / "photos" / kind).mkdir(parents=True)
        wide = np.repeat(np.linspace(0, 250, 160, dtype=np.uint8)[None, :, None], 40, 0).repeat(3, 2)
        cv2.imwrite(str(tmp_path / "photos" / kind / "1.png"), wide + np.uint8(kind == "dog"))
    trunk = efficientnet_lite0.build((64, 64, 3))
    efficientnet_lite0.load(trunk, None)
    found = {}
    for fit in ("squash", "crop"):
        spec = InputSpec(height=64, width=64, fit=fit)
        photos = audit(open_dataset(str(tmp_path / "photos")), spec, tmp_path / "cache")
        features = features_module.extract(trunk, photos.pixels, photos.keys, "none", tmp_path / "cache")
        found[fit] = features.stores[0].take(photos.keys)
    assert not np.allclose(found["squash"], found["crop"])


def test_the_folder_one_is_in_is_no_place_for_a_run(
    shapes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RunError, match="is the folder you are in"):
        pipeline.train(open_dataset(str(shapes)), SMALL, Path(), tmp_path / "cache")


def test_a_run_is_replaced_whole(tmp_path: Path) -> None:
    for content in ("old", "new"):
        with new_folder(tmp_path / "run", overwrite=True) as folder:
            (folder / "run.json").write_text(content)
            (folder / content).touch()
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == ["new", "run.json"]
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_the_old_run_stays_if_the_new_one_cannot_take_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with new_folder(tmp_path / "run") as folder:
        (folder / "run.json").write_text("old")
    rename, calls = Path.rename, []

    def fail_once(self: Path, target: Path) -> Path:
        calls.append(target)
        if len(calls) == 2:  # the old one is aside, the new one is next
            raise OSError(5, "Input/output error")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fail_once)

    def replace() -> None:
        with new_folder(tmp_path / "run", overwrite=True) as folder:
            (folder / "run.json").write_text("new")

    with pytest.raises(RunError, match="Input/output error"):
        replace()
    assert (tmp_path / "run" / "run.json").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_a_run_that_exists_is_not_replaced_unasked(shapes: Path, shapes_run: Path, tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"exists; choose another folder with --out, or replace it with --overwrite"):
        pipeline.train(open_dataset(str(shapes)), SMALL, shapes_run, tmp_path / "cache")


def test_a_folder_that_is_no_run_is_never_replaced(shapes: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter1.tex").write_text("years of work")
    with pytest.raises(RunError, match="is not a run, so it is not replaced"):
        pipeline.train(open_dataset(str(shapes)), SMALL, tmp_path / "thesis", tmp_path / "cache", overwrite=True)
    assert (tmp_path / "thesis" / "chapter1.tex").exists()


def test_a_failed_run_leaves_nothing(tmp_path: Path) -> None:
    def fill_the_disk() -> None:
        with new_folder(tmp_path / "run") as folder:
            (folder / "model.keras").write_bytes(b"half")
            raise OSError(28, "No space left on device")

    with pytest.raises(RunError, match="No space left on device; nothing was kept"):
        fill_the_disk()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("recipe", "key"),
    [
        (Recipe(image_size=8), "image_size"),
        (Recipe(test_share=1.5), "test_share"),
        (Recipe(probe=Probe(epochs=0)), "epochs"),
        (Recipe(fine_tune=FineTune(blocks=-1)), "blocks"),
        (Recipe(fit="stretch"), "fit"),  # type: ignore[arg-type]
    ],
)
def test_a_recipe_out_of_range_names_the_key(shapes: Path, tmp_path: Path, recipe: Recipe, key: str) -> None:
    with pytest.raises(RecipeError, match=key):
        pipeline.train(open_dataset(str(shapes)), recipe, tmp_path / "run", tmp_path / "cache")


def test_a_photo_that_changed_is_found_out(shapes_run: Path, shapes: Path, tmp_path: Path) -> None:
    run = read_run(shapes_run)
    photo = run.split["test"][0]
    moved = tmp_path / "moved"
    shutil.copytree(shapes, moved)
    assert read_photo_file(run, photo, moved)
    (moved / photo.name).write_bytes(b"another photo")
    with pytest.raises(RunError, match="the photo has changed since the training"):
        read_photo_file(run, photo, moved)
    (moved / photo.name).unlink()
    with pytest.raises(RunError, match="say where to with --data DIR"):
        read_photo_file(run, photo, moved)


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda folder: (folder / "run.json").unlink(), "not a finished run"),
        (lambda folder: (folder / "run.json").write_text("{"), "not a run of this sagui"),
        (lambda folder: (folder / MODEL).unlink(), "is missing"),
    ],
)
def test_a_run_that_is_not_whole_is_refused(shapes_run: Path, tmp_path: Path, damage: object, reason: str) -> None:
    shutil.copytree(shapes_run, tmp_path / "run")
    damage(tmp_path / "run")  # type: ignore[operator]
    with pytest.raises(RunError, match=reason):
        read_run(tmp_path / "run")


def test_the_same_seed_gives_the_same_weights(shapes: Path, tmp_path: Path) -> None:
    recipe = Recipe(image_size=64, seed=5, probe=Probe(epochs=3), fine_tune=FineTune(blocks=1, epochs=1, batch_size=8))
    for name in ("one", "two"):
        pipeline.train(open_dataset(str(shapes)), recipe, tmp_path / name, tmp_path / "cache")
    one, two = (keras.models.load_model(tmp_path / name / MODEL).get_weights() for name in ("one", "two"))
    assert all(np.allclose(a, b, atol=1e-6) for a, b in zip(one, two, strict=True))
