"""What a person is told of a conversion on the terminal."""

from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from sagui.bundle.replace import write_bytes
from sagui.convert.c_array import write_c_array
from sagui.convert.candidates import Candidate, NotTried
from sagui.convert.pipeline import Converted


def summary(done: Converted) -> str:
    """Says in a line what was written."""
    report = done.report
    forced = " Forced: the gate refused it." if report.forced else ""
    return (
        f"{done.path}: {report.mode}, {report.exported.accuracy.value:.1%} of {report.exported.accuracy.n} test photos "
        f"right (float {report.parent.accuracy.value:.1%}), {report.bytes_exported:,} bytes "
        f"(float {report.bytes_float:,}).{forced}"
    )


def write_tried(done: Converted, console: Console | None = None) -> None:
    """Shows what was tried, and what was taken."""
    table = Table("mode", "bytes", "ms here", "accuracy", "lost, points", "verdict", box=None, header_style="bold")
    for column in table.columns[1:5]:
        column.justify = "right"
    for one in done.tried:
        table.add_row(one.mode.name, *map(escape, _cells(one)))
    (console or Console()).print(table)


def _cells(one: Candidate | NotTried) -> tuple[str, ...]:
    if isinstance(one, NotTried):
        return "", "", "", "", f"not tried: {one.reason}"
    overall = one.verdict.losses[0]
    verdict = "taken" if one.verdict.passed else "; ".join(one.verdict.refused)
    return f"{len(one.model):,}", f"{one.latency_ms:.1f}", f"{overall.after:.1%}", f"{overall.points:.1f}", verdict


def c_files(done: Converted, out: Path) -> list[Path]:
    """Writes the model as C source beside the bundle.

    Raises:
        OSError: The disk is full.
    """
    paths = []
    for name, text in write_c_array(done.model, done.report.name).items():
        write_bytes(out / name, text.encode())
        paths.append(out / name)
    return paths
