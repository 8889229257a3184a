"""Shows cards and comparisons: with rich where it is installed, aligned text elsewhere."""

from collections.abc import Callable, Sequence
from typing import TextIO

from sagui.convert.bench.card import Accuracy, Board, Card, Condition, Measured
from sagui.convert.bench.table import Sheet, Table, plain_table

NOT_TOLD = "not told"


def write_card(stream: TextIO, card: Card) -> None:
    """Writes a card for a person to read.

    Args:
        stream: Where to.
        card: It.
    """
    write_sheet(stream, card_sheet(card))


def write_sheet(stream: TextIO, sheet: Sheet) -> None:
    """Writes tables with rich, or plainly where it is not installed, as on a Raspberry Pi.

    Args:
        stream: Where to.
        sheet: What.
    """
    try:
        from rich.console import Console
    except ImportError:
        _write_plain(stream, sheet)
        return
    from rich.markup import escape
    from rich.table import Table as RichTable

    console = Console(file=stream, highlight=False)
    console.print(sheet.title, markup=False, soft_wrap=True)
    for table in sheet.tables:
        drawn = RichTable(escape(table.columns[0]))
        for column in table.columns[1:]:
            drawn.add_column(escape(column), justify="right", overflow="fold")
        for row in table.rows:
            drawn.add_row(*map(escape, row))
        console.print(drawn)
    for note in sheet.notes:
        console.print(note, markup=False, soft_wrap=True)
    for warning in sheet.warnings:
        console.print(f"warning: {warning}", markup=False, soft_wrap=True, style="yellow")


def _write_plain(stream: TextIO, sheet: Sheet) -> None:
    warnings = [f"warning: {warning}" for warning in sheet.warnings]
    parts = [sheet.title, *map(plain_table, sheet.tables), "\n".join([*sheet.notes, *warnings])]
    stream.write("\n\n".join(part for part in parts if part) + "\n")


def card_sheet(card: Card) -> Sheet:
    """Puts a card in tables and sentences."""
    model = card.model
    named = model.name if model.version is None else f"{model.name} {model.version}"
    mode = f"{model.quantization}, " if model.quantization else ""
    board = card.board.name or card.board.cpu or card.board.architecture
    return Sheet(
        title=f"{named} ({mode}{megabytes(model.bytes)}) on {board}",
        tables=(_measured_table(card.measured), _board_table(card.board, card.measured)),
        notes=(
            f"frame: {card.frame.about}",
            f"top-1: {accuracy_words(card.accuracy)}",
            "end to end: fitting the frame, the network, dequantizing and finding the best labels; parts are medians",
        ),
        warnings=card.warnings,
    )


_MEASURES: tuple[tuple[str, Callable[[Measured], str]], ...] = (
    ("end to end, p50", lambda one: milliseconds(one.end_to_end.p50_ms)),
    ("end to end, p90", lambda one: milliseconds(one.end_to_end.p90_ms)),
    ("end to end, p99", lambda one: milliseconds(one.end_to_end.p99_ms)),
    ("of it preprocess", lambda one: milliseconds(one.preprocess.p50_ms)),
    ("of it the rest", lambda one: milliseconds(one.rest.p50_ms)),
    ("invoke only, p50", lambda one: milliseconds(one.invoke.p50_ms)),
    ("invoke only, p90", lambda one: milliseconds(one.invoke.p90_ms)),
    ("invoke only, p99", lambda one: milliseconds(one.invoke.p99_ms)),
    ("frames per second", lambda one: f"{one.frames_per_second:,.1f}"),
    ("load", lambda one: milliseconds(one.load_ms)),
    ("first inference", lambda one: milliseconds(one.first_ms)),
    ("peak memory", lambda one: megabytes(one.memory.peak_bytes)),
    ("resident, model loaded", lambda one: megabytes(one.memory.resident_bytes)),
    ("resident, before", lambda one: megabytes(one.memory.before_load_bytes)),
    ("energy per frame", lambda one: f"{one.energy.millijoules:,.1f} mJ" if one.energy else NOT_TOLD),
    ("power, idle", lambda one: f"{one.energy.watts:.2f}, {one.energy.idle_watts:.2f} W" if one.energy else NOT_TOLD),
    ("clock at the end", lambda one: clock_words(one.after)),
    ("temperature at the end", lambda one: celsius(one.after.temperature_c)),
    ("runs", lambda one: f"{one.runs:,}"),
)


def _measured_table(measured: Sequence[Measured]) -> Table:
    columns = ("threads", *(str(one.threads) for one in measured))
    return Table(columns, tuple((what, *map(words, measured)) for what, words in _MEASURES))


def _board_table(board: Board, measured: Sequence[Measured]) -> Table:
    before = board.before
    rows = (
        ("CPU", f"{board.cpu or NOT_TOLD}, {board.cores} cores, {board.architecture}"),
        ("memory", megabytes(board.memory_bytes)),
        ("system", board.system),
        ("runtime", measured[0].runtime),
        ("governor", before.governor or NOT_TOLD),
        ("clock before", clock_words(before)),
        ("temperature before", celsius(before.temperature_c)),
        ("throttled", NOT_TOLD if before.throttled is None else f"0x{before.throttled:x}"),
        ("load average before", NOT_TOLD if before.load is None else f"{before.load:.2f}"),
        ("energy told by", measured[0].energy.source if measured[0].energy else NOT_TOLD),
    )
    return Table(("board", board.name or NOT_TOLD), rows)


def milliseconds(value_ms: float) -> str:
    """A time with three digits that count.

    >>> milliseconds(0.0321), milliseconds(9.876), milliseconds(1234.5)
    ('0.032 ms', '9.88 ms', '1,234 ms')
    """
    digits = 3 if value_ms < 1 else 2 if value_ms < 100 else 0  # noqa: PLR2004 (three digits that count)
    return f"{value_ms:,.{digits}f} ms"


def megabytes(size_bytes: int | None) -> str:
    """A size, with a decimal prefix."""
    if size_bytes is None:
        return NOT_TOLD
    if size_bytes < 100_000:  # noqa: PLR2004 (what would be less than 0.1 MB)
        return f"{size_bytes:,} bytes"
    return f"{size_bytes / 1e6:,.1f} MB" if size_bytes < 1e9 else f"{size_bytes / 1e9:,.1f} GB"  # noqa: PLR2004


def celsius(temperature: float | None) -> str:
    """A temperature in degrees Celsius."""
    return NOT_TOLD if temperature is None else f"{temperature:.0f} °C"


def clock_words(condition: Condition) -> str:
    """A clock, and what it can reach."""
    if condition.clock_mhz is None:
        return NOT_TOLD
    most = f" of {condition.max_clock_mhz:,.0f}" if condition.max_clock_mhz else ""
    return f"{condition.clock_mhz:,.0f}{most} MHz"


def accuracy_words(accuracy: Accuracy | None) -> str:
    """What the test photos said of the file and of its float parent."""
    if accuracy is None:
        return f"{NOT_TOLD}; a plain TFLite file carries no evaluation (sagui evaluate measures it)"
    exported, parent = accuracy.exported, accuracy.float
    return (
        f"{exported.value:.1%} ({exported.low:.1%} to {exported.high:.1%}) of {exported.n:,} test photos, "
        f"float {parent.value:.1%} ({parent.low:.1%} to {parent.high:.1%}): {accuracy.change_points:+.1f} points"
    )
