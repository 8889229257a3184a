"""`make bench-dashboard`: measures `sagui dashboard`, prints a table, and writes rows to ``runs/bench.json``.

It imports no TensorFlow, so it does not go through ``python -m tests.bench``. Benchmarks may be named.
"""

import sys
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table
from tests.bench.dashboard.ingest import bare, most
from tests.bench.dashboard.memory import memory
from tests.bench.dashboard.pixel import page_cold, wire_to_pixel
from tests.bench.dashboard.query import Asked, postgres_query, sqlite_query
from tests.bench.rows import Row, write_rows

from sagui.progress.terminal import TerminalProgress

OUT = Path("runs/bench.json")
_BARE_PAHO = "paho that counts, with nothing else to do"
_BARE_NICEGUI = "NiceGUI with one word on its page"


def ingest_rate(seconds: float = 60.0, count: int = 1_000) -> list[Row]:
    """Results a second into SQLite, with the page open.

    Args:
        seconds: How long each rate is offered.
        count: What the bare listener hears of each device.
    """
    alone, (best, tried) = bare(count), most(seconds)
    for kept in tried:
        Console(stderr=True).print(kept)
    return [
        Row("ingest_rate", best.kept_per_s, "results/s", _BARE_PAHO, alone.per_s),
        Row("ingest_lost", best.lost, "results", "said", best.offered_per_s * seconds),
        Row("ingest_cpu", best.cpu_us, "us/result", _BARE_PAHO, alone.cpu_us),
    ]


def wire_to_pixel_p95(seconds: float = 30.0) -> list[Row]:
    """From the publication of a result to the browser that draws it."""
    delays = wire_to_pixel(seconds=seconds)
    if delays.shown < delays.said:
        sys.exit(f"{delays.shown} of {delays.said} results were seen on the page")
    return [Row("wire_to_pixel_p95", delays.p95_ms, "ms", _BARE_PAHO, delays.wire_p95_ms)]


def page_opens() -> list[Row]:
    """The page of 500 devices in a browser without a past."""
    opened = page_cold()
    return [
        Row("page_cold", opened.first_ms, "ms", _BARE_NICEGUI, opened.bare_ms),
        Row("page_cold_all", opened.all_ms, "ms", _BARE_NICEGUI, opened.bare_ms),
    ]


def dashboard_memory(seconds: float = 180.0) -> list[Row]:
    """Resident memory after an hour, by the slope of some minutes."""
    held = memory(seconds)
    return [
        Row("dashboard_memory", held.hour_mib, "MiB", _BARE_NICEGUI, held.bare_mib),
        Row("dashboard_memory_end", held.last_mib, "MiB", "after a third of the time", held.first_mib),
    ]


def history_query() -> list[Row]:
    """A day of one device among ten million results, on each database."""
    return [_asked("sqlite", sqlite_query()), _asked("postgres", postgres_query())]


def _asked(database: str, asked: Asked) -> Row:
    return Row(f"history_query_{database}", asked.cold_ms, "ms, the first", "the same again", asked.again_ms)


BENCHMARKS: dict[str, Callable[[], list[Row]]] = {
    work.__name__: work for work in (ingest_rate, wire_to_pixel_p95, page_opens, dashboard_memory, history_query)
}


def main() -> None:
    """Measures and reports."""
    if unknown := set(sys.argv[1:]) - BENCHMARKS.keys():
        sys.exit(f"no benchmark {', '.join(sorted(unknown))}; there are: {', '.join(BENCHMARKS)}")
    names, table = sys.argv[1:] or list(BENCHMARKS), Table("name", "value", "unit", "against", "its value", "ratio")
    with TerminalProgress().task("benchmarks", total=len(names)) as advance:
        for name in names:
            advance(0, note=name)
            for row in (rows := BENCHMARKS[name]()):
                values = f"{row.value:,.1f}", row.unit, row.against, f"{row.against_value:,.1f}", f"{row.ratio:.3f}"
                table.add_row(row.name, *values)
            write_rows(rows, OUT)
            advance()
    Console(width=140).print(table)


if __name__ == "__main__":
    main()
