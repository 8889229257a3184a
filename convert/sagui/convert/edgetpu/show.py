"""Shows in a terminal what runs on the Edge TPU."""

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from sagui.convert.edgetpu.log import CompilerLog
from sagui.convert.edgetpu.preflight import Preflight
from sagui.convert.edgetpu.table import Row, rows_of_log, rows_of_preflight

_MIB = 2**20
_LEAST = 0.001


def write_terminal(console: Console, expected: Preflight) -> None:
    """Writes what is expected of the compiler.

    Args:
        console: Where to.
        expected: It.
    """
    for reason in () if expected.compiled else expected.refused:
        _say(console, f"The compiler would refuse it: {reason}.")
    _say(console, _summary(expected))
    console.print(_table(rows_of_preflight(expected)))
    for sentence in expected.unsure:
        _say(console, f"Not sure: {sentence}.")
    if not expected.compiled:
        used, left = expected.on_chip_used_bytes, expected.on_chip_remaining_bytes
        _say(console, f"Expected memory: {_memory(used, left, expected.off_chip_bytes)}.")
        _say(console, f"It needs Edge TPU runtime {expected.runtime} or newer.")
        _say(console, "This is Google's list of ops, applied without the compiler: only the compiler knows.")


def write_compiled(console: Console, log: CompilerLog) -> None:
    """Writes what the compiler did.

    Args:
        console: Where to.
        log: What it said.
    """
    _say(console, f"Compiler {log.compiler}: {log.on_tpu} of {log.on_tpu + log.on_cpu} ops run on the Edge TPU.")
    console.print(_table(rows_of_log(log)))
    _say(console, f"Memory: {_memory(log.on_chip_used_bytes, log.on_chip_remaining_bytes, log.off_chip_bytes)}.")


def _summary(expected: Preflight) -> str:
    if expected.compiled:
        return "Compiled for the Edge TPU already: the ops beside edgetpu-custom-op run on the CPU."
    mapped = sum(verdict.on_tpu for verdict in expected.verdicts)
    share = "" if expected.macs_share is None else f", {_percent(expected.macs_share)} of the arithmetic (MACs)"
    once = "Once that is mended: " if expected.refused else ""
    return f"{once}{mapped} of {len(expected.verdicts)} ops map to the Edge TPU{share}."


def _table(rows: Sequence[Row]) -> Table:
    known = any(row.macs_share is not None for row in rows)
    table = Table("op")
    table.add_column("count", justify="right")
    table.add_column("runs on")
    if known:
        table.add_column("MACs", justify="right")
    table.add_column("why", overflow="fold")
    for row in rows:
        share = [] if not known else ["" if not row.macs_share else _percent(row.macs_share)]
        place = "[green]Edge TPU[/]" if row.on_tpu else "[yellow]CPU[/]"
        table.add_row(escape(row.op), str(row.count), place, *share, escape(row.why))
    return table


def _percent(share: float) -> str:
    """Never says all where a little is left, nor none where there is some."""
    if 0 < share < _LEAST:
        return f"<{_LEAST:.1%}"
    return f">{1 - _LEAST:.1%}" if 1 - _LEAST < share < 1 else f"{share:.1%}"


def _memory(used_bytes: int, left_bytes: int, streamed_bytes: int) -> str:
    streamed = f"{streamed_bytes / _MIB:.2f} MiB are sent for every photo" if streamed_bytes else "nothing is streamed"
    return (
        f"{used_bytes / _MIB:.2f} MiB of parameters stay on the chip, {left_bytes / _MIB:.2f} MiB are left, {streamed}"
    )


def _say(console: Console, sentence: str) -> None:
    console.print(sentence, markup=False, highlight=False)
