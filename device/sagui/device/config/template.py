"""The file that `sagui config init` writes, and the schema, told from the keys. Pure rules, no I/O."""

import json
import textwrap
from collections.abc import Iterator
from typing import Any

import msgspec

from sagui.device.config.keys import Key, keys, sections
from sagui.device.config.lines import STREAM
from sagui.device.config.settings import Section, Settings, Stream

_WIDTH = 100
_HEAD = """\
# Settings of the sagui agent, read by `sagui run --config FILE`, or from /etc/sagui/agent.toml.
#
# Every key stands behind a # with its default, or with an example where it has none: take the # away and change the
# value. Environment variables (SAGUI_DEVICE for device, SAGUI_BROKER_URL for url in [broker]) win over this file, and
# options of the command line over both. `sagui config check FILE` says what is wrong, and what is missing.
#
# For a key of a stream, take the # of its [[stream]] away, too: keys belong to the last [header] above them.
"""


def template() -> str:
    """Writes a file of all keys, each behind a ``#`` that stands right before it; other comments have a blank after it.

    The file as it is sets nothing.
    """
    parts = [_HEAD, *_table("", ())]
    for section in sections():
        header = f"#[[{STREAM}]]" if section == STREAM else f"[{section}]"
        parts += _table(section, (*_wrapped(_about(section)), header))
    return "\n".join(parts)


def _table(section: str, opening: tuple[str, ...]) -> Iterator[str]:
    if opening:
        yield "\n".join(opening) + "\n"
    for key in keys().values():
        if key.section == section:
            yield "\n".join((*_wrapped(describe(key)), f"#{key.name} = {toml_value(key.example)}")) + "\n"


def _about(section: str) -> str:
    table = Stream if section == STREAM else type(getattr(Settings(), section))
    assert issubclass(table, Section)  # noqa: S101 (a table of Settings)
    return table.__doc__ or ""


def _wrapped(text: str) -> list[str]:
    return [f"# {line}" for line in textwrap.wrap(text, _WIDTH, break_on_hyphens=False, break_long_words=False)]


def describe(key: Key) -> str:
    """Says what a key does, what it may be, and what happens without it."""
    without = toml_value(key.default) if key.default is not None else key.unset
    return f"{key.about} Allowed: {key.allowed}. Default: {without}."


def toml_value(value: bool | float | str | tuple[str, ...]) -> str:  # noqa: FBT001 (a value of any key)
    """Writes a value as TOML does.

    >>> toml_value(True), toml_value(2.0), toml_value("a")
    ('true', '2', '"a"')
    """
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return json.dumps(value, ensure_ascii=False)


def json_schema() -> dict[str, Any]:
    """Gives the settings' JSON Schema (draft 2020-12): an editor can complete and check a file with it."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **msgspec.json.schema(Settings)}
