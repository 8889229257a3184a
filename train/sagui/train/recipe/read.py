"""Recipes from TOML files and from the command line, with every wrong word named."""

import math
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import msgspec

from sagui.train.errors import RecipeError
from sagui.train.recipe.choices import Recipe
from sagui.train.recipe.describe import Key, keys, value_of

AUTO = "auto"
"""What a person may write for a key that is to be filled in."""


def read_recipe(path: Path) -> Recipe:
    """Reads a TOML file.

    Raises:
        RecipeError: It cannot be read, or a key or value in it is not known; the message names it.
    """
    return recipe_from(read_toml(path), str(path))


def read_toml(path: Path) -> dict[str, Any]:
    """Reads a TOML file as it is.

    Raises:
        RecipeError: It cannot be read, or is not TOML.
    """
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise RecipeError(f"{path}: the recipe cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RecipeError(f"{path}: not a TOML file: {error}") from error


def recipe_from(data: Mapping[str, Any], where: str) -> Recipe:
    """Makes a recipe of what a file holds.

    Args:
        data: Keys and sections.
        where: Named in errors.

    Raises:
        RecipeError: A key is not known, or a value not allowed.
    """
    known = {key.path: key for key in keys()}
    given = dict(_flat(data, known, where))
    for path, value in given.items():
        if path not in known:
            raise RecipeError(f"{where}: {_unknown(path, value, known)}")
        if isinstance(value, float) and not math.isfinite(value):
            raise RecipeError(f"{where}: {path} = {value}: allowed is {known[path].allowed}")
    nested: dict[str, Any] = {}
    for path, value in given.items():
        if value == AUTO and known[path].default is None:
            continue
        section, _, name = path.rpartition(".")
        (nested.setdefault(section, {}) if section else nested)[name] = value
    try:
        return msgspec.convert(nested, Recipe)
    except msgspec.ValidationError as error:
        raise RecipeError(f"{where}: {_not_allowed(str(error), given, known)}") from error


def with_settings(recipe: Recipe, settings: Iterable[str]) -> Recipe:
    """Changes some keys: ``optimizer.name=sgd``.

    Raises:
        RecipeError: A setting has no equals sign, its key is not known, or its value not allowed.
    """
    data: dict[str, Any] = as_data(recipe)
    for setting in settings:
        path, equals, word = setting.partition("=")
        if not equals:
            raise RecipeError(f"--set {setting}: write it as KEY=VALUE, as in --set optimizer.name=sgd")
        section, _, name = path.strip().rpartition(".")
        known = {key.path for key in keys()}
        if path.strip() not in known:
            raise RecipeError(f"--set {setting}: {_unknown(path.strip(), word, {key.path: key for key in keys()})}")
        (data.setdefault(section, {}) if section else data)[name] = _value(word.strip())
        recipe_from(data, f"--set {setting}")
    return recipe_from(data, "--set")


def as_data(recipe: Recipe) -> dict[str, Any]:
    """A recipe as nested dictionaries, without what is to be filled in."""
    data: dict[str, Any] = {}
    for key in keys():
        value = value_of(recipe, key)
        if value is not None:
            (data.setdefault(key.section, {}) if key.section else data)[key.name] = value
    return data


def _flat(data: Mapping[str, Any], known: Mapping[str, Key], where: str) -> Iterator[tuple[str, Any]]:
    sections = {key.section for key in known.values()}
    for name, value in data.items():
        if isinstance(value, Mapping) and name in sections:
            yield from ((f"{name}.{inner}", held) for inner, held in value.items())
        elif name in sections and name:
            raise RecipeError(f"{where}: {name} = {value!r}: it is a section: write [{name}] and its keys below")
        else:
            yield name, value


def _value(word: str) -> Any:  # noqa: ANN401 (any value of TOML)
    try:
        return tomllib.loads(f"value = {word}")["value"]
    except tomllib.TOMLDecodeError:
        return word


def _unknown(path: str, value: object, known: Mapping[str, Key]) -> str:
    if path == "sweep" and isinstance(value, Mapping):
        return "[sweep] is for `sagui sweep`; a training has one value for each key"
    near = get_close_matches(path, known, 1, 0.85)
    near = near or [one for one in known if one.rpartition(".")[2] == path.rpartition(".")[2]]
    near = near or get_close_matches(path, known, 1, 0.5)
    by_name = {one.rpartition(".")[2]: one for one in known}
    near = near or [by_name[name] for name in get_close_matches(path.rpartition(".")[2], by_name, 1)]
    hint = f"did you mean {' or '.join(near)}?" if near else "`sagui train --explain` lists all"
    return f"no key {path} in a recipe; {hint}"


def _not_allowed(message: str, given: Mapping[str, Any], known: Mapping[str, Key]) -> str:
    found = re.search(r"`\$\.([a-z0-9_.]+)", message)
    key = known.get(found.group(1)) if found else None
    if key is None:
        return message
    value = given[key.path]
    near = get_close_matches(str(value), key.words, 1)
    hint = f"; did you mean {near[0]}?" if near else ""
    return f"{key.path} = {value}: allowed is {key.allowed}{hint}"
