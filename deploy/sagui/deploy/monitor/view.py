"""What shows a fleet: a table, lines, or records for a program."""

from types import TracebackType
from typing import Protocol, Self

from sagui.deploy.monitor.standing import Standing
from sagui.deploy.watch import Fleet


class View(Protocol):
    """Shows a fleet, as long as the block."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def learned(self, fleet: Fleet, device: str, now_s: float) -> None:
        """Is told that a message told something of a device, or that it is gone.

        Args:
            fleet: All devices.
            device: Which.
            now_s: When the message came; Unix time.
        """

    def turn(self, fleet: Fleet, standing: Standing, now_s: float) -> None:
        """Is told so several times a second, when all messages that came were taken.

        Args:
            fleet: All devices.
            standing: How the monitor itself is.
            now_s: Unix time.
        """
