"""Runs side by side, and what may be said of their difference."""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from sagui.bundle.manifest import InputSpec
from sagui.bundle.metrics import measure
from sagui.train.compare.command import compare
from sagui.train.compare.contestants import read_contestant, short_names
from sagui.train.compare.paired import describe, mcnemar
from sagui.train.compare.table import compare_runs
from sagui.train.errors import RunError
from sagui.train.quality import Predictions, quality
from sagui.train.recipe.choices import BackboneChoice, OptimizerChoice, Recipe
from sagui.train.run import DatasetRecord, Run, RunMetrics, SplitPhoto, write_run

LABELS = ("cat", "dog")
MakeRun = Callable[..., Path]


def hits(*counts: int) -> tuple[np.ndarray, np.ndarray]:
    """Photos both get right, only the first, only the second, neither."""
    pairs = [(True, True), (True, False), (False, True), (False, False)]
    rows = np.array([pair for pair, count in zip(pairs, counts, strict=True) for _ in range(count)], bool).reshape(
        -1, 2
    )
    return rows[:, 0], rows[:, 1]


def test_only_photos_on_which_they_disagree_count() -> None:
    paired = mcnemar(*hits(80, 10, 2, 8))
    assert (paired.n, paired.first_only, paired.second_only) == (100, 10, 2)
    # Twelve tosses, ten or more or two or fewer heads: 2 (1 + 12 + 66) / 2 ** 12.
    assert paired.p == pytest.approx(2 * 79 / 4096)
    assert mcnemar(*hits(8000, 10, 2, 8)).p == paired.p


def test_networks_that_agree_everywhere_do_not_differ() -> None:
    paired = mcnemar(*hits(5, 0, 0, 5))
    assert paired.p == 1
    assert "right on exactly the same ones" in describe(paired, "a", "b")


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ((80, 6, 4, 10), "6 are right in a alone and 4 in b alone: the difference may be chance (p = 0.754"),
        ((80, 15, 3, 2), "a is better, and that is hardly chance (p = 0.008"),
        ((60, 0, 30, 10), "b is better, and that is hardly chance (p < 0.001"),
    ],
)
def test_the_test_is_told_in_plain_words(counts: tuple[int, ...], said: str) -> None:
    assert said in describe(mcnemar(*hits(*counts)), "a", "b")


@settings(deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=60))
def test_it_does_not_matter_which_comes_first(pairs: list[tuple[bool, bool]]) -> None:
    rows = np.array(pairs, bool).reshape(-1, 2)
    one, other = mcnemar(rows[:, 0], rows[:, 1]), mcnemar(rows[:, 1], rows[:, 0])
    assert one.p == pytest.approx(other.p)
    assert 0 < one.p <= 1
    assert (one.first_only, one.second_only) == (other.second_only, other.first_only)


@pytest.fixture
def make_run(tmp_path: Path) -> MakeRun:
    """Writes a run whose test photos are named right or wrong as asked."""

    def make(
        name: str,
        right: Sequence[bool],
        recipe: Recipe | None = None,
        photos: str = "photo",
        labels: Sequence[str] = LABELS,
        first: int = 0,
        **changes: Any,
    ) -> Path:
        truth = (np.arange(len(right)) + first) % 2
        given = np.where(right, truth, 1 - truth)
        names = tuple(f"{photos}{at}.png" for at in range(len(right)))
        test = Predictions(names, np.eye(2)[truth], np.eye(2)[given] * 0.8 + 0.1)
        split = tuple(
            SplitPhoto(name=one, labels=(int(label),), sha256=hashlib.sha256(one.encode()).hexdigest())
            for one, label in zip(names, truth, strict=True)
        )
        measured = measure(truth, given, labels)
        run = Run(
            created="2026-01-02T03:04:05Z",
            task="single-label",
            labels=tuple(labels),
            input=InputSpec(height=32, width=32),
            dataset=DatasetRecord(source="pets", title="Pets", root="/pets", fingerprint="f" * 64),
            recipe=recipe or Recipe(),
            recipe_digest="0" * 64,
            weights_source="none",
            parameters=12345,
            split={"train": (), "validation": (), "test": split},
            metrics=RunMetrics(validation=measured, test=measured, quality=quality(test, labels)),
            versions={},
            seconds={"fit": 40.0, "evaluate": 2.0},
        )
        folder = tmp_path / name
        folder.mkdir()
        write_run(folder, msgspec.structs.replace(run, **changes))
        (folder / "model.keras").write_bytes(b"x" * 2_500_000)
        np.savez_compressed(
            folder / "predictions.npz", test_names=np.array(names), test_truth=test.truth, test_scores=test.scores
        )
        return folder

    return make


def call(*arguments: object) -> Result:
    return CliRunner().invoke(compare, [str(argument) for argument in arguments], env={"COLUMNS": "300"})


def words(result: Result) -> str:
    return " ".join(result.output.split())


def test_two_runs_are_put_side_by_side(make_run: MakeRun) -> None:
    sgd = Recipe(optimizer=OptimizerChoice(name="sgd"), backbone=BackboneChoice(name="lenet-5"))
    a = make_run("a", [True] * 80 + [False] * 20)
    b = make_run("b", [True] * 60 + [False] * 40, sgd, parameters=7)
    result = call(a, b)
    assert result.exit_code == 0, result.output
    text = words(result)
    assert "accuracy │ 80.0% │ 60.0%" in text
    assert "95 % interval │ 71.1% to 86.7% │ 50.2% to 69.1%" in text
    assert "parameters │ 12,345 │ 7" in text
    assert "model.keras │ 2.5 MB │ 2.5 MB" in text
    assert "training │ 42 s │ 42 s" in text
    assert "optimizer.name │ auto │ sgd" in text
    assert "backbone.name │ efficientnet-lite0 │ lenet-5" in text
    # Keys that are the same are no difference.
    assert "seed" not in text
    assert "20 are right in a alone and 0 in b alone: a is better, and that is hardly chance (p < 0.001" in text


def test_the_same_recipe_twice_has_no_differences(make_run: MakeRun) -> None:
    result = call(make_run("a", [True, False]), make_run("b", [True, True]))
    assert "The recipes are the same." in result.output
    assert "the difference may be chance (p = 1.000" in words(result)


def test_photos_in_another_order_are_still_the_same_photos(make_run: MakeRun) -> None:
    a, b = make_run("a", [True, False, False]), make_run("b", [True, False, False])
    with np.load(b / "predictions.npz") as file:
        names, truth, scores = (file[f"test_{name}"][::-1] for name in ("names", "truth", "scores"))
    np.savez(b / "predictions.npz", test_names=names, test_truth=truth, test_scores=scores)
    assert "right on exactly the same ones" in words(call(a, b))


def test_labels_in_another_order_are_still_the_same_labels(make_run: MakeRun) -> None:
    a, b = make_run("a", [True, False, True]), make_run("b", [True, False, True], labels=("dog", "cat"), first=1)
    assert "right on exactly the same ones" in words(call(a, b))


def test_the_same_photos_under_other_labels_cannot_be_compared(make_run: MakeRun) -> None:
    a, b = make_run("a", [True, False, True]), make_run("b", [True, False, True], first=1)
    assert "were tested on other photos" in words(call(a, b))


@pytest.mark.parametrize("changes", [{"photos": "other"}, {"labels": ("cat", "fox")}])
def test_other_test_photos_cannot_be_compared_one_by_one(make_run: MakeRun, changes: dict[str, Any]) -> None:
    a, b = make_run("a", [True] * 4), make_run("b", [False] * 4, **changes)
    text = words(call(a, b))
    assert "were tested on other photos, so they cannot be compared photo by photo" in text
    assert "McNemar" not in text


def test_photos_of_the_same_name_and_other_content_are_other_photos(make_run: MakeRun) -> None:
    a, b = make_run("a", [True] * 4), make_run("b", [True] * 4)
    content = (b / "run.json").read_text()
    old = hashlib.sha256(b"photo2.png").hexdigest()
    assert old in content
    (b / "run.json").write_text(content.replace(old, "0" * 64))
    assert "were tested on other photos" in words(call(a, b))


def test_several_runs_are_each_compared_with_the_first(make_run: MakeRun) -> None:
    runs = [read_contestant(make_run(name, [True] * 9 + [name == "c"]), name) for name in "abc"]
    verdicts = compare_runs(runs).verdicts
    assert len(verdicts) == 3
    assert "exactly the same ones" in verdicts[0]
    assert "the difference may be chance" in verdicts[1]
    assert verdicts[2].startswith("With 2 comparisons at once")


def test_the_page_holds_the_same_and_loads_nothing(make_run: MakeRun, tmp_path: Path) -> None:
    a, b = make_run("a", [True] * 80 + [False] * 20), make_run("b", [True] * 60 + [False] * 40, Recipe(seed=7))
    result = call(a, b, "--html", tmp_path / "compare.html")
    assert result.exit_code == 0, result.output
    page = (tmp_path / "compare.html").read_text()
    for part in ("80.0%", "50.2% to 69.1%", "seed", "is better, and that is hardly chance", "<svg", "<th>a</th>"):
        assert part in page
    assert "src=" not in page
    assert "http:" not in page.replace("http://www.w3.org/", "")


@pytest.mark.parametrize("times", [1, 2])
def test_one_run_is_not_enough(make_run: MakeRun, times: int) -> None:
    result = call(*[make_run("a", [True])] * times)
    assert result.exit_code == 2
    assert "name two different runs or more" in result.output


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (("runs/a", "runs/b"), ("a", "b")),
        (("/x/a/run", "/x/b/run"), ("a/run", "b/run")),
        (("/x/a", "/x/y/b"), ("a", "y/b")),
        (("/x", "/y"), ("x", "y")),
    ],
)
def test_runs_are_named_by_what_differs(paths: tuple[str, ...], names: tuple[str, ...]) -> None:
    assert short_names([Path(path) for path in paths]) == names


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda folder: (folder / "run.json").unlink(), "not a finished run"),
        (lambda folder: (folder / "predictions.npz").unlink(), r"predictions.npz: cannot be read: No such file"),
        (lambda folder: (folder / "predictions.npz").write_bytes(b""), "not the predictions of a run"),
        (lambda folder: (folder / "predictions.npz").write_bytes(b"PK\x03\x04 half"), "not the predictions of a run"),
        (lambda folder: np.savez(folder / "predictions.npz", other=np.zeros(3)), "not the predictions of a run"),
        (
            lambda folder: np.savez(
                folder / "predictions.npz",
                test_names=np.array(["x"]),
                test_truth=np.eye(2)[:1],
                test_scores=np.eye(2)[:1],
            ),
            "of other photos than the run's test photos",
        ),
        (
            lambda folder: np.savez(
                folder / "predictions.npz",
                test_names=np.array(["photo0.png"]),
                test_truth=np.eye(3)[:1],
                test_scores=np.eye(3)[:1],
            ),
            "not of 2 labels",
        ),
        (
            lambda folder: np.savez(
                folder / "predictions.npz", test_names=np.array([{}]), test_truth=np.eye(2), test_scores=np.eye(2)
            ),
            "not the predictions of a run",
        ),
    ],
)
def test_a_run_that_is_not_whole_is_refused(make_run: MakeRun, damage: Callable[[Path], object], reason: str) -> None:
    folder = make_run("a", [True])
    damage(folder)
    with pytest.raises(RunError, match=reason):
        read_contestant(folder, "a")
