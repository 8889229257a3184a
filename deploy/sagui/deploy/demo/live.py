"""The results as they come, in the terminal."""

import threading
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic

import numpy as np
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from sagui.wire import Result

_ROWS = 12
_REFRESH_HZ = 8
_PLAIN_EVERY_S = 1.0


@dataclass
class Watch:
    """Keeps the newest results and how often they were right.

    Attributes:
        truth: The label of each photo by its name.
    """

    truth: Mapping[str, str]
    newest: deque[tuple[Result, bool]] = field(default_factory=lambda: deque(maxlen=_ROWS))
    total_ms: list[float] = field(default_factory=list)
    right: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, result: Result) -> None:
        """Takes a result; called by the subscriber's thread."""
        with self.lock:
            right = self.truth.get(result.frame.source or "") == result.label
            self.right += right
            self.newest.append((result, right))
            self.total_ms.append(result.latency_ms.total)

    def latency_ms(self) -> dict[str, float]:
        """Median and 95th percentile, from a frame's arrival at the agent to its verdict."""
        with self.lock:
            if not self.total_ms:
                return {"p50": 0.0, "p95": 0.0}
            p50, p95 = np.percentile(self.total_ms, [50, 95])
        return {"p50": round(float(p50), 2), "p95": round(float(p95), 2)}

    def __rich__(self) -> RenderableType:
        with self.lock:
            table = Table(box=None, pad_edge=False)
            for heading, justify in (("time", "left"), ("photo", "left"), ("label", "left"), ("score", "right")):
                table.add_column(heading, justify="right" if justify == "right" else "left")
            table.add_column("")
            for result, right in self.newest:
                table.add_row(*_cells(result), "[green]✓ right[/]" if right else "[red]✗ wrong[/]")
            count = len(self.total_ms)
            return Group(table, Text(f"{count} results, {self.right} right", style="bold") if count else Text(""))


def _cells(result: Result) -> tuple[str, str, str, str]:
    name = (result.frame.source or "").rpartition("/")[2]
    return result.time[11:23], name, result.label, f"{result.score:.2f}"


@contextmanager
def showing(watch: Watch, console: Console) -> Iterator[None]:
    """Shows a watch as long as the block: a live table, or a line a second where there is no terminal."""
    if console.is_terminal:
        with Live(watch, console=console, refresh_per_second=_REFRESH_HZ):
            yield
        return
    ended = threading.Event()
    thread = threading.Thread(target=_print_lines, args=(watch, console, ended), daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _print_lines(watch: Watch, console: Console, ended: threading.Event) -> None:
    start = monotonic()
    while not ended.wait(_PLAIN_EVERY_S):
        with watch.lock:
            if not watch.newest:
                continue
            result, right = watch.newest[-1]
            count, hits = len(watch.total_ms), watch.right
        verdict = "right" if right else "wrong"
        line = f"  {'  '.join(_cells(result))}  {verdict}  ({hits} of {count} right, {monotonic() - start:.0f} s)"
        console.print(line, highlight=False, markup=False, soft_wrap=True)
