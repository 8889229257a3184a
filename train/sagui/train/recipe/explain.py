"""A recipe as a TOML file that explains itself."""

import hashlib
from collections.abc import Iterator

import msgspec
import tomli_w

from sagui.train.recipe.choices import Recipe
from sagui.train.recipe.describe import Key, keys, value_of
from sagui.train.recipe.read import as_data


def explain(recipe: Recipe, filled: Recipe) -> str:
    """Writes every key with its value, one sentence on it and what it may be; itself a recipe that can be read.

    Args:
        recipe: What a person chose.
        filled: The same with everything filled in; a key that was left open stands as a comment with this value.
    """
    return "\n".join(_lines(recipe, filled)).strip() + "\n"


def to_toml(recipe: Recipe) -> str:
    """Writes every key with its value, and no more."""
    return tomli_w.dumps(as_data(recipe))


def recipe_digest(recipe: Recipe) -> str:
    """Names a recipe by its content."""
    return hashlib.sha256(msgspec.json.encode(recipe, order="deterministic")).hexdigest()


def _lines(recipe: Recipe, filled: Recipe) -> Iterator[str]:
    section = ""
    for key in keys():
        if key.section != section:
            section = key.section
            yield f"[{section}]"
        yield f"# {key.about}"
        yield f"# Allowed: {key.allowed}. Default: {_default(key)}."
        value, default = value_of(recipe, key), value_of(filled, key)
        if value is not None:
            yield _line(key, value)
        else:
            yield f"# {_line(key, 'auto' if default is None else default)}"
        yield ""


def _default(key: Key) -> str:
    return "filled in" if key.default is None else str(key.default).lower()


def _line(key: Key, value: object) -> str:
    return " ".join(tomli_w.dumps({key.name: value}).split())
