"""A rollout in the terminal: a live table, plain lines, or JSON."""

from collections import deque
from collections.abc import Sequence
from types import TracebackType
from typing import Self

import click
import msgspec
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from sagui.deploy.rollout.control import View
from sagui.deploy.rollout.shares import ask
from sagui.deploy.rollout.standing import Remark, Standing

_REMARKS = 5
_REFRESH_HZ = 4
_BAR = 30
_LINES = 4
_COLOURS = {"running": "cyan", "paused": "yellow", "halted": "red", "done": "green"}
_WORDS: dict[Standing, str] = {
    "confirmed": "confirmed",
    "pending": "under way",
    "waiting": "waiting",
    "failed": "failed",
    "timed-out": "out of time",
    "offline": "offline",
    "away": "away with it",
    "pinned": "pinned",
    "ahead": "newer already",
    "left-out": "left out: they waited too long",
    "not-asked": "not asked yet",
}


def counts(view: View) -> str:
    """Says how many devices stand how.

    Returns:
        One line; what no device does is left out, save the confirmed.
    """
    of = view.tally.of
    words = [f"{of[one]} {word}" for one, word in _WORDS.items() if of[one] or one == "confirmed"]
    if view.unreadable:
        words.append(f"{view.unreadable} messages of devices cannot be read")
    return ", ".join(words)


def headline(view: View) -> str:
    """Says which rollout it is, and where it is.

    Returns:
        One line.
    """
    plan = view.plan
    back = "revert from " if plan.action == "revert" else ""
    return f"{back}{plan.model}=={plan.version}: {plan.status}, wave {plan.wave + 1} of {len(plan.waves)}"


def as_json(view: View) -> bytes:
    """Writes a view for a program: the plan, counts by standing, failures."""
    content = {
        "plan": msgspec.to_builtins(view.plan),
        "devices": view.known,
        "counted": view.tally.counted,
        "standing": {one: view.tally.of[one] for one in _WORDS},
        "failures": [{"device": one.device, "why": one.why} for one in view.tally.failures],
        "waits": [{"device": one.device, "why": one.why} for one in view.tally.waits],
        "unreadable": view.unreadable,
        "waits_for": view.waits_for,
    }
    return msgspec.json.encode(content)


def draw(view: View) -> RenderableType:
    """Draws a view: its waves with bars, the counts, and the failures in the devices' own words."""
    title = Text(headline(view), style=f"bold {_COLOURS[view.plan.status]}")
    lines = [Text(counts(view)), Text(printable(view.waits_for), style="italic")]
    return Group(
        title, _waves(view), *lines, *(Text(line, style="red") for line in failures(view)), *map(Text, waits(view))
    )


def failures(view: View) -> list[str]:
    """The first few failures, a line each, in the devices' own words."""
    return _few(view, view.tally.failures, "")


def waits(view: View) -> list[str]:
    """The first few that wait, a line each, in the devices' own words."""
    return _few(view, view.tally.waits, "waits: ")


def _few(view: View, every: Sequence[Remark], what: str) -> list[str]:
    # Why it halted ends with an example; nobody needs that twice.
    remarks = [one for one in every if f"({one.device}: {one.why})" not in view.waits_for]
    lines = [f"  {one.device}: {what}{printable(one.why)}" for one in remarks[:_REMARKS]]
    return [*lines, f"  and {len(remarks) - _REMARKS} more"] if len(remarks) > _REMARKS else lines


def printable(text: str) -> str:
    """Makes words from outside fit for a terminal: they may hold what moves the cursor."""
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())


def _waves(view: View) -> Table:
    plan, tally = view.plan, view.tally
    table = Table(box=None, pad_edge=False)
    for heading, justify in (("wave", "right"), ("share", "right"), ("devices", "right")):
        table.add_column(heading, justify="right" if justify == "right" else "left")
    table.add_column("")
    table.add_column("")
    for wave, share in enumerate(plan.waves):
        past = wave < plan.wave or plan.status == "done"
        present = wave == plan.wave and not past
        total = max(1, tally.counted) if present else 1
        bar = ProgressBar(total=total, completed=tally.confirmed if present else int(past), width=_BAR)
        note = f"{tally.confirmed} of {tally.counted}" if present else "done" if past else ""
        table.add_row(str(wave + 1), f"{100 * share:.4g} %", str(ask(view.known, share)), bar, note)
    return table


class LiveWatcher:
    """Shows a rollout as a table that changes in its place."""

    def __init__(self, console: Console) -> None:
        self._lines: deque[str] = deque(maxlen=_LINES)
        self._live = Live(console=console, refresh_per_second=_REFRESH_HZ)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def show(self, view: View) -> None:
        """See `Watcher.show`."""
        self._live.update(Group(draw(view), *(Text(line, style="dim") for line in self._lines)))

    def say(self, line: str) -> None:
        """See `Watcher.say`."""
        self._lines.append(printable(line))


class PlainWatcher:
    """Says a line when something changed: for logs and pipes."""

    def __init__(self, *, as_json: bool = False) -> None:
        """Begins with nothing said.

        Args:
            as_json: Says JSON, a line each, and remarks on standard error.
        """
        self._as_json = as_json
        self._said: object = None
        self._told: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    def show(self, view: View) -> None:
        """See `Watcher.show`."""
        now = (view.plan, view.tally.of, view.unreadable)
        if now == self._said or view.stops:
            return
        self._said = now
        if self._as_json:
            click.echo(as_json(view))
            return
        click.echo(f"{headline(view)}: {counts(view)}; {printable(view.waits_for)}")
        told = [*failures(view), *waits(view)]
        if told != self._told:
            self._told = told
            for line in told:
                click.echo(line)

    def say(self, line: str) -> None:
        """See `Watcher.say`."""
        click.echo(printable(line), err=self._as_json)
