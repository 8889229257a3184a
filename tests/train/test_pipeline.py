"""The whole of training, on small photos."""

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import cv2
import keras
import numpy as np
import pytest

from sagui.train import pipeline, predictions
from sagui.train.datasets import Dataset, Photo, open_dataset
from sagui.train.errors import DatasetError, RecipeError, TrainError
from sagui.train.learn import learn
from sagui.train.pipeline import Options
from sagui.train.predict import predict
from sagui.train.recipe.choices import Recipe
from sagui.train.recipe.read import read_recipe, with_settings
from sagui.train.run import MODEL, RECIPE, read_photo_file, read_run

SMALL = ["input.size=64", "seed=3", "training.epochs=3"]
TINY = ["backbone.name=lenet-5", "training.epochs=2", "seed=3"]


def chosen(*settings: str) -> Recipe:
    return with_settings(Recipe(), settings)


def weights(run: Path) -> list[np.ndarray]:
    return [np.asarray(array) for array in keras.models.load_model(run / MODEL).get_weights()]


def same(one: Path, two: Path) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(weights(one), weights(two), strict=True))


def test_a_run_tells_all_about_itself(shapes_run: Path, shapes: Path) -> None:
    run = read_run(shapes_run)
    assert run.labels == ("disc", "square")
    assert run.dataset.root == str(shapes)
    assert sum(len(photos) for photos in run.split.values()) == 60
    names = [photo.name for photos in run.split.values() for photo in photos]
    assert len(set(names)) == 60
    assert run.recipe.training.blocks == 2
    assert run.recipe.optimizer.learning_rate == 1e-3
    assert run.parameters > 3_000_000
    assert {"keras", "tensorflow", "numpy", "python", "sagui"} <= run.versions.keys()
    raw = json.loads((shapes_run / "run.json").read_text())
    assert 0 <= raw["metrics"]["test"]["accuracy"]["value"] <= 1
    for name in ("confusion.png", "curves.png", "augmented.png"):
        assert (shapes_run / name).read_bytes().startswith(b"\x89PNG")
    assert "<h1>shapes</h1>" in (shapes_run / "report.html").read_text()


def test_it_learned(shapes_run: Path) -> None:
    measured = read_run(shapes_run).metrics.test
    assert measured.accuracy.n == len(read_run(shapes_run).split["test"])
    assert measured.accuracy.value >= 0.8


def test_the_history_has_a_row_for_each_epoch(shapes_run: Path) -> None:
    with (shapes_run / "history.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows if row["phase"] == "fine-tune"] == ["1", "2", "3"]
    assert {row["phase"] for row in rows} == {"probe", "fine-tune"}
    assert all(float(row["loss"]) > 0 and float(row["seconds"]) > 0 for row in rows)
    rates = [float(row["learning_rate"]) for row in rows if row["phase"] == "fine-tune"]
    assert rates[0] > rates[-1]


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
    scores = np.asarray(model(pixels.astype(np.float32)))
    right = np.argmax(scores, 1) == [photo.label for photo in photos]
    assert right.mean() == pytest.approx(run.metrics.test.accuracy.value)
    with np.load(shapes_run / "predictions.npz") as kept:
        assert list(kept["test_names"]) == [photo.name for photo in photos]
        assert np.allclose(kept["test_scores"], scores, atol=1e-4)


def test_the_test_photos_are_touched_once_at_the_end(
    shapes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    learned: set[int] = set()

    def spy_learn(photos: Any, parts: Any, *rest: Any) -> Any:
        order.append("learn")
        learned.update(parts.train, parts.validation)
        assert not learned & set(parts.test)
        return learn(photos, parts, *rest)

    def spy_predict(model: Any, pixels: Any, keys: Any, what: str, *rest: Any) -> Any:
        order.append(what)
        return predict(model, pixels, keys, what, *rest)

    monkeypatch.setattr(pipeline, "learn", spy_learn)
    monkeypatch.setattr(predictions, "predict", spy_predict)
    pipeline.train(open_dataset(str(shapes)), chosen(*TINY), tmp_path / "run", tmp_path / "cache")
    assert order == ["learn", "Evaluate on the validation photos", "Evaluate on the test photos"]


def test_the_stored_recipe_gives_the_same_weights_again(shapes: Path, tmp_path: Path) -> None:
    dataset = open_dataset(str(shapes))
    first = chosen("input.size=64", "seed=5", "training.blocks=1", "training.epochs=1", "augmentation.rotation=10")
    pipeline.train(dataset, first, tmp_path / "one", tmp_path / "cache")
    stored = read_recipe(tmp_path / "one" / RECIPE)
    pipeline.train(dataset, stored, tmp_path / "two", tmp_path / "other-cache")
    assert same(tmp_path / "one", tmp_path / "two")
    assert read_run(tmp_path / "one").recipe_digest == read_run(tmp_path / "two").recipe_digest


def test_another_seed_gives_other_weights(shapes: Path, tmp_path: Path) -> None:
    for seed in (1, 2):
        recipe = chosen(*TINY, f"seed={seed}")
        pipeline.train(open_dataset(str(shapes)), recipe, tmp_path / str(seed), tmp_path / "cache")
    assert not same(tmp_path / "1", tmp_path / "2")


def test_folds_are_told_with_their_mean_and_spread(
    shapes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from sagui.progress.terminal import TerminalProgress

    run = pipeline.train(
        open_dataset(str(shapes)),
        chosen(*TINY, "split.folds=3"),
        tmp_path / "run",
        tmp_path / "cache",
        progress=TerminalProgress(),
    )
    assert len(run.metrics.folds) == 3
    assert sum(fold.n for fold in run.metrics.folds) == len(run.split["train"]) + len(run.split["validation"])
    assert "folds" in (tmp_path / "run" / "report.html").read_text()


def test_unknown_things_are_judged(shapes: Path, tmp_path: Path) -> None:
    strangers = tmp_path / "strangers"
    strangers.mkdir()
    rng = np.random.default_rng(0)
    for number in range(5):
        cv2.imwrite(str(strangers / f"{number}.png"), rng.integers(0, 255, (40, 40, 3), dtype=np.uint8))
    options = Options(unknowns=strangers)
    run = pipeline.train(open_dataset(str(shapes)), chosen(*TINY), tmp_path / "run", tmp_path / "cache", options)
    assert run.metrics.unknowns is not None
    assert run.metrics.unknowns.n == 5
    assert 0 <= run.metrics.unknowns.auroc <= 1


def test_a_folder_without_unknown_things_is_named(shapes: Path, tmp_path: Path) -> None:
    options = Options(unknowns=tmp_path)
    with pytest.raises(DatasetError, match="no photos of unknown things"):
        pipeline.train(open_dataset(str(shapes)), chosen(*TINY), tmp_path / "run", tmp_path / "cache", options)


@pytest.fixture(scope="module")
def marked(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Photos with a red square, a blue square, both, or none."""
    root = tmp_path_factory.mktemp("marked")
    rng, photos = np.random.default_rng(1), []
    for number in range(80):
        picture = rng.integers(0, 70, (40, 40, 3), dtype=np.uint8)
        shown = tuple(at for at in (0, 1) if number >> at & 1)
        for at in shown:
            x, y = rng.integers(2, 26, 2)
            picture[y : y + 12, x : x + 12] = ((40, 40, 250), (250, 40, 40))[at]
        cv2.imwrite(str(root / f"{number}.png"), picture)
        photos.append(Photo(f"{number}.png", shown, str(shown)))
    return Dataset("marked", "marked", root, ("red", "blue"), tuple(photos), task="multi-label")


def test_photos_may_have_several_labels(marked: Dataset, tmp_path: Path) -> None:
    recipe = chosen("backbone.name=lenet-5", "training.epochs=12", "optimizer.learning_rate=0.003", "split.test=0.4")
    run = pipeline.train(marked, recipe, tmp_path / "run", tmp_path / "cache")
    assert run.task == "multi-label"
    assert run.metrics.quality.multi_label is not None
    assert len(run.metrics.quality.multi_label.thresholds) == 2
    assert run.metrics.quality.macro.f1 > 0.6
    model = keras.models.load_model(tmp_path / "run" / MODEL)
    assert model.layers[-1].get_config()["activation"] == "sigmoid"
    assert "red" in (tmp_path / "run" / "report.html").read_text()


def test_several_labels_and_a_recipe_for_one_are_refused(marked: Dataset, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="the recipe says task = single-label"):
        pipeline.train(marked, chosen("task=single-label"), tmp_path / "run", tmp_path / "cache")


def test_what_cannot_be_is_refused_before_a_photo_is_read(shapes: Path, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="softmax"):
        pipeline.train(
            open_dataset(str(shapes)),
            chosen("task=multi-label", "head.activation=softmax"),
            tmp_path / "run",
            tmp_path / "cache",
        )
    assert not (tmp_path / "cache").exists()


def test_a_loss_that_is_no_number_ends_it_with_the_cause(shapes: Path, tmp_path: Path) -> None:
    recipe = chosen(*TINY, "optimizer.name=sgd", "optimizer.learning_rate=100", "optimizer.clip_norm=0")
    with pytest.raises(TrainError, match=r"in step \d+ of epoch \d: most likely the learning rate \(100\) is too high"):
        pipeline.train(
            open_dataset(str(shapes)),
            with_settings(recipe, ["loss.name=mean-squared-error", "regularization.l2=10", "training.epochs=30"]),
            tmp_path / "run",
            tmp_path / "cache",
        )
    assert not (tmp_path / "run").exists()


def test_a_target_accuracy_ends_it_early(shapes: Path, tmp_path: Path) -> None:
    recipe = chosen(*SMALL, "training.epochs=50", "training.target_accuracy=0.6")
    pipeline.train(open_dataset(str(shapes)), recipe, tmp_path / "run", tmp_path / "cache")
    with (tmp_path / "run" / "history.csv").open() as file:
        reached = [float(row["validation_accuracy"]) for row in csv.DictReader(file)]
    assert len(reached) < 50
    assert reached[-1] >= 0.6
    assert all(value < 0.6 for value in reached[:-1])


def test_tensorboard_that_is_not_installed_is_named(
    shapes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "find_spec", lambda _name: None)
    with pytest.raises(RecipeError, match=r"pip install 'sagui\[tensorboard\]'"):
        pipeline.train(
            open_dataset(str(shapes)), chosen("training.tensorboard=true"), tmp_path / "run", tmp_path / "cache"
        )


def test_more_folds_than_photos_are_refused(shapes: Path, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"split\.folds = 40 is too many, take fewer or none: class"):
        pipeline.train(open_dataset(str(shapes)), chosen(*TINY, "split.folds=40"), tmp_path / "run", tmp_path / "cache")


def test_of_equal_epochs_the_one_that_learned_more_is_kept(shapes: Path, tmp_path: Path) -> None:
    recipe = chosen("input.size=64", "training.blocks=1", "training.epochs=8", "seed=3")
    run = pipeline.train(open_dataset(str(shapes)), recipe, tmp_path / "run", tmp_path / "cache")
    with (tmp_path / "run" / "history.csv").open() as file:
        rows = list(csv.DictReader(file))
    best = max(float(row["validation_accuracy"]) for row in rows)
    losses = [float(row["validation_loss"]) for row in rows if float(row["validation_accuracy"]) == best]
    with np.load(tmp_path / "run" / "predictions.npz") as kept:
        truth, scores = kept["validation_truth"], kept["validation_scores"]
    smooth = (1 - 0.1) * truth + 0.1 / 2
    measured = -(smooth * np.log(scores)).sum(axis=1).mean()
    assert measured == pytest.approx(min(losses), abs=2e-3)
    assert run.metrics.validation.accuracy.value == pytest.approx(best)


def test_tensorboard_events_are_kept_in_the_run(shapes: Path, tmp_path: Path) -> None:
    recipe = chosen(*TINY, "training.tensorboard=true")
    pipeline.train(open_dataset(str(shapes)), recipe, tmp_path / "run", tmp_path / "cache")
    assert list((tmp_path / "run" / "tensorboard").rglob("events.out.tfevents.*"))


@pytest.mark.parametrize(
    "settings",
    [
        ["optimizer.name=momentum", "schedule.name=step", "schedule.every_epochs=1"],
        ["optimizer.name=adagrad", "schedule.name=exponential", "loss.name=focal"],
        ["optimizer.name=rmsprop", "schedule.name=linear", "loss.name=mean-squared-error"],
        ["optimizer.name=adadelta", "schedule.name=plateau", "regularization.l1=0.001"],
        ["optimizer.name=adamw", "schedule.name=cosine", "loss.class_weights=balanced", "augmentation.mixup=0.3"],
        ["optimizer.name=nesterov", "head.batch_norm=true", "head.dense=[16]", "initialization=he-normal"],
        ["optimizer.average=0.9", "augmentation.cutout=0.3", "augmentation.colour=0.2", "head.pooling=max"],
        ["training.mixed_precision=on"],
    ],
    ids=lambda settings: settings[0],
)
def test_whatever_is_chosen_trains(shapes: Path, tmp_path: Path, settings: list[str]) -> None:
    run = pipeline.train(open_dataset(str(shapes)), chosen(*TINY, *settings), tmp_path / "run", tmp_path / "cache")
    assert run.metrics.test.accuracy.n > 0
    assert all(np.isfinite(array).all() for array in weights(tmp_path / "run"))
    assert all(array.dtype == np.float32 for array in weights(tmp_path / "run"))


def test_photos_of_a_person_who_split_them_stay_where_they_are(shapes: Path, tmp_path: Path) -> None:
    root = tmp_path / "given"
    for kind in ("disc", "square"):
        for number, path in enumerate(sorted((shapes / kind).iterdir())):
            part = ("train", "train", "val", "test")[number % 4]
            (root / part / kind).mkdir(parents=True, exist_ok=True)
            shutil.copy(path, root / part / kind)
    run = pipeline.train(open_dataset(str(root)), chosen(*TINY), tmp_path / "run", tmp_path / "cache")
    assert {photo.name.split("/")[0] for photo in run.split["test"]} == {"test"}
    assert {photo.name.split("/")[0] for photo in run.split["validation"]} == {"val"}
