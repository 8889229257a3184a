"""Which recipes are tried. Pure rules: the same table gives the same trials in the same order."""

import itertools
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from sagui.train.recipe.choices import Recipe
from sagui.train.recipe.describe import Key, keys
from sagui.train.recipe.read import as_data, recipe_from
from sagui.train.sweep.table import Range, Sweep, Values, is_whole

_DIGITS = 4
"""To which numbers are drawn: more make no difference, and read badly."""
_FEW = 100_000
_MISSES = 1000
"""Draws without a new combination after which there is none any more, most likely."""


@dataclass(frozen=True)
class Trial:
    """A recipe to try.

    Attributes:
        number: From 1, in the order of the plan.
        changes: What it varies, key and value.
        recipe: It.
    """

    number: int
    changes: tuple[tuple[str, Any], ...]
    recipe: Recipe

    def __str__(self) -> str:
        """Tells it from the others."""
        return ", ".join(f"{path} = {value}" for path, value in self.changes)


def plan(sweep: Sweep, base: Recipe, where: str = "[sweep.values]") -> list[Trial]:
    """Works out every trial, and checks its recipe.

    With the method ``random``, more trials begin with the same ones. Where there are fewer different recipes than
    trials, each is tried once.

    Args:
        sweep: What is varied.
        base: What all trials start from.
        where: Named in errors.

    Raises:
        RecipeError: A recipe is none.
    """
    combinations = _grid(sweep) if sweep.method == "grid" else _drawn(sweep)
    return list(_trials(combinations, sweep, base, where))


def _trials(combinations: Iterable[tuple[Any, ...]], sweep: Sweep, base: Recipe, where: str) -> Iterator[Trial]:
    met: set[str] = set()
    count = 0
    for combination in _until_rare(combinations):
        changes = tuple(zip(sweep.values, combination, strict=True))
        recipe = _changed(base, changes, where)
        # Combinations that differ may say the same: 1 and 1.0.
        if repr(recipe) in met:
            continue
        met.add(repr(recipe))
        count += 1
        yield Trial(count, changes, recipe)
        if count == sweep.trials:
            return


def _until_rare(combinations: Iterable[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    """Passes over what came before, and stops when next to nothing new comes."""
    met: set[str] = set()
    misses = 0
    for combination in combinations:
        if repr(combination) not in met:
            met.add(repr(combination))
            misses = 0
            yield combination
        elif (misses := misses + 1) == _MISSES:
            return


def _grid(sweep: Sweep) -> Iterator[tuple[Any, ...]]:
    """Every combination; the last key changes fastest."""
    return itertools.product(*(values for values in sweep.values.values() if not isinstance(values, Range)))


def _drawn(sweep: Sweep) -> Iterator[tuple[Any, ...]]:
    """Random combinations: each of them once where there are few, else without end."""
    rng = np.random.default_rng(sweep.seed)
    choices = [values for values in sweep.values.values() if not isinstance(values, Range)]
    count = math.prod(map(len, choices))
    if len(choices) == len(sweep.values) and count <= _FEW:
        combinations = list(itertools.product(*choices))
        yield from (combinations[at] for at in rng.permutation(count))
        return
    known = {key.path: key for key in keys()}
    while True:
        yield tuple(_draw(values, known[path], rng) for path, values in sweep.values.items())


def _draw(values: Values, key: Key, rng: np.random.Generator) -> Any:  # noqa: ANN401 (any value of a recipe)
    if not isinstance(values, Range):
        return values[int(rng.integers(len(values)))]
    if not values.log:
        if is_whole(key):
            return int(rng.integers(math.ceil(values.low), math.floor(values.high) + 1))
        return _rounded(rng.uniform(values.low, values.high), values)
    drawn = math.exp(rng.uniform(math.log(values.low), math.log(values.high)))
    return (
        min(max(round(drawn), math.ceil(values.low)), math.floor(values.high))
        if is_whole(key)
        else _rounded(drawn, values)
    )


def _rounded(number: float, within: Range) -> float:
    return min(max(float(f"{number:.{_DIGITS}g}"), within.low), within.high)


def _changed(base: Recipe, changes: Iterable[tuple[str, Any]], where: str) -> Recipe:
    data = as_data(base)
    for path, value in changes:
        section, _, name = path.rpartition(".")
        (data.setdefault(section, {}) if section else data)[name] = value
    return recipe_from(data, where)
