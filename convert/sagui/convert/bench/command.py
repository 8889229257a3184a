"""`sagui bench`."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from sagui.progress import Advance

_MOST_THREADS = 64


def _thread_counts(_ctx: click.Context, _param: click.Parameter, value: str | None) -> tuple[int, ...] | None:
    if value is None:
        return None
    words = value.split(",")
    if not all(word.strip().isdecimal() and 1 <= int(word) <= _MOST_THREADS for word in words):
        raise click.BadParameter(f"{value!r} is not a list of numbers from 1 to {_MOST_THREADS}, such as 1,2,4")
    # Each once, in the order they were named.
    return tuple(dict.fromkeys(map(int, words)))


class _Lines:
    """Says what goes on in lines on standard error; bars that move would disturb what is measured."""

    @contextmanager
    def task(self, what: str, total: int | None = None) -> Iterator[Advance]:  # noqa: ARG002 (the port's signature)
        """See `Progress.task`."""
        self.say(what)
        yield _ignore

    def say(self, line: str) -> None:
        """See `Progress.say`."""
        click.echo(line, err=True)


def _ignore(steps: int = 1, note: str = "") -> None:
    pass


@click.command("bench", short_help="Measure how fast a model is on this machine.")
@click.argument("model", type=click.Path(path_type=Path))
@click.option(
    "--threads",
    "counts",
    callback=_thread_counts,
    metavar="N,N,...",
    help="CPU threads to try; default: 1, 2, 4, ... up to the cores there are.",
)
@click.option("--seconds", type=click.FloatRange(min=0, min_open=True), help="Time for each thread count; default: 5.")
@click.option("--runs", type=click.IntRange(1, 1_000_000), help="Time so many frames instead.")
@click.option(
    "--warmup", type=click.IntRange(0, 100_000), default=10, show_default=True, help="Frames to leave out before."
)
@click.option(
    "--photo", type=click.Path(path_type=Path), help="The frame to name; default: a golden frame, or random pixels."
)
@click.option("--labels", type=click.Path(path_type=Path), help="A text file with a label a line, for a TFLite file.")
@click.option(
    "--json",
    "as_json",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    help="Write the report card as JSON; - for standard output.",
)
def bench(
    model: Path,
    counts: tuple[int, ...] | None,
    seconds: float | None,
    runs: int | None,
    warmup: int,
    photo: Path | None,
    labels: Path | None,
    as_json: Path | None,
) -> None:
    """Measure how fast MODEL, a bundle or any TFLite image classifier, is on this machine.

    The report card tells latency end to end and of the network alone, the first inference, frames per second, memory,
    energy where the board tells, and under which conditions that was. `sagui compare` puts cards side by side.
    """
    from sagui.bundle.replace import write_bytes
    from sagui.convert.bench.board import usable_cores
    from sagui.convert.bench.card import encode_card, thread_counts
    from sagui.convert.bench.measure import Plan
    from sagui.convert.bench.measure import bench as measure
    from sagui.convert.bench.show import write_card

    if runs is not None and seconds is not None:
        raise click.UsageError("--runs and --seconds both say how long to measure: give one of them")
    if as_json is not None and not as_json.parent.is_dir():
        raise click.UsageError(f"--json {as_json}: there is no folder {as_json.parent}")
    threads = counts or thread_counts(usable_cores())
    plan = Plan(threads, runs, 5.0 if seconds is None else seconds, warmup, photo, labels)
    card = measure(model, plan, progress=_Lines())
    if as_json == Path("-"):
        click.echo(encode_card(card), nl=False)
        return
    write_card(sys.stdout, card)
    if as_json is not None:
        write_bytes(as_json, encode_card(card))
        click.echo(f"{as_json}: written")
