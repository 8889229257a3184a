"""Why the agent ends, told by whichever part of it knows, how that is said, and how it begins again."""

import os
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import NoReturn

from sagui.device.errors import DeviceError
from sagui.device.health.crashes import shorten
from sagui.errors import SaguiError

AGAIN = "SAGUI_AGAIN"
"""Set in the environment of a process that took the place of another: systemd heard that it is ready long ago."""


class Ending(threading.Event):
    """Set when the agent shall stop after the frame in hand."""

    def __init__(self) -> None:
        """Nobody wants it to end yet."""
        super().__init__()
        self.error: DeviceError | None = None
        self._again = self._stopped = False

    @property
    def again(self) -> bool:
        """Whether the agent is to begin again when it has ended; not if anybody wants it to stop, too."""
        return self._again and not self._stopped and self.error is None

    def stop(self) -> None:
        """Ends the agent; somebody wants it to stop."""
        self._stopped = True
        self.set()

    def restart(self) -> None:
        """Ends the agent, for it to begin again: with another model."""
        self._again = True
        self.set()

    def fail(self, error: DeviceError) -> None:
        """Ends the agent, with an error; the first one counts."""
        self.error = self.error or error
        self.set()


def in_words(error: Exception) -> str:
    """Makes one short line of an error, without passwords.

    >>> in_words(DeviceError("camera: rtsp://me:s3cret@10.0.0.7/live gave no frames")), in_words(KeyError("door"))
    ('camera: rtsp://***@10.0.0.7/live gave no frames', "KeyError: 'door'")
    """
    return shorten(str(error) if isinstance(error, SaguiError) else f"{type(error).__name__}: {error}")


def execute_again(environment: Mapping[str, str]) -> NoReturn:
    """Puts a fresh process in the place of this one, with its number and its command line: systemd sees no end.

    Args:
        environment: That of the start: what was taken out of ours is needed once more.

    Raises:
        OSError: Python cannot be executed.
    """
    with suppress(OSError):
        for name in os.listdir("/proc/self/fd"):  # noqa: PTH208 (names alone are wanted)
            _close_on_execution(int(name))
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], {**environment, AGAIN: "1"})  # noqa: S606 (no shell is wanted)


def _close_on_execution(descriptor: int) -> None:
    """A native library may have left a camera or an Edge TPU open, which the next process must open itself."""
    if descriptor > 2:  # noqa: PLR2004 (input, output and errors stay)
        with suppress(OSError):
            os.set_inheritable(descriptor, False)
