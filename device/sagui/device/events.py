"""What the agent says about itself on its own machine: a port, as lines for a person or as JSON for a program."""

import json
import sys
import threading
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Protocol, TextIO


class Events(Protocol):
    """Takes what happens."""

    def say(self, event: str, text: str, **fields: Any) -> None:  # noqa: ANN401 (whatever JSON can hold)
        """Says that something happened.

        Args:
            event: Its name, for programs.
            text: One line for a person.
            fields: Numbers and names that a program may want.
        """


class _Lines:
    """Whole lines: the agent's thread and the link's both have something to say."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    def write(self, line: str) -> None:
        # Labels and files' names can hold what a terminal's encoding does not.
        encoding = self._stream.encoding or "utf-8"
        shown = line.encode(encoding, "backslashreplace").decode(encoding)
        # A journal that is gone, or on a full disk, must not silence the device on MQTT, too.
        with self._lock, suppress(OSError, ValueError):
            self._stream.write(f"{shown}\n")
            self._stream.flush()


class PlainEvents:
    """Lines with the time in front; a service manager keeps them in its journal."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._lines = _Lines(stream or sys.stdout)

    def say(self, event: str, text: str, **fields: Any) -> None:  # noqa: ANN401, ARG002 (the port's signature)
        """See `Events.say`."""
        self._lines.write(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} {one_line(text)}")


def one_line(text: str) -> str:
    r"""Makes a line that steers no terminal and begins no other line, whatever a label or a file's name holds.

    >>> one_line("a\nb\x1b[2J")
    'a\\nb\\x1b[2J'
    """
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)


class JsonEvents:
    """A JSON object a line."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._lines = _Lines(stream or sys.stdout)

    def say(self, event: str, text: str, **fields: Any) -> None:  # noqa: ANN401
        """See `Events.say`."""
        time = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        line = json.dumps({"time": time, "event": event, "text": text, **fields})
        self._lines.write(line)
