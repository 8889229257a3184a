"""Every key of the settings and what it may be, told from the types of `sagui.device.config.settings`."""

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import inspect

from sagui.device.config.lines import STREAM
from sagui.device.config.settings import Settings, Stream


@dataclass(frozen=True)
class Key:
    """A key of the settings.

    Attributes:
        path: With its section: ``camera.spec``; without one: ``device``; of any stream: ``stream.name``.
        type: What `msgspec.convert` makes its value.
        truth: Whether it is true or false.
        whole: Whether it is a whole number.
        number: Whether it is a number, whole or not.
        several: Whether it is an array.
        about: One sentence on what it does.
        allowed: What it may be, in words.
        default: Its value where nobody gives one; None where that means nothing or something else.
        unset: What happens without a value, where there is no default.
        example: A value to show; the default, where there is one.
        option: Of `sagui run`; empty where it has none of this name.
        secret: Whether a password may be in it.
    """

    path: str
    type: Any
    truth: bool
    whole: bool
    number: bool
    several: bool
    about: str
    allowed: str
    default: bool | float | str | tuple[str, ...] | None
    unset: str
    example: bool | float | str | tuple[str, ...]
    option: str
    secret: bool

    @property
    def section(self) -> str:
        """The section it is in, or an empty string."""
        return self.path.rpartition(".")[0]

    @property
    def name(self) -> str:
        """Its name in the section."""
        return self.path.rpartition(".")[2]

    @property
    def environment(self) -> str:
        """The environment variable that sets it; empty for a stream's, of which there may be several."""
        return "" if self.section == STREAM else f"SAGUI_{self.path.replace('.', '_').upper()}"


@functools.cache
def keys() -> Mapping[str, Key]:
    """Every key by its path, in the order of a file."""
    return {key.path: key for key in _keys(Settings, "")}


@functools.cache
def sections() -> tuple[str, ...]:
    """The names of the tables, the array of tables included."""
    return tuple(dict.fromkeys(key.section for key in keys().values() if key.section))


def _keys(struct: type[msgspec.Struct], section: str) -> Iterator[Key]:
    tables: list[tuple[str, type[msgspec.Struct]]] = []
    for field in msgspec.structs.fields(struct):
        if field.name == STREAM:
            tables.append((STREAM, Stream))
        elif isinstance(field.default, msgspec.Struct):
            tables.append((field.name, type(field.default)))
        else:
            yield _key(field, f"{section}.{field.name}" if section else field.name)
    for name, table in tables:
        yield from _keys(table, name)


def _key(field: msgspec.structs.FieldInfo, path: str) -> Key:
    outer = inspect.type_info(field.type)
    assert isinstance(outer, inspect.Metadata)  # noqa: S101 (every key is described; a test reads them all)
    extra = outer.extra or {}
    kind = _inner(outer)
    return Key(
        path=path,
        type=field.type,
        truth=isinstance(kind, inspect.BoolType),
        whole=isinstance(kind, inspect.IntType),
        number=isinstance(kind, inspect.IntType | inspect.FloatType),
        several=isinstance(kind, inspect.VarTupleType),
        about=(outer.extra_json_schema or {})["description"],
        allowed=extra.get("allowed") or _words(kind),
        default=field.default,
        unset=extra.get("unset", "none") if field.default is None else "",
        example=extra["example"] if field.default is None else field.default,
        option=extra.get("option", ""),
        secret=extra.get("secret", False),
    )


def _inner(kind: inspect.Type) -> inspect.Type:
    if isinstance(kind, inspect.Metadata):
        return _inner(kind.type)
    if isinstance(kind, inspect.UnionType):
        return _inner(next(part for part in kind.types if not isinstance(part, inspect.NoneType)))
    return kind


def _words(kind: inspect.Type) -> str:
    match kind:
        case inspect.LiteralType():
            words = [f'"{value}"' for value in kind.values]
            return f"{', '.join(words[:-1])} or {words[-1]}"
        case inspect.IntType():
            return f"a whole number, {_range(kind)}"
        case inspect.FloatType():
            return f"a number, {_range(kind)}"
        case inspect.BoolType():
            return "true or false"
        case _:
            return "a path"


def _range(kind: inspect.IntType | inspect.FloatType) -> str:
    least = f"{kind.ge:g}" if kind.ge is not None else f"more than {kind.gt:g}"
    most = f"{kind.le:.10g}" if kind.le is not None else f"less than {kind.lt:g}"
    return f"{least} to {most}"
