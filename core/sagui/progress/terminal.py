"""Progress bars on a terminal, plain lines elsewhere (a log file, a pipe)."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as Bars

from sagui.progress.port import Advance


def _standard_error() -> Console:
    # A duplicate, so that bars go on while `quiet_native` holds back what native libraries write.
    return Console(file=os.fdopen(os.dup(2), "w", encoding="utf-8"), highlight=False)


class TerminalProgress:
    """A `Progress` on standard error, so that standard output stays clean for what a command answers."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or _standard_error()

    @contextmanager
    def task(self, what: str, total: int | None = None) -> Iterator[Advance]:
        """See `Progress.task`."""
        start = perf_counter()
        if self.console.is_terminal:
            with self._bars(total) as bars:
                number = bars.add_task(what, total=total, note="")

                def advance(steps: int = 1, note: str = "") -> None:
                    bars.advance(number, steps)
                    if note:
                        bars.update(number, note=note)

                yield advance
        else:
            last = [""]

            def remember(steps: int = 1, note: str = "") -> None:  # noqa: ARG001 (the port's signature)
                last[0] = note or last[0]

            yield remember
        # The bar is gone once the work is done; a line stays.
        note = f" ({last[0]})" if not self.console.is_terminal and last[0] else ""
        self.console.print(f"[green]✓[/] {what}{note} [dim]{perf_counter() - start:.1f} s[/]", soft_wrap=True)

    def say(self, line: str) -> None:
        """See `Progress.say`."""
        self.console.print(line, soft_wrap=True, markup=False)

    def _bars(self, total: int | None) -> Bars:
        counted = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()) if total else (TimeElapsedColumn(),)
        return Bars(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            *counted,
            TextColumn("[dim]{task.fields[note]}"),
            console=self.console,
            transient=True,
        )
