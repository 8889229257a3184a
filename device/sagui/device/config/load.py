"""Settings at the start of the agent, and again while it runs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from sagui.device.config.keys import keys, sections
from sagui.device.config.lines import STREAM
from sagui.device.config.merge import merge, missing
from sagui.device.config.read import DEFAULT_PATH, is_there, read_settings
from sagui.device.config.settings import Decide, Settings, Stream
from sagui.device.errors import ConfigError

_AT_ONCE = frozenset({"camera.fps", "telemetry.every_s"})
_TABLES_AT_ONCE = frozenset({"decide", "snapshot", "collect", "update"})
_LATER = frozenset({"update.registry", "update.root"})


def load_settings(
    path: Path | None,
    environment: Mapping[str, str],
    options: Mapping[str, Any] | None = None,
    default: Path = DEFAULT_PATH,
) -> Settings:
    """Reads the file, and puts the environment and the command line on top.

    Args:
        path: The file; None takes the default one if it exists.
        environment: See `merge`.
        options: Likewise.
        default: Where the file is when nobody says.

    Raises:
        ConfigError: The file cannot be read, or something in it, in the environment or on the command line is wrong.
    """
    if path is None and is_there(default):
        path = default
    return merge(None if path is None else read_settings(path), environment, options)


def require(settings: Settings) -> Settings:
    """Gives settings back that are enough for a start.

    Raises:
        ConfigError: Something is missing; the message names the key, the environment variable and the option.
    """
    if lacking := missing(settings):
        raise ConfigError([f"missing: {line}" for line in lacking])
    return settings


@dataclass(frozen=True)
class Changes:
    """Which keys have another value, as ``decide.agree`` or ``stream.door.agree``; unnamed, it is ``stream[0].agree``.

    Attributes:
        live: What can be applied while the agent runs.
        restart: What is as it was until the agent starts again.
    """

    live: tuple[str, ...] = ()
    restart: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.live or self.restart)


def changes(old: Settings, new: Settings) -> Changes:
    """Compares settings. Streams are the same ones if they have the same names in the same order."""
    changed = dict(_changed(old, new))
    return Changes(
        live=tuple(shown for shown, path in changed.items() if is_live(path)),
        restart=tuple(shown for shown, path in changed.items() if not is_live(path)),
    )


def is_live(path: str) -> bool:
    """Whether a change of a key, such as ``stream.agree``, can be applied while the agent runs."""
    table, _, name = path.rpartition(".")
    if path in _LATER:
        return False
    return path in _AT_ONCE or table in _TABLES_AT_ONCE or (table == STREAM and name in Decide.__struct_fields__)


def _changed(old: Settings, new: Settings) -> Iterator[tuple[str, str]]:
    """Gives the keys that changed: as a person knows them, and as `keys` has them."""
    for path, key in keys().items():
        if key.section != STREAM and _value(old, path) != _value(new, path):
            yield path, path
    if not _same_streams(old, new):
        yield STREAM, STREAM
        return
    for index, (before, after) in enumerate(zip(old.stream, new.stream, strict=True)):
        shown = f"{STREAM}[{index}]" if before.name is None else f"{STREAM}.{before.name}"
        for name in Stream.__struct_fields__:
            if getattr(before, name) != getattr(after, name):
                yield f"{shown}.{name}", f"{STREAM}.{name}"


def _same_streams(old: Settings, new: Settings) -> bool:
    return [stream.name for stream in old.stream] == [stream.name for stream in new.stream]


def _value(settings: Settings, path: str) -> Any:  # noqa: ANN401 (a value of any key)
    value: Any = settings
    for name in path.split("."):
        value = getattr(value, name)
    return value


def applied(old: Settings, new: Settings) -> Settings:
    """Gives what holds while the agent runs: the old settings, with what can be changed of the new ones."""
    tables: dict[str, Any] = {table: _mixed(getattr(old, table), getattr(new, table), table) for table in _tables()}
    if _same_streams(old, new):
        pairs = zip(old.stream, new.stream, strict=True)
        tables[STREAM] = tuple(_mixed(before, after, STREAM) for before, after in pairs)
    return msgspec.structs.replace(old, **tables)


def _tables() -> tuple[str, ...]:
    return tuple(table for table in sections() if table != STREAM)


def _mixed(old: msgspec.Struct, new: msgspec.Struct, table: str) -> msgspec.Struct:
    taken = {name: getattr(new, name) for name in new.__struct_fields__ if is_live(f"{table}.{name}")}
    return msgspec.structs.replace(old, **taken)


@dataclass(frozen=True)
class Reloaded:
    """What a reload gives.

    Attributes:
        settings: What holds from now on.
        changes: What is another in the file, the environment or the command line than it was before.
    """

    settings: Settings
    changes: Changes


def reload(
    path: Path | None,
    environment: Mapping[str, str],
    options: Mapping[str, Any] | None,
    old: Settings,
    default: Path = DEFAULT_PATH,
) -> Reloaded:
    """Reads the settings again while the agent runs.

    Args:
        path: As at the start, like the next two.
        environment: Likewise.
        options: Likewise.
        old: What holds now.
        default: Where the file is when nobody says.

    Raises:
        ConfigError: As at the start, or something that a start needs is gone; what holds now goes on.
    """
    new = require(load_settings(path, environment, options, default))
    return Reloaded(applied(old, new), changes(old, new))
