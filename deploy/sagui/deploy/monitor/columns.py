"""The columns of the table, and which of them a terminal has room for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from rich.cells import cell_len
from rich.text import Text

from sagui.deploy.monitor.entries import Entry
from sagui.deploy.monitor.wording import age, milliseconds, shortened, sparkline, trouble_words, update_words
from sagui.deploy.rollout.display import printable

_MARKS = {"offline": ("x", "red"), "stale": ("?", "yellow")}
_HOUR_WIDTH = 20
_MOST_FPS = 10_000


@dataclass(frozen=True)
class Seen:
    """What a cell is made of.

    Attributes:
        now_s: Unix time.
        scores: Of the last hour, oldest first; see `Fleet.scores`.
    """

    entry: Entry
    now_s: float
    scores: Callable[[Entry], Sequence[float | None]]


@dataclass(frozen=True)
class Column:
    """A column.

    Attributes:
        heading: Its words.
        cell: Gives the words of a line.
        width: Letters that it needs.
        most: Letters that it takes, where there is room and somebody fills them.
        priority: Of two, the one with the greater number goes first where there is no room for both.
        beside: Letters that must be left for the others to grow.
    """

    heading: str
    cell: Callable[[Seen], Text]
    width: int
    most: int
    priority: int
    justify: Literal["left", "right"] = "left"
    beside: int = 0


@dataclass(frozen=True)
class Fitted:
    """A column with its width, in letters."""

    column: Column
    width: int


def fit(seen: Sequence[Seen], width: int) -> list[Fitted]:
    """Chooses columns, and how wide they are.

    Args:
        seen: The lines that will be shown.
        width: Of the terminal, in letters.
    """
    columns = list(COLUMNS)
    while len(columns) > 1 and _needed(columns) + max(column.beside for column in columns) > width:
        columns.remove(max(columns, key=lambda one: one.priority))
    widths = [column.width for column in columns]
    wanted = [_wanted(column, seen) for column in columns]
    for _ in range(max(0, width - _needed(columns))):
        growing = [at for at, most in enumerate(wanted) if widths[at] < most]
        if not growing:
            break
        widths[min(growing, key=lambda at: widths[at])] += 1
    return [Fitted(column, letters) for column, letters in zip(columns, widths, strict=True)]


def _needed(columns: Sequence[Column]) -> int:
    return sum(column.width for column in columns) + len(columns) - 1


def _wanted(column: Column, seen: Sequence[Seen]) -> int:
    if column.most == column.width:
        return column.width
    return min(column.most, max((cell_len(column.cell(one).plain) for one in seen), default=0))


def _mark(seen: Seen) -> Text:
    wrong = seen.entry.troubles
    if wrong:
        return Text(*_MARKS.get(wrong[0].kind, ("!", "bold red")))
    return Text(">", "cyan") if update_words(seen.entry.row) else Text(" ")


def _device(seen: Seen) -> Text:
    return Text(seen.entry.name, "bold")


def _label(seen: Seen) -> Text:
    entry = seen.entry
    status = entry.row.status(seen.now_s)
    if status == "offline":
        return Text("offline", "red")
    if status == "stale":
        return Text(trouble_words(entry.troubles[0]), "yellow")
    return Text(printable(entry.stream.label) if entry.stream else "")


def _score(seen: Seen) -> Text:
    stream = seen.entry.stream
    return Text(f"{stream.score:.0%}" if stream and _there(seen) else "")


def _since(seen: Seen) -> Text:
    stream = seen.entry.stream
    return Text(age(seen.entry.row.held_s(stream, seen.now_s)) if stream and _there(seen) else "")


def _fps(seen: Seen) -> Text:
    telemetry = seen.entry.row.telemetry
    if telemetry is None or not _there(seen):
        return Text()
    return Text(f"{telemetry.fps:.1f}" if telemetry.fps < _MOST_FPS / 100 else f"{min(telemetry.fps, _MOST_FPS):.0f}")


def _p95(seen: Seen) -> Text:
    telemetry = seen.entry.row.telemetry
    latency = telemetry.latency_ms if telemetry and _there(seen) else None
    return Text(milliseconds(latency.p95) if latency else "")


def _temperature(seen: Seen) -> Text:
    telemetry = seen.entry.row.telemetry
    if telemetry is None or telemetry.temperature_c is None or not _there(seen):
        return Text()
    return Text(f"{telemetry.temperature_c:.0f}°", "red" if telemetry.throttled else "")


def _outbox(seen: Seen) -> Text:
    telemetry = seen.entry.row.telemetry
    if telemetry is None:
        return Text()
    return Text(f"{telemetry.outbox.waiting:,}", "yellow" if telemetry.outbox.waiting else "")


def _version(seen: Seen) -> Text:
    model, words = seen.entry.row.model, update_words(seen.entry.row)
    version = printable(model.version) if model else ""
    return Text.assemble(version, (f" {words}", "cyan")) if words else Text(version)


def _hour(seen: Seen) -> Text:
    return Text(sparkline(seen.scores(seen.entry), _HOUR_WIDTH), "dim")


def _there(seen: Seen) -> bool:
    """Whether what it said last is so still."""
    return seen.entry.row.status(seen.now_s) in {"online", "unknown"}


COLUMNS = (
    Column("", _mark, 1, 1, 0),
    Column("device", _device, 10, 40, 0),
    Column("label", _label, 7, 32, 1),
    Column("score", _score, 5, 5, 2, "right"),
    Column("since", _since, 5, 5, 3, "right"),
    Column("fps", _fps, 5, 5, 5, "right"),
    Column("p95", _p95, 6, 6, 8, "right"),
    Column("temp", _temperature, 4, 4, 6, "right"),
    Column("outbox", _outbox, 6, 6, 7, "right"),
    Column("version", _version, 7, 32, 4),
    Column("last hour", _hour, _HOUR_WIDTH, _HOUR_WIDTH, 9, beside=14),
)


def cell(fitted: Fitted, seen: Seen) -> Text:
    """Writes a cell, no wider than its column."""
    text = fitted.column.cell(seen)
    if fitted.column.heading == "device":
        return Text(shortened(text.plain, fitted.width), text.style)
    text.truncate(fitted.width, overflow="ellipsis")
    return text
