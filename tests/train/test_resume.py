"""An interrupted training goes on, and ends as it would have."""

import dataclasses
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from sagui.train import pipeline, watch
from sagui.train.checkpoint import Checkpoints
from sagui.train.datasets import open_dataset
from sagui.train.errors import DatasetError, RecipeError, RunError
from sagui.train.pipeline import Options
from sagui.train.recipe.choices import Recipe
from sagui.train.recipe.read import with_settings
from sagui.train.run import MODEL

RECIPES = {
    "probe": ["input.size=64", "training.epochs=4", "training.patience=2"],
    "blocks after a probe": ["input.size=64", "training.blocks=1", "training.head=probe", "training.epochs=4"],
    "whole": [
        "backbone.name=lenet-5",
        "training.epochs=4",
        "augmentation.rotation=20",
        "augmentation.mixup=0.2",
        "schedule.name=plateau",
        "schedule.patience=1",
        "optimizer.name=momentum",
        "optimizer.average=0.9",
    ],
}


def weights(run: Path) -> list[np.ndarray]:
    return [np.asarray(array) for array in keras.models.load_model(run / MODEL).get_weights()]


@pytest.fixture
def interrupt(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, int], None]:
    """Makes Ctrl-C come at the end of an epoch."""

    def at(phase: str, epoch: int) -> None:
        on_epoch_end = watch.Record.on_epoch_end

        def then_stop(self: watch.Record, number: int, logs: dict[str, float] | None = None) -> None:
            on_epoch_end(self, number, logs)
            if (self._phase, number + 1) == (phase, epoch):
                monkeypatch.undo()
                raise KeyboardInterrupt

        monkeypatch.setattr(watch.Record, "on_epoch_end", then_stop)

    return at


@pytest.mark.parametrize(
    ("name", "phase", "epoch"),
    [
        ("probe", "probe", 2),
        ("blocks after a probe", "probe", 3),
        ("blocks after a probe", "fine-tune", 1),
        ("whole", "train", 2),
        ("whole", "train", 4),
    ],
)
def test_it_ends_with_the_same_weights(
    shapes: Path, tmp_path: Path, interrupt: Callable[[str, int], None], name: str, phase: str, epoch: int
) -> None:
    dataset, recipe, cache = open_dataset(str(shapes)), with_settings(Recipe(), RECIPES[name]), tmp_path / "cache"
    whole = pipeline.train(dataset, recipe, tmp_path / "whole", cache)
    interrupt(phase, epoch)
    with pytest.raises(KeyboardInterrupt):
        pipeline.train(dataset, recipe, tmp_path / "run", cache)
    assert not (tmp_path / "run").exists()
    resumed = pipeline.train(dataset, recipe, tmp_path / "run", cache, Options(resume=True))
    for one, two in zip(weights(tmp_path / "whole"), weights(tmp_path / "run"), strict=True):
        assert np.array_equal(one, two)
    assert resumed.metrics == whole.metrics
    histories = [(tmp_path / run / "history.csv").read_text().splitlines() for run in ("whole", "run")]
    one_line_each = [[line.rpartition(",")[0] for line in lines] for lines in histories]
    assert one_line_each[0] == one_line_each[1]
    assert not (tmp_path / "run.unfinished").exists()


@pytest.mark.timeout(900)
def test_a_killed_training_goes_on(shapes: Path, tmp_path: Path) -> None:
    settings = ["backbone.name=lenet-5", "training.epochs=40", "training.patience=40", "optimizer.average=0"]
    command = [sys.executable, "-m", "sagui.cli", "train", str(shapes), "--out", str(tmp_path / "run")]
    for setting in settings:
        command += ["--set", setting]
    environment = os.environ | {"SAGUI_CACHE": str(tmp_path / "cache")}
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as process:
        until = time.monotonic() + 120
        while not (tmp_path / "run.unfinished" / "checkpoint.npz").exists():
            assert process.poll() is None
            assert time.monotonic() < until
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
    assert not (tmp_path / "run").exists()
    saved = Checkpoints(tmp_path / "run.unfinished").load()
    assert saved is not None
    assert 1 <= saved.epoch < 40
    done = subprocess.run([*command, "--resume"], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert f"going on after epoch {saved.epoch} (train)" in done.stderr
    uninterrupted = [str(tmp_path / "whole") if word == str(tmp_path / "run") else word for word in command]
    assert subprocess.run(uninterrupted, env=environment, capture_output=True, check=False).returncode == 0
    for one, two in zip(weights(tmp_path / "whole"), weights(tmp_path / "run"), strict=True):
        assert np.array_equal(one, two)


@pytest.fixture
def interrupted(shapes: Path, tmp_path: Path, interrupt: Callable[[str, int], None]) -> Path:
    interrupt("train", 1)
    with pytest.raises(KeyboardInterrupt):
        pipeline.train(
            open_dataset(str(shapes)), with_settings(Recipe(), RECIPES["whole"]), tmp_path / "run", tmp_path / "cache"
        )
    return tmp_path / "run"


def again(shapes: Path, run: Path, options: Options, *settings: str) -> None:
    recipe = with_settings(Recipe(), [*RECIPES["whole"], *settings])
    pipeline.train(open_dataset(str(shapes)), recipe, run, run.parent / "cache", options)


def test_an_interrupted_training_is_not_lost_by_accident(shapes: Path, interrupted: Path) -> None:
    with pytest.raises(RunError, match=r"go on with --resume, or start again with --overwrite"):
        again(shapes, interrupted, Options())
    again(shapes, interrupted, Options(overwrite=True))
    assert (interrupted / MODEL).exists()


def test_another_recipe_does_not_go_on(shapes: Path, interrupted: Path) -> None:
    with pytest.raises(RecipeError, match=r"training\.epochs was 4 and is 5; use the same options"):
        again(shapes, interrupted, Options(resume=True), "training.epochs=5", "training.patience=4")


def test_other_photos_do_not_go_on(shapes: Path, interrupted: Path, tmp_path: Path) -> None:
    import shutil

    shutil.copytree(shapes, tmp_path / "copy" / "shapes")
    gone = next((tmp_path / "copy" / "shapes" / "disc").iterdir())
    gone.unlink()
    with pytest.raises(DatasetError, match=rf"1 gone \(disc/{gone.name}\).*put them back"):
        again(tmp_path / "copy" / "shapes", interrupted, Options(resume=True))


def test_photos_that_count_otherwise_do_not_go_on(shapes: Path, interrupted: Path) -> None:
    dataset = open_dataset(str(shapes))
    heavier = tuple(dataclasses.replace(photo, weight=2.0 - photo.label) for photo in dataset.photos)
    recipe, cache = with_settings(Recipe(), RECIPES["whole"]), interrupted.parent / "cache"
    with pytest.raises(DatasetError, match=r"the weights of photos .* are not those of the interrupted training"):
        pipeline.train(dataset.only(heavier), recipe, interrupted, cache, Options(resume=True))


def test_folds_are_not_repeated(shapes: Path, tmp_path: Path, interrupt: Callable[[str, int], None]) -> None:
    dataset, cache = open_dataset(str(shapes)), tmp_path / "cache"
    recipe = with_settings(Recipe(), ["backbone.name=lenet-5", "training.epochs=3", "split.folds=2"])
    whole = pipeline.train(dataset, recipe, tmp_path / "whole", cache)

    def never(*_: object) -> None:
        raise AssertionError

    with pytest.MonkeyPatch.context() as patch:
        original = pipeline._learn

        def stop(*arguments: Any) -> None:
            interrupt("train", 2)
            original(*arguments)

        patch.setattr(pipeline, "_learn", stop)
        with pytest.raises(KeyboardInterrupt):
            pipeline.train(dataset, recipe, tmp_path / "run", cache)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline, "cross_validate", never)
        resumed = pipeline.train(dataset, recipe, tmp_path / "run", cache, Options(resume=True))
    assert resumed.metrics.folds == whole.metrics.folds


@pytest.mark.parametrize("content", [b"PK\x03\x04 half", b""])
def test_a_damaged_checkpoint_is_named(shapes: Path, interrupted: Path, content: bytes) -> None:
    (interrupted.parent / "run.unfinished" / "checkpoint.npz").write_bytes(content)
    with pytest.raises(RunError, match=r"checkpoint.npz: cannot be read: .*; start again with --overwrite"):
        again(shapes, interrupted, Options(resume=True))


def test_without_anything_to_go_on_with_it_begins(shapes: Path, tmp_path: Path) -> None:
    again(shapes, tmp_path / "run", Options(resume=True))
    assert (tmp_path / "run" / MODEL).exists()


def test_a_full_disk_leaves_the_last_whole_epoch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    model.optimizer.build(model.trainable_variables)
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save("train", 1, model, [], [], done=False)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(RunError, match=r"the epoch cannot be kept: No space left on device; make room"):
        checkpoints.save("train", 2, model, [], [], done=False)
    saved = checkpoints.load()
    assert saved is not None
    assert saved.epoch == 1
