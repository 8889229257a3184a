"""Runs a program that may hang, crash or write without end."""

import os
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Ended:
    """How a program ended.

    Attributes:
        status: Its exit status; negative where a signal ended it; None where its time was up.
    """

    status: int | None

    @property
    def text(self) -> str:
        """In words."""
        if self.status is None:
            return "stopped: its time was up"
        if self.status < 0:
            return f"ended by signal {-self.status} ({_signal_name(-self.status)})"
        return f"ended with status {self.status}"


def run(command: Sequence[str], folder: Path, output: Path, timeout_s: float) -> Ended:
    """Runs a program to its end, and leaves none of its children behind.

    Args:
        command: The program and its arguments; no shell reads them.
        folder: Where it runs.
        output: The file for all that it writes.
        timeout_s: When it is ended, with its children.

    Raises:
        OSError: It cannot be started.
    """
    with output.open("wb") as writing:
        process = subprocess.Popen(  # noqa: S603 (a list of arguments)
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=writing,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            return Ended(process.wait(timeout_s))
        except subprocess.TimeoutExpired:
            return Ended(None)
        finally:
            # Ctrl-C comes by here, too: the program is in a session of its own and does not see it.
            _end_group(process)


def _end_group(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _signal_name(number: int) -> str:
    return signal.Signals(number).name if number in {known.value for known in signal.Signals} else "unknown"
