"""Which recipes a sweep tries: the same table, the same trials, and nothing starts with a wrong word in it."""

import math
import tomllib
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sagui.train.errors import RecipeError
from sagui.train.recipe.choices import OptimizerChoice, Recipe, TrainingChoice
from sagui.train.sweep.plan import Trial, plan
from sagui.train.sweep.table import MAX_TRIALS, Sweep, sweep_from, without_sweep

CHOICES: Mapping[str, st.SearchStrategy[Any]] = {
    "optimizer.learning_rate": st.floats(1e-6, 10),
    "optimizer.name": st.sampled_from(["sgd", "adam", "nesterov"]),
    "head.dense": st.lists(st.integers(1, 512), max_size=2),
    "training.blocks": st.one_of(st.integers(0, 9), st.just("all")),
    "augmentation.rotation": st.floats(0, 180),
    "initialization": st.sampled_from(["he-normal", "glorot-normal"]),
}

# Every recipe is checked, which takes milliseconds.
QUICK = settings(max_examples=25, deadline=None)


@st.composite
def tables(draw: st.DrawFn) -> dict[str, list[Any]]:
    """Up to three keys with up to three different values each."""
    paths = draw(st.lists(st.sampled_from(sorted(CHOICES)), min_size=1, max_size=3, unique=True))
    return {path: draw(st.lists(CHOICES[path], min_size=1, max_size=3, unique_by=repr)) for path in paths}


def said(trial: Trial) -> dict[str, Any]:
    return {path: value_at(trial.recipe, path) for path, _ in trial.changes}


def value_at(recipe: Recipe, path: str) -> Any:
    value: Any = recipe
    for name in path.split("."):
        value = getattr(value, name)
    return list(value) if isinstance(value, tuple) else value


@QUICK
@given(tables())
def test_a_grid_is_every_combination_once(values: dict[str, list[Any]]) -> None:
    trials = plan(sweep_from({"values": values}, "r.toml"), Recipe(seed=5))
    assert len(trials) == math.prod(map(len, values.values()))
    assert [trial.number for trial in trials] == list(range(1, len(trials) + 1))
    assert len({repr(trial.recipe) for trial in trials}) == len(trials)
    for trial in trials:
        assert all(said(trial)[path] == value for path, value in trial.changes)
        assert trial.recipe.seed == 5


@QUICK
@given(tables(), st.integers(1, 20), st.integers(0, 2**31 - 1))
def test_random_choices_are_drawn_once_each(values: dict[str, list[Any]], trials: int, seed: int) -> None:
    found = plan(sweep_from({"method": "random", "trials": trials, "seed": seed, "values": values}, "r"), Recipe())
    assert len(found) == min(trials, math.prod(map(len, values.values())))
    assert len({repr(trial.recipe) for trial in found}) == len(found)
    assert all(value in values[path] for trial in found for path, value in trial.changes)


@QUICK
@example(one=0.12346, other=0.12349, log=False, seed=0)  # rounded to four digits, neither would be within
@example(one=0.12341, other=0.12344, log=True, seed=0)
@given(one=st.floats(1e-6, 50), other=st.floats(1e-6, 50), log=st.booleans(), seed=st.integers(0, 1000))
def test_random_numbers_stay_within_their_range(*, one: float, other: float, log: bool, seed: int) -> None:
    low, high = min(one, other), max(one, other)
    if low == high:
        high = 2 * low
    rates = {"optimizer.learning_rate": {"low": low, "high": high, "log": log}}
    trials = plan(sweep_from({"method": "random", "trials": 5, "seed": seed, "values": rates}, "r"), Recipe())
    assert trials
    assert all(low <= said(trial)["optimizer.learning_rate"] <= high for trial in trials)


@QUICK
@given(one=st.integers(1, 50), other=st.integers(1, 50), log=st.booleans(), seed=st.integers(0, 1000))
def test_whole_numbers_are_drawn_for_keys_that_need_them(*, one: int, other: int, log: bool, seed: int) -> None:
    low, high = min(one, other), max(one, other) + 1
    epochs = {"training.epochs": {"low": low, "high": high, "log": log}}
    trials = plan(sweep_from({"method": "random", "trials": 3, "seed": seed, "values": epochs}, "r"), Recipe())
    chosen = [said(trial)["training.epochs"] for trial in trials]
    assert all(isinstance(value, int) and low <= value <= high for value in chosen)
    assert len(chosen) == min(3, high - low + 1)


def test_a_logarithmic_range_gives_each_power_of_ten_as_often() -> None:
    small = {}
    for log in (True, False):
        values = {"optimizer.learning_rate": {"low": 1e-4, "high": 1.0, "log": log}}
        trials = plan(sweep_from({"method": "random", "trials": 200, "values": values}, "r"), Recipe())
        small[log] = sum(said(trial)["optimizer.learning_rate"] < 1e-2 for trial in trials)
    assert 70 < small[True] < 130
    assert small[False] < 15


def drawn(trials: int, seed: int) -> list[Trial]:
    values = {"optimizer.learning_rate": {"low": 1e-4, "high": 1e-1, "log": True}, "optimizer.name": ["sgd", "adam"]}
    return plan(sweep_from({"method": "random", "trials": trials, "seed": seed, "values": values}, "r"), Recipe())


@QUICK
@given(st.integers(0, 1000))
def test_the_seed_decides_and_more_trials_begin_with_the_same_ones(seed: int) -> None:
    assert drawn(8, seed)[:5] == drawn(5, seed)
    assert drawn(5, seed) != drawn(5, seed + 1)


def test_a_value_that_is_there_twice_is_tried_once() -> None:
    trials = plan(sweep_from({"values": {"optimizer.learning_rate": [0.001, 1e-3, 0.01]}}, "r"), Recipe())
    assert [str(trial) for trial in trials] == ["optimizer.learning_rate = 0.001", "optimizer.learning_rate = 0.01"]


def test_a_value_may_be_left_open() -> None:
    base = Recipe(optimizer=OptimizerChoice(learning_rate=0.5))
    trials = plan(sweep_from({"values": {"optimizer.learning_rate": ["auto", 0.1]}}, "r"), base)
    assert [said(trial)["optimizer.learning_rate"] for trial in trials] == [None, 0.1]


def test_keys_may_be_in_quotes_or_in_sections() -> None:
    quoted = tomllib.loads('[sweep.values]\n"training.epochs" = [1, 2]')
    nested = tomllib.loads("[sweep.values.training]\nepochs = [1, 2]")
    assert without_sweep(quoted, "r") == without_sweep(nested, "r")
    assert without_sweep(quoted, "r") == (Sweep(values={"training.epochs": (1, 2)}), Recipe())


def test_all_else_is_the_recipe_all_trials_start_from() -> None:
    text = 'optimizer.name = "sgd"\ntraining.epochs = 7\n[sweep.values]\ntraining.epochs = [1]'
    sweep, base = without_sweep(tomllib.loads(text), "r")
    assert base == Recipe(optimizer=OptimizerChoice(name="sgd"), training=TrainingChoice(epochs=7))
    (trial,) = plan(sweep, base)
    assert (trial.recipe.optimizer.name, trial.recipe.training.epochs) == ("sgd", 1)


RATE = "optimizer.learning_rate"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("sweep = 3", "sweep = 3: it is a table: write [sweep]"),
        ("", "no [sweep] table, so there is nothing to vary"),
        ("[sweep]", "[sweep.values] names nothing to vary"),
        ("[sweep]\nvalues = 3", "[sweep.values] names nothing to vary"),
        ("[sweep.values.optimizer]", "[sweep.values] names nothing to vary"),
        ('[sweep]\nmethd = "grid"', "no key methd in [sweep]; did you mean method?"),
        ("[sweep]\noptimizer.name = 1", "no key optimizer in [sweep]; what is varied stands in [sweep.values]"),
        (
            '[sweep]\nmethod = "gird"\nvalues."head.dropout" = [0]',
            "method = gird: allowed is grid, random; did you mean",
        ),
        ("[sweep]\ntrials = 0\nvalues.head.dropout = [0]", "trials = 0: allowed is a whole number from 1 to 10000"),
        ("[sweep]\nseed = 1.5\nvalues.head.dropout = [0]", "seed = 1.5: allowed is a whole number from 0"),
        ("[sweep]\ntrials = 3\nvalues.head.dropout = [0]", "trials goes with method = random; a grid tries every"),
        ('[sweep]\nmethod = "random"\nvalues.head.dropout = [0]', "method = random needs trials"),
        ("[sweep.values]\nseed = [1, 2]", "seed: trials are compared on the same photos"),
        ("[sweep.values]\nsplit.folds = [2]", "split.folds: trials are compared on the same photos"),
        (
            "[sweep.values]\noptimizer.learnin_rate = [1]",
            f"no key optimizer.learnin_rate in a recipe; did you mean {RATE}",
        ),
        ('[sweep.values]\noptimizer.name = ["sgd", "adm"]', "optimizer.name = adm: allowed is adadelta"),
        ("[sweep.values]\noptimizer = [1]", "optimizer = [1]: it is a section"),
        (f"[sweep.values]\n{RATE} = 0.1", f"{RATE} = 0.1: write a list of values, or {{low = "),
        (f"[sweep.values]\n{RATE} = []", f"{RATE} = []: write a list of values"),
        (f"[sweep.values]\n{RATE} = [0.1, 0]", f"{RATE} = 0: allowed is a number above 0 to 100"),
        (f"[sweep.values]\n{RATE} = [nan]", f"{RATE} = nan: allowed is a number above 0"),
        (f"[sweep.values]\n{RATE} = {{low = 0.1, high = 0.2}}", "a range goes with method = random"),
        (f"[sweep.values]\n{RATE} = {{low = 0.1, hihg = 0.2}}", "a range has low and high, numbers, and log"),
        (f"[sweep.values]\n{RATE} = {{low = 0.1, high = 101}}", f"{RATE} = 101.0: allowed is a number above 0 to 100"),
        (f"[sweep.values]\n{RATE} = {{low = 0.1, high = inf}}", f"{RATE} = inf: allowed is a number above 0"),
        (f"[sweep.values]\n{RATE} = {{low = 0.2, high = 0.1}}", "low must be below high"),
        ("[sweep.values]\nhead.dropout = {low = 0, high = 0.5, log = true}", "with log = true, low must be above 0"),
        ("[sweep.values]\ntraining.epochs = {low = 1.5, high = 3}", "training.epochs = 1.5: allowed is a whole number"),
        ("[sweep.values]\noptimizer.name = {low = 1, high = 3}", "a range is of numbers, and this is adadelta"),
        (
            'optimzer.name = "sgd"\n[sweep.values]\nhead.dropout = [0]',
            "no key optimzer in a recipe; did you mean optimizer",
        ),
        (
            f"[sweep.values]\n{RATE} = {list(range(1, 101))}\ntraining.epochs = {list(range(1, 102))}",
            "10100 combinations",
        ),
    ],
)
def test_what_is_wrong_is_named(text: str, says: str) -> None:
    with pytest.raises(RecipeError) as refused:
        without_sweep(tomllib.loads(text), "my.toml")
    assert str(refused.value).startswith("my.toml: ")
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_sweep_has_an_end() -> None:
    values = {"head.dropout": {"low": 0, "high": 0.5}}
    with pytest.raises(RecipeError, match=f"trials = {MAX_TRIALS + 1}: allowed is a whole number"):
        sweep_from({"method": "random", "trials": MAX_TRIALS + 1, "values": values}, "r")
