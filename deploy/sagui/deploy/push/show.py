"""The board for people: a moving line for each device on a terminal, a plain line for each step elsewhere."""

from collections.abc import Sequence
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from sagui.deploy.push.fleet import Outcome
from sagui.deploy.push.hosts import Host

_BAR_COLUMNS = 20


class ShownBoard:
    """A `Board` on a console. A device has its line as long as it is at work; then one line of it stays.

    >>> from sagui.deploy.push.hosts import Host
    >>> with ShownBoard(Console(width=80, force_terminal=False)) as board:
    ...     board.at(Host("porch"), "copying", 0.5)
    ...     board.at(Host("porch"), "copying", 1.0)
    ...     board.ended(Host("porch"), "pets 1.4.0 confirmed", ok=True)
    porch: copying
    porch: pets 1.4.0 confirmed
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._lines: dict[Host, TaskID] = {}
        self._steps: dict[Host, str] = {}
        self._bars = Progress(
            TextColumn("{task.fields[host]}", markup=False),
            BarColumn(bar_width=_BAR_COLUMNS),
            TextColumn("{task.fields[step]}", markup=False),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )

    def __enter__(self) -> Self:
        """Begins to show."""
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Leaves the terminal as it was."""
        self.close()

    def close(self) -> None:
        """Likewise; what is printed after it is below the last line."""
        self._bars.stop()

    def at(self, host: Host, step: str, share: float | None = None) -> None:
        """See `Board.at`."""
        if not self._console.is_terminal and self._steps.get(host) != step:
            self._say(host, step)
        self._steps[host] = step
        line = self._lines.get(host)
        if line is None:
            line = self._lines[host] = self._bars.add_task("", total=None, host=str(host), step=step)
        if share is None:
            self._pulse(line)
            self._bars.update(line, step=step)
        else:
            self._bars.update(line, total=1.0, completed=share, step=f"{step} {share:.0%}")

    def _pulse(self, line: TaskID) -> None:
        """Has a line say only that something goes on; a bar that was full would stay so, and its clock stand."""
        task = next(task for task in self._bars.tasks if task.id == line)
        task.total = task.finished_time = None

    def ended(self, host: Host, words: str, *, ok: bool) -> None:
        """See `Board.ended`."""
        line = self._lines.pop(host, None)
        if line is not None:
            self._bars.remove_task(line)
            self._bars.refresh()
        self._say(host, words, "" if ok else "red")

    def _say(self, host: Host, words: str, style: str = "") -> None:
        self._console.print(Text(f"{host}: {words}", style), soft_wrap=True)


def table(outcomes: Sequence[Outcome]) -> Table:
    """What became of all devices."""
    drawn = Table("device", "", "what", "s", box=None, pad_edge=False)
    for outcome in outcomes:
        mark = Text("ok", "green") if outcome.ok else Text("failed", "red")
        drawn.add_row(Text(str(outcome.host)), mark, Text(outcome.words), f"{outcome.seconds:.0f}")
    return drawn
