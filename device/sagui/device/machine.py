"""Where the machine is asked: files below a root, and programs; tests give a tree and answers of their own."""

import math
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

PATIENCE_S = 5.0
"""How long a program of the system may take to answer."""


@dataclass(frozen=True)
class Answer:
    """What a program answered.

    Attributes:
        status: Its exit status; below 0, the signal that ended it; None when it took too long.
    """

    status: int | None
    out: str
    error: str = ""


Ask = Callable[[Sequence[str], float], Answer | None]
"""Runs a program with a limit of time, in seconds; None where it is not installed."""


def ask_program(command: Sequence[str], limit_s: float) -> Answer | None:
    """Runs a program, with the messages of the system in English."""
    try:
        done = subprocess.run(  # noqa: S603 (our own constants, and paths as single arguments)
            command,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=limit_s,
            check=False,
            stdin=subprocess.DEVNULL,
            env=os.environ | {"LC_ALL": "C.UTF-8"},
        )
    except subprocess.TimeoutExpired:
        return Answer(None, "", f"no answer within {limit_s:g} s")
    except OSError:
        return None
    return Answer(done.returncode, done.stdout, done.stderr)


def may_use(path: Path) -> bool:
    """Whether this user may read and write a file or a device."""
    return os.access(path, os.R_OK | os.W_OK)


@dataclass(frozen=True)
class Machine:
    """A machine.

    Attributes:
        root: Below it lie ``proc``, ``sys``, ``dev`` and so on.
        ask: Runs programs.
        may_use: Whether this user may use a device.
        python: The interpreter that the agent runs on.
    """

    root: Path = Path("/")
    ask: Ask = ask_program
    may_use: Callable[[Path], bool] = may_use
    python: str = sys.executable

    def text(self, path: str) -> str | None:
        """Reads a small file below the root; None if it is not there or not for us."""
        try:
            return (self.root / path).read_text("utf-8", errors="replace").strip("\0 \n")
        except OSError:
            return None

    def below(self, folder: str, pattern: str) -> Iterator[str]:
        """Finds paths below the root, relative to it, in order."""
        for path in sorted((self.root / folder).glob(pattern)):
            yield path.relative_to(self.root).as_posix()

    def answer(self, *command: str) -> str | None:
        """What a program says when it succeeds; None otherwise."""
        answer = self.ask(command, PATIENCE_S)
        return answer.out if answer is not None and answer.status == 0 else None

    @property
    def board(self) -> str:
        """The board's name, from its device tree; empty where there is none."""
        return self.text("proc/device-tree/model") or ""

    @property
    def is_raspberry_pi(self) -> bool:
        """Whether it is one."""
        return self.board.startswith("Raspberry Pi")


def number(content: str | None) -> float | None:
    """Reads a number as the kernel writes it; None where there is none.

    >>> number("61350")
    61350.0
    >>> number("<unknown>")
    """
    try:
        value = float(content) if content else math.nan
    except ValueError:
        return None
    return value if math.isfinite(value) else None
