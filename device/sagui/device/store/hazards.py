"""What can happen to a device between any two calls: the process is killed, the power fails, the disk is full.

Stand-ins for tests: they go around each call of a `sagui.device.store.filesystem.Filesystem`, or of anything else.
"""

import os
import signal
from collections.abc import Callable
from typing import Literal, Protocol, TypeVar

Result = TypeVar("Result")
When = Literal["before", "amid", "after"]


def _nothing() -> None:
    """Happens."""


class Hazard(Protocol):
    """Goes around calls."""

    def meet(self, call: str, action: Callable[[], Result], half: Callable[[], object] | None = None) -> Result:
        """Does what is to be done, or lets something happen.

        Args:
            call: Its name.
            action: Does it.
            half: Does half of it, where that can be.

        Raises:
            OSError: It went wrong.
        """


class Calm:
    """Nothing happens."""

    def meet(self, call: str, action: Callable[[], Result], half: Callable[[], object] | None = None) -> Result:  # noqa: ARG002 (the port's signature, here as below)
        """See `Hazard.meet`."""
        return action()


class Tally:
    """Nothing happens; the calls are noted.

    Attributes:
        calls: Their names, and whether they can be half done, in order.
    """

    def __init__(self) -> None:
        self.calls: list[tuple[str, bool]] = []

    def meet(self, call: str, action: Callable[[], Result], half: Callable[[], object] | None = None) -> Result:
        """See `Hazard.meet`."""
        self.calls.append((call, half is not None))
        return action()


class Kill:
    """The process is killed (SIGKILL) at one call."""

    def __init__(self, at: int, when: When, first: Callable[[], None] = _nothing) -> None:
        """Counts from here on.

        Args:
            at: Which call, from 0.
            when: Before it, amid it where it can be half done, or after it.
            first: Done before the process is killed, such as `sagui.device.store.volatile.VolatileFilesystem.cut`.
        """
        self._left, self._when, self._first = at, when, first

    def meet(self, call: str, action: Callable[[], Result], half: Callable[[], object] | None = None) -> Result:  # noqa: ARG002
        """See `Hazard.meet`."""
        self._left -= 1
        if self._left != -1:
            return action()
        if self._when == "after":
            action()
        elif self._when == "amid" and half is not None:
            half()
        self._first()
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError("a killed process goes on")


class Refuse:
    """A call fails, as on a full disk (ENOSPC) or on one that dies (EIO)."""

    def __init__(self, at: int, error: int, times: int = 1, only: frozenset[str] | None = None) -> None:
        """Counts from here on.

        Args:
            at: Which call, from 0.
            error: Its ``errno``.
            times: So many calls fail from there on.
            only: Counts these calls alone, and lets no others fail; None counts all.
        """
        self._seen, self._at, self._error, self._times, self._only = 0, at, error, times, only

    def meet(self, call: str, action: Callable[[], Result], half: Callable[[], object] | None = None) -> Result:
        """See `Hazard.meet`."""
        if self._only is not None and call not in self._only:
            return action()
        self._seen += 1
        if not self._at < self._seen <= self._at + self._times:
            return action()
        if half is not None:
            half()
        raise OSError(self._error, os.strerror(self._error))
