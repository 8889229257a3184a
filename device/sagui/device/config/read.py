"""The file of settings, from the disk to what it holds."""

import codecs
import os
import re
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from sagui.device.config.lines import Place, key_lines, line_of
from sagui.device.errors import ConfigError

DEFAULT_PATH = Path("/etc/sagui/agent.toml")
"""Read where no other file is named, if it exists."""

MAX_BYTES = 2**20
"""Of a file; a full one with 16 streams has some thousand."""


@dataclass(frozen=True)
class Document:
    """What a file holds, whether or not it makes sense.

    Attributes:
        name: Of the file, for messages.
        data: As tomllib gives it.
        text: The file itself, for the lines of its keys.
    """

    name: str
    data: Mapping[str, Any]
    text: str = field(default="", repr=False)

    @cached_property
    def _lines(self) -> Mapping[Place, int]:
        return key_lines(self.text)

    def line(self, place: Place) -> int | None:
        """Gives the line of a key, or of what is around it; None where there is no text."""
        return line_of(place, self._lines)


def read_settings(path: Path) -> Document:
    """Reads a TOML file.

    Raises:
        ConfigError: It cannot be read, is too large, or is no TOML; the message names the line and the column.
    """
    return parse_settings(_read(path), str(path))


def parse_settings(content: bytes, name: str) -> Document:
    """Reads what a TOML file holds.

    Args:
        content: Of the file.
        name: Of the file, for messages.

    Raises:
        ConfigError: It is no TOML.
    """
    text = _decoded(content, name)
    try:
        return Document(name, tomllib.loads(text), text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(_located(str(error), text, name)) from error
    except RecursionError as error:
        raise ConfigError(
            f"{name}: arrays or tables stand too deep in each other; settings need three levels"
        ) from error
    except ValueError as error:  # Python reads no number of more than 4300 digits
        raise ConfigError(f"{name}: not TOML that can be read: {error}") from error


def _read(path: Path) -> bytes:
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # a pipe would be waited for
            raise ConfigError(f"{path}: not a file; `sagui config init` writes one")
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise ConfigError(f"{path}: there is no such file; `sagui config init {path}` writes one") from error
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        raise ConfigError(f"{str(path)!r} is no path: {error}") from error
    if len(content) > MAX_BYTES:
        raise ConfigError(f"{path}: larger than {MAX_BYTES} bytes; this is no file of settings")
    return content


def _decoded(content: bytes, name: str) -> str:
    if content.startswith(codecs.BOM_UTF8):
        raise ConfigError(f"{name}:1:1: begins with a byte order mark; save it as UTF-8 without one")
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise ConfigError(f"{name}:1:1: this is UTF-16; save it as UTF-8")
    if b"\0" in content:
        line = content[: content.index(b"\0")].count(b"\n") + 1
        raise ConfigError(f"{name}:{line}: holds a NUL byte, so it is damaged or not text; write it anew")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise ConfigError(f"{name}:{line}: byte {content[error.start]:#04x} is not UTF-8; save it as UTF-8") from error


def _located(message: str, text: str, name: str) -> str:
    """Puts the line and the column that tomllib names at the end of its message to the front."""
    found = re.fullmatch(
        r"(?P<what>.*?) \((?:at line (?P<line>\d+), column (?P<column>\d+)|at end of document)\)", message
    )
    if found is None:
        return f"{name}: not TOML: {message}"
    end = text.removesuffix("\n")
    line = found["line"] or end.count("\n") + 1
    column = found["column"] or len(end) - (end.rfind("\n") + 1) + 1
    hint = '; texts stand in quotes, such as "porch"' if found["what"] == "Invalid value" else ""
    return f"{name}:{line}:{column}: not TOML: {found['what']}{hint}"


def is_there(path: Path) -> bool:
    """Whether something has this name; what may not be looked at is there, and fails when it is read."""
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True
