"""What the device is asked to do on its topic ``command``: anyone who may publish there can say anything."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import inf
from typing import Literal, get_args

from sagui.device.events import Events
from sagui.wire import Command, CommandName, WireError, decode

LONGEST_BYTES = 1024
"""Longer payloads are not looked at."""

Reason = Literal["retained", "empty", "long", "unknown", "off", "often"]

_WORDS: dict[bytes, CommandName] = {name.encode(): name for name in get_args(CommandName)}
_LEAST_S: Mapping[CommandName, float] = {"snapshot": 1.0, "report": 1.0, "restart": 10.0}
_SHOWN_BYTES = 60


@dataclass(frozen=True)
class Ignored:
    """A payload that is no command, or none that is carried out.

    Attributes:
        reason: The kind, for programs.
        text: For a person, in one line of ASCII whatever the payload holds.
    """

    reason: Reason
    text: str


def parse_command(payload: bytes, *, retained: bool) -> Command | Ignored:
    """Reads ``{"command": "snapshot"}``, or the word alone. Gives an answer for every payload.

    Args:
        payload: As it came.
        retained: Whether the broker had kept it: it was said to nobody knows whom, nobody knows when, and would be
            carried out again after every reconnection.

    >>> parse_command(b"report", retained=False)
    Command(v=1, command='report', id=None)
    """
    if retained:
        return Ignored("retained", "a command that the broker kept; publish commands without the retain flag")
    if len(payload) > LONGEST_BYTES:
        return Ignored("long", f"{len(payload)} bytes; a command has {LONGEST_BYTES} at most")
    word = payload.strip()
    if not word:
        return Ignored("empty", "an empty payload")
    if word in _WORDS:
        return Command(command=_WORDS[word])
    try:
        return decode(payload, Command)
    except WireError:
        shown = repr(payload[:_SHOWN_BYTES])[1:] + ("..." if len(payload) > _SHOWN_BYTES else "")
        return Ignored("unknown", f'{shown} is no command; say {{"command": "snapshot"}}, restart or report')


class Commands:
    """Has commands carried out, not too often, and keeps count of the others.

    May be told of commands by any thread.
    """

    def __init__(
        self,
        handlers: Mapping[CommandName, Callable[[], None]],
        events: Events,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begins to count.

        A restart is not taken up in the first 10 seconds: one that is delivered twice would go on for ever.

        Args:
            handlers: What to do, in the caller's thread: leave word for another and come back. A command without a
                handler is turned off; the mapping may change meanwhile.
            events: Told of each command that is carried out, and once of each kind that is not.
            clock: Seconds that never go back.
        """
        self._handlers, self._events, self._clock = handlers, events, clock
        self._last: dict[CommandName, float] = {"snapshot": -inf, "report": -inf, "restart": clock()}
        self._told: set[Reason] = set()
        self._ignored = 0
        self._lock = threading.Lock()

    @property
    def ignored(self) -> int:
        """Commands that were not carried out, since the agent started."""
        return self._ignored

    def take(self, payload: bytes, *, retained: bool) -> None:
        """Carries a command out, or counts it.

        Args:
            payload: As it came.
            retained: Whether the broker had kept it.
        """
        asked = parse_command(payload, retained=retained)
        if isinstance(asked, Ignored):
            self._ignore(asked)
            return
        handler = self._admit(asked.command)
        if isinstance(handler, Ignored):
            self._ignore(handler)
            return
        text = f"command: {asked.command}" + (f" (id {asked.id!r})" if asked.id else "")
        self._events.say("command", text, command=asked.command, id=asked.id)
        handler()

    def _admit(self, name: CommandName) -> Callable[[], None] | Ignored:
        handler = self._handlers.get(name)
        if handler is None:
            return Ignored("off", f"{name} is not turned on")
        with self._lock:
            now = self._clock()
            if now - self._last[name] < _LEAST_S[name]:
                return Ignored("often", f"{name} is carried out every {_LEAST_S[name]:g} s at most")
            self._last[name] = now
        return handler

    def _ignore(self, ignored: Ignored) -> None:
        with self._lock:
            self._ignored += 1
            first = ignored.reason not in self._told
            self._told.add(ignored.reason)
        if first:
            text = f"command ignored: {ignored.text} (said once; more of the kind are counted)"
            self._events.say("command-ignored", text, reason=ignored.reason)
