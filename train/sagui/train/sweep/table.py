"""The ``[sweep]`` table of a recipe: what is varied, and how. Pure rules."""

import math
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from sagui.train.errors import RecipeError
from sagui.train.recipe.choices import Recipe
from sagui.train.recipe.describe import Key, keys
from sagui.train.recipe.read import recipe_from

MAX_TRIALS = 10_000
"""More than anybody can wait for; a grid of many keys gets there by accident."""

Method = Literal["grid", "random"]


class Range(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Numbers to draw from.

    Attributes:
        low: The least.
        high: The greatest.
        log: Whether each power of ten is as likely as the next, as suits learning rates.
    """

    low: float
    high: float
    log: bool = False


Values = Range | tuple[Any, ...]
"""What a key may be: a range, or choices."""


class Sweep(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[sweep]``.

    Attributes:
        method: Every combination, or random ones.
        trials: How many random ones.
        seed: Of the draw.
        values: What each key may be, by the key's path: ``optimizer.learning_rate``.
    """

    method: Method = "grid"
    trials: Annotated[int, Meta(ge=1, le=MAX_TRIALS)] | None = None
    seed: Annotated[int, Meta(ge=0, le=2**31 - 1)] = 0
    values: dict[str, Values]


_ALLOWED = {
    "method": "grid, random",
    "trials": f"a whole number from 1 to {MAX_TRIALS}",
    "seed": f"a whole number from 0 to {2**31 - 1}",
    "values": "a table of keys: [sweep.values]",
}
_RANGE = "low and high, numbers, and log, true or false"
_EXAMPLE = '"optimizer.learning_rate" = [1e-4, 1e-3, 1e-2]'


def sweep_from(data: object, where: str) -> Sweep:
    """Makes a sweep of what a file holds.

    Args:
        data: The ``[sweep]`` table.
        where: Named in errors.

    Raises:
        RecipeError: A key is not known, or a value not allowed; the message names it.
    """
    if not isinstance(data, Mapping):
        raise RecipeError(f"{where}: sweep = {data!r}: it is a table: write [sweep] and its keys below")
    for name in data:
        if name not in _ALLOWED:
            raise RecipeError(f"{where}: no key {name} in [sweep]{_did_you_mean(name)}")
    given = {name: data[name] for name in _ALLOWED if name in data and name != "values"}
    values = dict(_values(data.get("values"), where))
    for name, value in given.items():
        _check_field(name, value, where)
    sweep = Sweep(**given, values=values)
    _check(sweep, where)
    return sweep


def _did_you_mean(name: str) -> str:
    if name in {key.path for key in keys()} | {key.section for key in keys()}:
        return "; what is varied stands in [sweep.values], all else outside of [sweep]"
    near = get_close_matches(name, _ALLOWED, 1)
    return f"; did you mean {near[0]}?" if near else f"; it has {', '.join(_ALLOWED)}"


def _check_field(name: str, value: object, where: str) -> None:
    try:
        msgspec.convert({name: value, "values": {}}, Sweep)
    except msgspec.ValidationError as error:
        near = get_close_matches(str(value), _ALLOWED["method"].split(", "), 1) if name == "method" else []
        hint = f"; did you mean {near[0]}?" if near else ""
        raise RecipeError(f"{where}: [sweep] {name} = {value}: allowed is {_ALLOWED[name]}{hint}") from error


def _values(table: object, where: str) -> Iterator[tuple[str, Values]]:
    given = dict(_flat(table)) if isinstance(table, Mapping) else {}
    if not given:
        raise RecipeError(f"{where}: [sweep.values] names nothing to vary; write a key and its values: {_EXAMPLE}")
    known = {key.path: key for key in keys()}
    place = f"{where}: [sweep.values]"
    for path, value in given.items():
        if path not in known:
            _accept(path, value, place)
        if path in ("seed", "task") or path.startswith("split."):
            raise RecipeError(
                f"{place} {path}: trials are compared on the same photos, so this is chosen once, outside of [sweep]"
            )
        yield path, _range(known[path], value, place) if isinstance(value, Mapping) else _choices(path, value, place)


def _flat(table: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Keys in quotes are paths; without quotes, TOML makes tables of them."""
    sections = {key.section for key in keys()}
    for name, value in table.items():
        if name in sections and isinstance(value, Mapping):
            yield from ((f"{name}.{inner}", held) for inner, held in value.items())
        else:
            yield name, value


def _choices(path: str, value: object, place: str) -> tuple[Any, ...]:
    if not isinstance(value, list) or not value:
        raise RecipeError(f"{place} {path} = {value!r}: write a list of values, or {{low = ..., high = ...}}")
    for choice in value:
        _accept(path, choice, place)
    return tuple(value)


def _range(key: Key, value: Mapping[str, Any], place: str) -> Range:
    shown = f"{place} {key.path} = {dict(value)}"
    if not key.kinds & {"number", "whole"}:
        raise RecipeError(f"{shown}: a range is of numbers, and this is {key.allowed}; write a list of values")
    try:
        found = msgspec.convert(value, Range)
    except msgspec.ValidationError as error:
        raise RecipeError(f"{shown}: a range has {_RANGE}") from error
    for bound in (found.low, found.high):
        _accept(
            key.path, int(bound) if is_whole(key) and math.isfinite(bound) and bound == int(bound) else bound, place
        )
    if not found.low < found.high:
        raise RecipeError(f"{shown}: low must be below high")
    if found.log and found.low <= 0:
        raise RecipeError(f"{shown}: with log = true, low must be above 0")
    return found


def is_whole(key: Key) -> bool:
    """Whether numbers of a key are whole."""
    return "whole" in key.kinds


def _accept(path: str, value: object, place: str) -> None:
    """Makes sure that a recipe may say so.

    Raises:
        RecipeError: The key or the value is not known.
    """
    section, _, name = path.rpartition(".")
    recipe_from({section: {name: value}} if section else {path: value}, place)


def _check(sweep: Sweep, where: str) -> None:
    if sweep.method == "random":
        if sweep.trials is None:
            raise RecipeError(f"{where}: [sweep] method = random needs trials: how many recipes to draw")
        return
    if sweep.trials is not None:
        raise RecipeError(f"{where}: [sweep] trials goes with method = random; a grid tries every combination")
    for path, value in sweep.values.items():
        if isinstance(value, Range):
            raise RecipeError(
                f"{where}: [sweep.values] {path}: a range goes with method = random; a grid needs a list of values"
            )
    count = math.prod(len(value) for value in sweep.values.values() if isinstance(value, tuple))
    if count > MAX_TRIALS:
        raise RecipeError(
            f"{where}: [sweep.values] has {count} combinations, more than {MAX_TRIALS}; vary less, or draw some with "
            "method = random and trials"
        )


def without_sweep(data: Mapping[str, Any], where: str) -> tuple[Sweep, Recipe]:
    """Takes a recipe file apart.

    Args:
        data: What it holds.
        where: Named in errors.

    Returns:
        What is varied, and the recipe all trials start from.

    Raises:
        RecipeError: It has no ``[sweep]`` table, or a key or value is not known.
    """
    if "sweep" not in data:
        raise RecipeError(
            f"{where}: no [sweep] table, so there is nothing to vary; write [sweep.values] and a key with its values "
            f"below: {_EXAMPLE}; or train once with: sagui train --recipe {where}"
        )
    base = recipe_from({name: value for name, value in data.items() if name != "sweep"}, where)
    return sweep_from(data["sweep"], where), base
