"""What each key of a recipe allows, told from the types of `sagui.train.recipe.choices`."""

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

import msgspec
from msgspec import inspect

from sagui.train.recipe.choices import Recipe


@dataclass(frozen=True)
class Key:
    """A key of the recipe.

    Attributes:
        path: With its section: ``optimizer.name``; without one: ``seed``.
        about: One sentence on what it does.
        allowed: What it may be, in words.
        default: Its value where the recipe does not say; None where it is filled in from what learns.
        kinds: What it is read as: ``text``, ``number``, ``whole``, ``truth``, ``list``.
        words: The words it may be, if they are numbered.
    """

    path: str
    about: str
    allowed: str
    default: Any
    kinds: frozenset[str]
    words: tuple[str, ...]

    @property
    def section(self) -> str:
        """The section it is in, or an empty string."""
        return self.path.rpartition(".")[0]

    @property
    def name(self) -> str:
        """Its name in the section."""
        return self.path.rpartition(".")[2]


@functools.cache
def keys() -> tuple[Key, ...]:
    """Every key, sections in the recipe's order."""
    return tuple(_keys(Recipe, ""))


def value_of(recipe: Recipe, key: Key) -> Any:  # noqa: ANN401 (any value of a recipe)
    """What a recipe says for a key."""
    value: Any = recipe
    for name in key.path.split("."):
        value = getattr(value, name)
    return list(value) if isinstance(value, tuple) else value


def _keys(struct: type[msgspec.Struct], section: str) -> Iterator[Key]:
    fields = cast("inspect.StructType", inspect.type_info(struct)).fields
    # In a TOML file, keys without a section come first.
    for field in sorted(fields, key=lambda field: isinstance(field.type, inspect.StructType)):
        if isinstance(field.type, inspect.StructType):
            yield from _keys(field.type.cls, field.name)
        else:
            yield _key(field, f"{section}.{field.name}" if section else field.name)


def _key(field: inspect.Field, path: str) -> Key:
    outer = field.type
    about = (outer.extra_json_schema or {})["description"] if isinstance(outer, inspect.Metadata) else ""
    kinds = tuple(_flat(outer))
    words = tuple(str(word) for kind in kinds if isinstance(kind, inspect.LiteralType) for word in kind.values)
    return Key(
        path=path,
        about=about,
        allowed=" or ".join(_words(kind) for kind in kinds if not isinstance(kind, inspect.NoneType)),
        default=field.default,
        kinds=frozenset(_KINDS[type(kind)] for kind in kinds if type(kind) in _KINDS),
        words=words,
    )


_KINDS: dict[type, str] = {
    inspect.LiteralType: "text",
    inspect.StrType: "text",
    inspect.BoolType: "truth",
    inspect.IntType: "whole",
    inspect.FloatType: "number",
    inspect.VarTupleType: "list",
}


def _flat(kind: inspect.Type) -> Iterator[inspect.Type]:
    if isinstance(kind, inspect.Metadata):
        yield from _flat(kind.type)
    elif isinstance(kind, inspect.UnionType):
        for part in kind.types:
            yield from _flat(part)
    else:
        yield kind


def _words(kind: inspect.Type) -> str:
    match kind:
        case inspect.LiteralType():
            return ", ".join(map(str, sorted(kind.values, key=str)))
        case inspect.IntType():
            return f"a whole number{_range(kind)}"
        case inspect.FloatType():
            return f"a number{_range(kind)}"
        case inspect.BoolType():
            return "true or false"
        case inspect.VarTupleType():
            return f"a list, each {_words(kind.item_type)}"
        case _:
            return "a text"


def _range(kind: inspect.IntType | inspect.FloatType) -> str:
    bounds = ((kind.gt, "above"), (kind.ge, "from"), (kind.lt, "below"), (kind.le, "to"))
    return "".join(f" {word} {value}" for value, word in bounds if value is not None)
