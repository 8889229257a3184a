"""Whether what a source gives are settings: keys that exist, with values that they may have. Pure rules, no I/O."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import islice
from typing import Any, NamedTuple

import msgspec

from sagui.device.config.keys import Key, keys, sections
from sagui.device.config.lines import STREAM, Place, is_stream
from sagui.device.config.rules import RULES
from sagui.device.config.settings import MAX_STREAMS
from sagui.device.mqtt.address import PASSWORD
from sagui.errors import SaguiError

MOST_PROBLEMS = 100
"""Of one source: more are no slips, and finding a near key for each takes its time."""

_LONGEST = 60
_ALIKE = 0.7
_NO_PASSWORD = f"no password may stand here; put it into a file of its own (broker.password_file) or into {PASSWORD}"


class Problem(NamedTuple):
    """What is wrong with a key."""

    place: Place
    text: str


@dataclass(frozen=True)
class Judged:
    """What one source gives.

    Attributes:
        values: What may be, by key. ``("stream", 0)`` stands for a stream, whatever keys it has.
        problems: What may not.
    """

    values: Mapping[Place, Any]
    problems: tuple[Problem, ...]


def judge(data: Mapping[str, Any], show: Callable[[Place], str]) -> Judged:
    """Looks at every key.

    Args:
        data: Nested as in a file, values as tomllib gives them.
        show: Names a key as its source does: ``broker.url``, ``SAGUI_BROKER_URL``.
    """
    secrets = frozenset(islice(_passwords(data), MOST_PROBLEMS))
    problems = [Problem(place, f"{show(place)}: {_NO_PASSWORD}") for place in secrets]
    values: dict[Place, Any] = {}
    for place, value in _walk(data):
        if place in secrets:
            continue
        if len(problems) >= MOST_PROBLEMS:
            problems.append(Problem(place, f"{show(place)}: there is more from here on; mend the others first"))
            break
        key = _key_at(place)
        if isinstance(value, _Wrong):
            problems.append(Problem(place, f"{show(place)}{value.text}"))
        elif is_stream(place):
            values[place] = {}
        elif key is None:
            problems.append(Problem(place, _unknown(place, show(place))))
        elif problem := _not_allowed(key, value, show(place)):
            problems.append(Problem(place, problem))
        else:
            values[place] = msgspec.convert(value, key.type)
    return Judged(values, tuple(problems))


def _key_at(place: Place) -> Key | None:
    names = [part for part in place if not isinstance(part, int)]
    if not all(isinstance(name, str) and "." not in name for name in names):
        return None
    return keys().get(".".join(names))


class _Wrong(NamedTuple):
    """Stands for a table that is none."""

    text: str


def _walk(data: Mapping[str, Any]) -> Iterator[tuple[Place, Any]]:
    for name, value in data.items():
        if name == STREAM:
            yield from _streams(value)
        elif name in sections():
            first = next(key.name for key in keys().values() if key.section == name)
            yield from _table((name,), value, f" is a table: write [{name}] and below it its keys, such as {first}")
        else:
            yield (name,), value


def _streams(value: Any) -> Iterator[tuple[Place, Any]]:  # noqa: ANN401 (any value of TOML)
    wrong = f" is an array of tables: write [[{STREAM}]] with two brackets for each stream"
    if not isinstance(value, list | tuple):
        yield (STREAM,), _Wrong(wrong)
        return
    if len(value) > MAX_STREAMS:
        yield (STREAM, MAX_STREAMS), _Wrong(f": there are {len(value)} streams; at most {MAX_STREAMS} are possible")
    for index, stream in enumerate(value[:MAX_STREAMS]):
        if isinstance(stream, Mapping):
            yield (STREAM, index), stream
        yield from _table((STREAM, index), stream, wrong)


def _table(place: Place, value: Any, wrong: str) -> Iterator[tuple[Place, Any]]:  # noqa: ANN401
    if not isinstance(value, Mapping):
        yield place, _Wrong(wrong)
        return
    yield from (((*place, name), inner) for name, inner in value.items())


def _not_allowed(key: Key, value: Any, shown: str) -> str:  # noqa: ANN401
    try:
        read = msgspec.convert(value, key.type)
    except msgspec.ValidationError:
        read = None
    if read is None or (isinstance(read, str) and not _plain(read)):
        given = "this" if key.secret and isinstance(value, str) else show_value(value)
        near = get_close_matches(value, key.allowed.split('"')[1::2], 1) if isinstance(value, str) else []
        hint = f"; did you mean {near[0]!r}?" if near else ""
        return f"{shown} = {given}: allowed is {key.allowed}{hint}"
    try:
        if rule := RULES.get(key.path):
            rule(read)
    except SaguiError as error:
        return f"{shown}: {error}"
    return ""


def _plain(text: str) -> bool:
    """Whether a text can be a file's name, and be written as UTF-8."""
    return not any(letter == "\0" or "\ud800" <= letter <= "\udfff" for letter in text)


def show_value(value: object) -> str:
    """Writes a value for a message, in one short line. What is inside a table or an array is not shown."""
    match value:
        case bool():
            return str(value).lower()
        case int() if value.bit_length() > 4 * _LONGEST:
            return "a very large number"
        case str() | int() | float():
            text = repr(value)
            return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
        case Mapping():
            return "a table"
        case list() | tuple():
            return "an array"
        case _:
            return f"a {type(value).__name__}"


def _unknown(place: Place, shown: str) -> str:
    *table, name = (str(part) for part in place if not isinstance(part, int))
    inside = {key.name: path for path, key in keys().items() if key.section == ".".join(table)}
    same = [path for path, key in keys().items() if key.name == name and key.section != STREAM]
    near = [inside[one] for one in get_close_matches(name, inside, 1)]
    if not table:
        alike = get_close_matches(name, sections(), 1, _ALIKE)
        near = [f"[[{one}]]" if one == STREAM else f"[{one}]" for one in alike] + near
        near = near or get_close_matches(name, keys(), 1, _ALIKE)
    if near := same or near[:1]:
        hint = f"did you mean {' or '.join(near)}?"
    else:
        hint = f"[{table[0]}] has {', '.join(inside)}" if table else "`sagui config init` lists all keys"
    return f"{shown}: there is no such key; {hint}"


def _passwords(data: Mapping[str, Any]) -> Iterator[Place]:
    """Finds keys named password, wherever they are."""
    inside: list[tuple[Place, Any]] = [((), data)]
    while inside:
        place, held = inside.pop()
        if place and str(place[-1]).lower() == "password":
            yield place
        elif isinstance(held, Mapping):
            inside += (((*place, name), inner) for name, inner in held.items())
        elif isinstance(held, list | tuple):
            inside += (((*place, index), inner) for index, inner in enumerate(held))
