"""Recipes tried on small photos."""

import csv
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from click.testing import CliRunner

from sagui.bundle.metrics import Proportion, proportion
from sagui.train.cross_validate import Job
from sagui.train.datasets import open_dataset
from sagui.train.engine import LOCAL
from sagui.train.engine.local import LocalEngine
from sagui.train.errors import EngineError, RecipeError, RunError, TrainError
from sagui.train.pipeline import resolve_for
from sagui.train.prepare import prepare_photos
from sagui.train.recipe.read import read_recipe
from sagui.train.split import Split
from sagui.train.store import RecordStore
from sagui.train.sweep import run as run_module
from sagui.train.sweep.command import sweep as command
from sagui.train.sweep.journal import TRIALS, Score
from sagui.train.sweep.plan import Trial, plan
from sagui.train.sweep.run import Bench, Findings, Options, Turn, try_recipes
from sagui.train.sweep.show import sentences, write_findings
from sagui.train.sweep.table import without_sweep

BASE: dict[str, Any] = {
    "seed": 3,
    "backbone": {"name": "lenet-5"},
    "input": {"size": 28},
    "training": {"epochs": 1, "batch_size": 8},
    "optimizer": {"name": "sgd", "clip_norm": 0.0},
}


def trials(folds: int = 0, **values: Sequence[Any]) -> list[Trial]:
    """A grid of what is named with two underscores for a point."""
    table = {path.replace("__", "."): list(choices) for path, choices in values.items()}
    return plan(*without_sweep({**BASE, "split": {"folds": folds}, "sweep": {"values": table}}, "r.toml"))


def tried(
    shapes: Path, tmp_path: Path, planned: Sequence[Trial], folder: str = "sweep", options: Options | None = None
) -> Findings:
    return try_recipes(open_dataset(str(shapes)), planned, tmp_path / folder, tmp_path / "cache", options)


@pytest.fixture
def turns(monkeypatch: pytest.MonkeyPatch) -> list[Turn]:
    """Every training that was run."""
    done: list[Turn] = []
    really = run_module.try_recipe

    def remember(bench: Bench, turn: Turn) -> Score:
        done.append(turn)
        return really(bench, turn)

    monkeypatch.setattr(run_module, "try_recipe", remember)
    return done


def measured(job: Job, parts: Split) -> Proportion:
    """Stands for a training: the larger the learning rate, the better, and no two folds alike."""
    assert not set(parts.test) & set(parts.train)
    hits = len(parts.test) * (job.recipe.optimizer.learning_rate or 0) - 0.2 * (parts.test[0] % 3)
    return proportion(max(0, round(hits)), len(parts.test))


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch, turns: list[Turn]) -> list[Turn]:
    """Every training, none of which was run."""
    monkeypatch.setattr(run_module, "run_fold", measured)
    return turns


def test_the_test_photos_are_never_looked_at(shapes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = resolve_for(open_dataset(str(shapes)), trials(optimizer__learning_rate=[0.1])[0].recipe)
    ready = prepare_photos(open_dataset(str(shapes)), recipe, tmp_path / "cache")
    keys = {part: {photo.sha256 for photo in photos} for part, photos in ready.split_record().items()}
    seen: set[str] = set()
    rows = RecordStore.rows

    def watch(self: RecordStore, keys: Sequence[str]) -> npt.NDArray[np.int64]:
        # What is kept of a photo's looks decides the split.
        if not self.name.startswith("looks"):
            seen.update(keys)
        return rows(self, keys)

    monkeypatch.setattr(RecordStore, "rows", watch)
    for folds in (0, 2):
        seen.clear()
        tried(shapes, tmp_path, trials(folds, optimizer__learning_rate=[0.1]), str(folds))
        assert seen == keys["train"] | keys["validation"]
        assert not seen & keys["test"]


def test_the_best_comes_first_and_can_be_trained_by(shapes: Path, tmp_path: Path, turns: list[Turn]) -> None:
    planned = trials(optimizer__learning_rate=[1e-9, 0.05], training__epochs=[1, 8])
    findings = tried(shapes, tmp_path, planned)
    assert len(turns) == 4
    reached = [one.accuracy for one in findings.standings]
    assert reached == sorted(reached, reverse=True)
    assert (findings.folds, findings.photos, findings.unseen) == (0, 6, 16)
    write_findings(tmp_path / "sweep", findings)
    with (tmp_path / "sweep" / "trials.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [int(row["trial"]) for row in rows] == [one.contestant.trial.number for one in findings.standings]
    assert [float(row["accuracy"]) for row in rows] == pytest.approx(reached, abs=1e-4)
    assert {(row["optimizer.learning_rate"], row["training.epochs"]) for row in rows} == {
        (rate, epochs) for rate in ("1e-09", "0.05") for epochs in ("1", "8")
    }
    best = read_recipe(tmp_path / "sweep" / "best.toml")
    assert resolve_for(open_dataset(str(shapes)), best) == findings.standings[0].contestant.recipe


def test_the_result_says_what_it_is_worth(shapes: Path, tmp_path: Path, quick: list[Turn]) -> None:
    findings = tried(shapes, tmp_path, trials(optimizer__learning_rate=[0.5, 0.7]))
    said = "\n".join(sentences(findings, "my photos", Path("sweeps/one")))
    assert "Best of 2: trial" in said
    assert "right on 6 photos" in said
    assert "stands on 6 photos" in said
    assert "winner's curse" in said
    assert "16 test photos, which no trial has seen" in said
    assert "sagui train 'my photos' --recipe sweeps/one/best.toml --out RUN" in said


def test_with_folds_each_photo_but_the_test_photos_measures_once(
    shapes: Path, tmp_path: Path, quick: list[Turn]
) -> None:
    findings = tried(shapes, tmp_path, trials(3, optimizer__learning_rate=[0.5, 0.9]))
    assert findings.standings[0].contestant.trial.number == 2
    assert [turn.fold for turn in quick] == [0, 1, 2] * 2
    for one in findings.standings:
        assert one.photos == findings.photos == 44
        assert len({score.fold for score in one.scores}) == 3
        assert one.accuracy == pytest.approx(sum(score.accuracy for score in one.scores) / 3)
    write_findings(tmp_path / "sweep", findings)
    with (tmp_path / "sweep" / "trials.csv").open() as file:
        assert all(float(row["spread"]) >= 0 for row in csv.DictReader(file))
    # The one training that follows has no need to do that again.
    assert read_recipe(tmp_path / "sweep" / "best.toml").split.folds == 0


def test_photos_of_several_sizes_are_split_alike(shapes: Path, tmp_path: Path, quick: list[Turn]) -> None:
    findings = tried(shapes, tmp_path, trials(input__size=[28, 32]))
    assert sorted(turn.recipe.input.size or 0 for turn in quick) == [28, 32]
    assert all(one.photos == 6 for one in findings.standings)


def test_a_trial_that_fails_does_not_stop_the_others(shapes: Path, tmp_path: Path, turns: list[Turn]) -> None:
    findings = tried(shapes, tmp_path, trials(2, regularization__l2=[1e30, 0.0]))
    good, bad = findings.standings
    assert (good.contestant.trial.number, good.reason) == (2, "")
    assert "the loss became nan in step 2 of epoch 1: most likely the learning rate" in bad.reason
    # After the first fold of the one, no other was tried.
    assert [turn.fold for turn in turns] == [0, 0, 1]
    write_findings(tmp_path / "sweep", findings)
    with (tmp_path / "sweep" / "trials.csv").open() as file:
        _, last = csv.DictReader(file)
    assert "the loss became nan" in last["failed"]
    assert not last["accuracy"]


@pytest.mark.parametrize("error", [MemoryError("no room"), ValueError("shapes do not fit"), TrainError("no room")])
def test_whatever_goes_wrong_in_a_trial_is_its_own(
    shapes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail_once(job: Job, parts: Split) -> Proportion:
        if job.recipe.optimizer.learning_rate == 0.5:
            raise error
        return measured(job, parts)

    monkeypatch.setattr(run_module, "run_fold", fail_once)
    findings = tried(shapes, tmp_path, trials(optimizer__learning_rate=[0.5, 0.1]))
    assert [bool(one.reason) for one in findings.standings] == [False, True]
    assert str(error) in findings.standings[1].reason


class Unlucky(LocalEngine):
    """Loses the first task."""

    def as_done(self, task: Callable[[Any, Any], Any], shared: object, items: Iterable[Any]) -> Iterator[Any]:
        first, *others = items
        yield first, EngineError("the worker of a task died 4 times")
        yield from LOCAL.as_done(task, shared, others)


def test_a_worker_that_dies_for_good_takes_one_trial_with_it(shapes: Path, tmp_path: Path, quick: list[Turn]) -> None:
    options = Options(engine=Unlucky())
    findings = tried(shapes, tmp_path, trials(optimizer__learning_rate=[0.5, 0.01]), options=options)
    assert [one.reason for one in findings.standings] == ["", "the worker of a task died 4 times"]


def test_an_interrupted_sweep_goes_on_with_the_rest(
    shapes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quick: list[Turn]
) -> None:
    planned = trials(2, optimizer__learning_rate=[0.1, 0.2])
    whole = tried(shapes, tmp_path, planned, "whole")

    def interrupted(job: Job, parts: Split) -> Proportion:
        if len(quick) == 3:
            raise KeyboardInterrupt
        return measured(job, parts)

    quick.clear()
    monkeypatch.setattr(run_module, "run_fold", interrupted)
    with pytest.raises(KeyboardInterrupt):
        tried(shapes, tmp_path, planned)
    monkeypatch.setattr(run_module, "run_fold", measured)
    with pytest.raises(RunError, match="go on with --resume"):
        tried(shapes, tmp_path, planned)
    quick.clear()
    findings = tried(shapes, tmp_path, planned, options=Options(resume=True))
    assert len(quick) == 2
    assert [one.accuracy for one in findings.standings] == [one.accuracy for one in whole.standings]
    quick.clear()
    more = trials(2, optimizer__learning_rate=[0.1, 0.2, 0.3])
    assert len(tried(shapes, tmp_path, more, options=Options(resume=True)).standings) == 3
    assert len(quick) == 2


def test_a_trial_that_failed_is_tried_again(
    shapes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quick: list[Turn]
) -> None:
    planned = trials(optimizer__learning_rate=[0.1, 0.2])
    assert tried(shapes, tmp_path, planned, options=Options(engine=Unlucky())).standings[1].reason
    quick.clear()
    findings = tried(shapes, tmp_path, planned, options=Options(resume=True))
    assert not any(one.reason for one in findings.standings)
    assert len(quick) == 1


def test_recipes_that_are_the_same_when_filled_in_are_tried_once(
    shapes: Path, tmp_path: Path, quick: list[Turn]
) -> None:
    planned = trials(loss__name=["auto", "cross-entropy"])
    assert len(planned) == 2
    assert len(tried(shapes, tmp_path, planned).standings) == len(quick) == 1


def test_choices_that_do_not_go_together_are_named_before_anything_starts(
    shapes: Path, tmp_path: Path, turns: list[Turn]
) -> None:
    with pytest.raises(RecipeError, match=r"trial 2 \(head\.activation = sigmoid\): .*does not go with task = single"):
        tried(shapes, tmp_path, trials(head__activation=["softmax", "sigmoid"]))
    assert not turns
    assert not (tmp_path / "sweep").exists()


RECIPE = """
seed = 3
backbone.name = "lenet-5"
input.size = 28
training = {epochs = 1, batch_size = 8}
optimizer = {name = "sgd", clip_norm = 0.0}
[sweep]
method = "random"
trials = 9
[sweep.values]
optimizer.learning_rate = {low = 1e-3, high = 1e-2, log = true}
"""


def test_from_the_command_line(shapes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAGUI_CACHE", str(tmp_path / "cache"))
    (tmp_path / "r.toml").write_text(RECIPE)
    out = tmp_path / "sweep"
    words = [str(tmp_path / "r.toml"), "--data", str(shapes), "--out", str(out), "--trials", "2"]
    result = CliRunner().invoke(command, [*words, "--set", "augmentation.views=none"], catch_exceptions=False)
    assert result.exit_code == 0
    assert "learning_rate" in result.stdout
    assert f"--recipe {out / 'best.toml'} --out RUN" in result.stdout
    assert read_recipe(out / "best.toml").augmentation.views == "none"
    assert len((out / "trials.csv").read_text().splitlines()) == 3
    assert len((out / TRIALS).read_text().splitlines()) == 3
    with pytest.raises(RunError, match="holds a sweep"):
        CliRunner().invoke(command, words, catch_exceptions=False)
    with pytest.raises(RecipeError, match=r"optimizer\.learning_rate is varied by \[sweep\.values\]"):
        CliRunner().invoke(command, [*words, "--set", "optimizer.learning_rate=3"], catch_exceptions=False)


def test_if_all_trials_fail_the_command_does(shapes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAGUI_CACHE", str(tmp_path / "cache"))
    (tmp_path / "r.toml").write_text(RECIPE + "regularization.l2 = [1e30]")
    words = [str(tmp_path / "r.toml"), "--data", str(shapes), "--out", str(tmp_path / "sweep"), "--trials", "2"]
    with pytest.raises(TrainError, match=r"all 2 trials failed, see .*trials\.csv: the loss became"):
        CliRunner().invoke(command, words, catch_exceptions=False)
    assert not (tmp_path / "sweep" / "best.toml").exists()


def test_photos_that_changed_are_not_mixed_with_what_was_found(shapes: Path, tmp_path: Path, quick: list[Turn]) -> None:
    photos = tmp_path / "photos"
    shutil.copytree(shapes, photos)
    planned = trials(optimizer__learning_rate=[0.01])
    tried(photos, tmp_path, planned)
    (photos / "disc" / "disc00.png").unlink()
    with pytest.raises(TrainError, match="are not those of the interrupted sweep"):
        tried(photos, tmp_path, planned, options=Options(resume=True))
