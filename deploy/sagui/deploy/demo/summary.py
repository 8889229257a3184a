"""What the demo measured, as JSON and as a table."""

from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

from sagui.bundle.metrics import Proportion
from sagui.bundle.replace import write_bytes


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """``summary.json``.

    Attributes:
        photos: How many there are to train, to validate and to test.
        bytes_float: Size of the network as a float TFLite file,
        bytes_int8: and of the one in the bundle.
        latency_ms: From a frame's arrival at the agent to its verdict.
        seconds: How long each step took.
    """

    classes: tuple[str, ...]
    photos: dict[str, int]
    accuracy_float: Proportion
    accuracy_int8: Proportion
    bundle: str
    bytes_float: int
    bytes_int8: int
    golden_frames: int
    latency_ms: dict[str, float]
    messages_published: int
    messages_received: int
    seconds: dict[str, float]


def write_summary(summary: Summary, path: Path) -> None:
    """Writes ``summary.json``."""
    write_bytes(path, msgspec.json.format(msgspec.json.encode(summary), indent=2) + b"\n")


def print_summary(summary: Summary, console: Console) -> None:
    """Prints the table."""
    table = Table(title="What happened", title_justify="left", show_header=False)
    table.add_column(style="bold")
    table.add_column()
    photos = summary.photos
    rows = {
        "classes": ", ".join(summary.classes),
        "photos": f"{photos['train']} to train, {photos['validation']} to validate, {photos['test']} to test",
        "test accuracy, float": _accuracy(summary.accuracy_float),
        "test accuracy, int8": _accuracy(summary.accuracy_int8),
        "size": f"{summary.bytes_float / 1e6:.1f} MB float, {summary.bytes_int8 / 1e6:.1f} MB int8",
        "golden frames": f"{summary.golden_frames} of {summary.golden_frames} reproduced",
        "latency on this machine": f"{summary.latency_ms['p50']:.1f} ms median, {summary.latency_ms['p95']:.1f} ms p95",
        "results": f"{summary.messages_published} published, {summary.messages_received} received",
        "bundle": summary.bundle,
        "time": ", ".join(f"{step} {seconds:.0f} s" for step, seconds in summary.seconds.items()),
    }
    for row in rows.items():
        table.add_row(*row)
    console.print(table)


def _accuracy(share: Proportion) -> str:
    return f"{share.value:.1%} of {share.n} (95 % interval {share.low:.1%} to {share.high:.1%})"
