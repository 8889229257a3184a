"""When crashes are too many. Pure rules, no I/O.

A start leaves a mark, and a clean stop takes it away; a start that finds a mark knows that the one before crashed. Time
is the system's uptime, which no clock that jumps can change; it tells nothing across a restart of the system, so there,
and only there, the wall clock counts.
"""

import re
from dataclasses import dataclass
from itertools import islice

import msgspec

CRASHES = 5
"""So many crashes within `WINDOW_S` lead to safe mode."""

WINDOW_S = 600.0
"""Crashes that are further back are forgotten."""

SAFE_SECONDS = 600.0
"""Safe mode lasts so long; then camera and model are tried again."""

WORDLESS = "it ended without a word: it was killed, a library crashed, or the power failed"
"""What is kept of a crash that left no reason."""

_SOONER = "it ends sooner when the agent is stopped and started again"
_MOST_KEPT = 2 * CRASHES
_MOST_WHY = 3
_TEXT_LIMIT = 200
# Up to the last @ of the word: a password may hold any character.
_IN_ADDRESS = re.compile(r"://\S*@")
_NAMED = re.compile(r"(?i)\b(pass\w*|secret|token|key)(\s*[=:]\s*)\S+")


@dataclass(frozen=True)
class Moment:
    """Now, on three clocks.

    Attributes:
        boot: Names this start of the system; None where it does not tell.
        up_s: Since the system started, sleep included.
        time_s: Unix time.
    """

    boot: str | None
    up_s: float
    time_s: float


class Crash(msgspec.Struct, frozen=True, kw_only=True):
    """A start that did not end well, and when the next one found out.

    Attributes:
        boot: See `Moment`, as the others.
        error: Its last words.
    """

    boot: str | None
    up_s: float
    time_s: float
    error: str


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept from start to start.

    Attributes:
        running: The mark.
        error: The reason why it ends, of the start that left the mark; empty if there is none yet.
        crashes: Oldest first.
    """

    running: bool = False
    error: str = ""
    crashes: tuple[Crash, ...] = ()


@dataclass(frozen=True)
class SafeMode:
    """No camera and no model for a while.

    Attributes:
        crashes: How many led to it.
        why: Their last words, newest first, each once; short, and without passwords.
        seconds: How long it lasts.
    """

    crashes: int
    why: tuple[str, ...]
    seconds: float = SAFE_SECONDS

    def __str__(self) -> str:
        """One line for a person."""
        minutes = f"{self.seconds / 60:g} minutes"
        crashes = f"{self.crashes} crashes within {WINDOW_S / 60:g} minutes"
        return f"safe mode for {minutes} after {crashes}: {self.why[0]}; {_SOONER}"


def started(record: Record, now: Moment) -> Record:
    """Records a start."""
    crashes = record.crashes
    if record.running:
        error = record.error or WORDLESS
        crashes = (*crashes, Crash(boot=now.boot, up_s=now.up_s, time_s=now.time_s, error=error))
    return Record(running=True, crashes=tuple(one for one in crashes if is_recent(one, now))[-_MOST_KEPT:])


def noted(record: Record, text: str) -> Record:
    """Keeps why it will end."""
    return msgspec.structs.replace(record, error=shorten(text))


def ended(record: Record, *, safe: bool) -> Record:
    """Records a clean stop; one out of safe mode, by a person or by a command, forgets the crashes."""
    return Record(crashes=() if safe else record.crashes)


def forgiven(record: Record) -> Record:
    """Forgets the crashes: safe mode is over."""
    return msgspec.structs.replace(record, crashes=())


def is_recent(crash: Crash, now: Moment) -> bool:
    """Tells whether a crash counts still."""
    if now.boot is not None and crash.boot == now.boot:
        return 0 <= now.up_s - crash.up_s <= WINDOW_S
    # It was before the system started. A clock that is set, either way, cannot keep it for longer than the window.
    return now.up_s <= WINDOW_S and abs(now.time_s - crash.time_s) <= WINDOW_S


def judge(record: Record) -> SafeMode | None:
    """Tells whether a start's crashes ask for safe mode; all that are kept are recent."""
    if len(record.crashes) < CRASHES:
        return None
    words = dict.fromkeys(shorten(crash.error) for crash in reversed(record.crashes))
    return SafeMode(len(record.crashes), tuple(islice(words, _MOST_WHY)))


def shorten(text: str) -> str:
    r"""Makes one short line without passwords.

    >>> shorten("camera: rtsp://me:s3cret@10.0.0.7/live\n gave no frames")
    'camera: rtsp://***@10.0.0.7/live gave no frames'
    """
    line = " ".join("".join(one if one.isprintable() else " " for one in text).split())
    line = _NAMED.sub(r"\1\2***", _IN_ADDRESS.sub("://***@", line))
    return line if len(line) <= _TEXT_LIMIT else f"{line[: _TEXT_LIMIT - 1]}…"
