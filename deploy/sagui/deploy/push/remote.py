"""What is asked of a device: a port. `sagui.deploy.push.ssh` is its adapter."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True)
class Ran:
    """What became of a command.

    Attributes:
        status: Its exit status; negative if a signal ended it.
        out: What it printed, UTF-8.
        err: What it complained about.
    """

    status: int
    out: str
    err: str

    @property
    def reason(self) -> str:
        """The last line it complained with, fit for a terminal."""
        lines = [line.strip() for line in (self.err + "\n" + self.out).splitlines() if line.strip()]
        complaints = [line.strip() for line in self.err.splitlines() if line.strip()]
        last = (complaints or lines or [f"exit status {self.status}"])[-1]
        return printable(last.removeprefix("Error: "))


_LONGEST = 500


def printable(text: str) -> str:
    """One line that cannot steer a terminal: it comes from another machine."""
    return "".join(one if one.isprintable() else " " for one in text)[:_LONGEST].strip()


class Remote(Protocol):
    """A device that we are logged in to. Every call raises LinkError when the connection is lost."""

    async def run(self, command: Sequence[str], feed: bytes = b"") -> Ran:
        """Runs a command that is soon over, with ``feed`` as its standard input."""

    async def work(self, command: Sequence[str]) -> Ran:
        """Runs a command that may take long; it is ended there when the call is cancelled or the link is cut."""

    async def send(self, command: Sequence[str], source: Path, tell: Callable[[int], None]) -> Ran:
        """Runs a command with a file as its standard input, and tells the bytes that are on their way."""

    def held(self, command: Sequence[str], mark: str) -> AbstractAsyncContextManager[str]:
        """Runs a command as long as the block; the end of its input tells it to end.

        Gives what follows the mark in the first line that begins with it. Raises PushError if there is none.
        """
