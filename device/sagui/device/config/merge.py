"""From a file, the environment and the command line, in rising order, to the settings. Pure rules, no I/O."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import msgspec

from sagui.device.config.environment import from_environment
from sagui.device.config.judge import Judged, judge
from sagui.device.config.keys import keys
from sagui.device.config.lines import STREAM, Place, is_stream
from sagui.device.config.read import Document
from sagui.device.config.rules import conflicts
from sagui.device.config.settings import Settings
from sagui.device.errors import ConfigError

_NEEDED = ("device", "broker.url", "camera.spec", "model")


class Merged(NamedTuple):
    """What all sources give together.

    Attributes:
        settings: Of what may be; all else has its default.
        problems: One line for each thing that may not, in the order of the sources and their lines.
    """

    settings: Settings
    problems: tuple[str, ...]


def merge(
    document: Document | None, environment: Mapping[str, str], options: Mapping[str, Any] | None = None
) -> Settings:
    """Puts the sources together: a later one wins, key by key.

    Args:
        document: The file; None where there is none.
        environment: Where SAGUI_DEVICE, SAGUI_BROKER_URL and so on may be.
        options: Of the command line, by key: ``{"broker.url": "mqtt://broker"}``. None is an option that was not given.
            ``stream`` may be there, too: a list of tables that stands instead of the file's.

    Raises:
        ConfigError: A key is not known, a value not allowed, or two do not go together. The message says which, where
            it came from, and what is allowed.
    """
    merged = examine(document, environment, options)
    if merged.problems:
        raise ConfigError(merged.problems)
    return merged.settings


def examine(
    document: Document | None, environment: Mapping[str, str], options: Mapping[str, Any] | None = None
) -> Merged:
    """Likewise, but gives what is wrong instead of raising it."""
    sources = [
        _Source(judge(from_environment(environment), _variable), _variable),
        _Source(judge(_nested(options or {}), _option), _option),
    ]
    problems: list[str] = []
    if document is not None:
        in_file = _in_file(document)
        judged = judge(document.data, in_file)
        sources.insert(0, _Source(judged, in_file))
        problems += _by_line(judged, document)
    problems += (problem.text for source in sources[-2:] for problem in source.judged.problems)
    values, shown = _together(sources)
    refused = {problem.place for source in sources for problem in source.judged.problems}
    problems += (f"{shown[place](place)}: {text}" for place, text in conflicts(values, refused))
    return Merged(msgspec.convert(_tree(values), Settings), tuple(map(_one_line, problems)))


def missing(settings: Settings) -> tuple[str, ...]:
    """Says what a start still needs: the key, the environment variable and the option, a line each."""
    have_models = settings.model or (settings.stream and all(stream.model for stream in settings.stream))
    given = {
        "device": settings.device,
        "broker.url": settings.broker.url,
        "camera.spec": settings.camera.spec,
        "model": have_models,
    }
    return tuple(_lacking(path) for path in _NEEDED if not given[path])


def _lacking(path: str) -> str:
    key = keys()[path]
    section = f"in [{key.section}] " if key.section else ""
    return f"{path}: set {key.name} {section}in the file, {key.environment}, or {key.option} of `sagui run`"


class _Source(NamedTuple):
    judged: Judged
    show: Callable[[Place], str]


def _in_file(document: Document) -> Callable[[Place], str]:
    def show(place: Place) -> str:
        line = document.line(place)
        return f"{document.name}{'' if line is None else f':{line}'}: {write_place(place)}"

    return show


def _by_line(judged: Judged, document: Document) -> list[str]:
    return [problem.text for problem in sorted(judged.problems, key=lambda one: document.line(one.place) or 0)]


def _variable(place: Place) -> str:
    return keys()[write_place(place)].environment


def _option(place: Place) -> str:
    key = keys().get(write_place(place))
    return key.option if key and key.option else f"command line: {write_place(place)}"


def write_place(place: Place) -> str:
    """Writes a key as a person would.

    >>> write_place(("stream", 0, "name"))
    'stream[0].name'
    """
    text = ""
    for part in place:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f"{'.' if text else ''}{part}"
    return text


def _nested(options: Mapping[str, Any]) -> dict[str, Any]:
    data: dict[str, Any] = {}
    for path, value in options.items():
        if value is None:
            continue
        section, _, name = path.rpartition(".")
        (data.setdefault(section, {}) if section else data)[name] = value
    return data


def _together(sources: list[_Source]) -> tuple[dict[Place, Any], dict[Place, Callable[[Place], str]]]:
    """Gives the values that hold, and for each who can name its source."""
    values: dict[Place, Any] = {}
    shown: dict[Place, Callable[[Place], str]] = {}
    for source in sources:
        if any(is_stream(place) for place in source.judged.values):
            values = {place: value for place, value in values.items() if place[0] != STREAM}
        values |= source.judged.values
        shown |= dict.fromkeys(source.judged.values, source.show)
    return values, shown


def _tree(values: Mapping[Place, Any]) -> dict[str, Any]:
    data: dict[Any, Any] = {}
    for place, value in values.items():
        table = data
        for part in place[:-1]:
            table = table.setdefault(part, {})
        table[place[-1]] = dict(value) if is_stream(place) else value
    return data | ({STREAM: list(data[STREAM].values())} if STREAM in data else {})


def _one_line(text: str) -> str:
    """A quoted key or an option of a camera may hold anything; it must not steer a terminal."""
    return "".join(letter if letter.isprintable() else "?" for letter in " ".join(text.split()))
