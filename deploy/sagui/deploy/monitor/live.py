"""The fleet as a table that changes in its place, on a screen of its own."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from time import perf_counter
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live

from sagui.deploy.monitor.entries import Entry, Order, entries, ordered
from sagui.deploy.monitor.standing import Standing
from sagui.deploy.monitor.table import draw
from sagui.deploy.watch import Fleet

_EVERY_S = 0.25
_SHARE = 0.2
"""Drawing takes no more of the time than this, however many devices there are."""


class LiveView:
    """See `View`. Draws 4 times a second at most; the terminal is left as it was found."""

    def __init__(
        self,
        console: Console,
        order: Order = "problems",
        group: str | None = None,
        clock: Callable[[], float] = perf_counter,
    ) -> None:
        """Prepares it.

        Args:
            console: The terminal.
            order: Of the lines.
            group: Only devices that follow its plans; None for all.
            clock: Seconds, of whatever start.
        """
        self._console, self._order, self._group, self._clock = console, order, group, clock
        self._live = Live(console=console, screen=True, auto_refresh=False, redirect_stdout=False)
        self._due = clock()

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):  # the terminal may be gone
            self._live.stop()

    def learned(self, fleet: Fleet, device: str, now_s: float) -> None:
        """See `View.learned`; a table shows what is."""

    def turn(self, fleet: Fleet, standing: Standing, now_s: float) -> None:
        """See `View.turn`."""
        start = self._clock()
        if start < self._due:
            return

        def scores(entry: Entry) -> Sequence[float | None]:
            return fleet.scores(entry.row.device, entry.stream.name if entry.stream else None, now_s)

        lines = ordered(entries(fleet.rows(), self._group, now_s), self._order, now_s)
        size = self._console.size
        self._live.update(draw(lines, standing, now_s, (size.width, size.height), scores), refresh=True)
        took_s = self._clock() - start
        self._due = start + max(_EVERY_S, took_s / _SHARE)
