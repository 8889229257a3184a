"""Who is told how a push goes on: a port. `sagui.deploy.push.show` is its adapter for people."""

from typing import Protocol

from sagui.deploy.push.hosts import Host


class Board(Protocol):
    """Shows a line for each device."""

    def at(self, host: Host, step: str, share: float | None = None) -> None:
        """A device has come to a step.

        Args:
            host: Which.
            step: In a word or two.
            share: How much of the step is done, 0 to 1, where it can be told.
        """

    def ended(self, host: Host, words: str, *, ok: bool) -> None:
        """A device is done."""


class _Silent:
    """Shows nothing: for those who push from Python."""

    def at(self, host: Host, step: str, share: float | None = None) -> None:
        pass

    def ended(self, host: Host, words: str, *, ok: bool) -> None:
        pass


SILENT: Board = _Silent()
