"""Photos, training, conversion, broker, agent, subscriber: each stage as a user would run it."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

from rich.console import Console

from sagui.convert.pipeline import Converted, Options, convert
from sagui.deploy.demo.broker import local_broker
from sagui.deploy.demo.browse import Scene, browse
from sagui.deploy.demo.errors import DemoError
from sagui.deploy.demo.summary import Summary, print_summary, write_summary
from sagui.deploy.demo.watching import Photo, Seen, see
from sagui.device.mqtt.address import parse_address
from sagui.progress.terminal import TerminalProgress
from sagui.train.datasets import open_dataset
from sagui.train.pipeline import Options as Training
from sagui.train.pipeline import train
from sagui.train.recipe.choices import Augmentation, Recipe, TrainingChoice
from sagui.train.run import Run
from sagui.train.store import default_cache

RECIPE = Recipe(augmentation=Augmentation(views="flips"), training=TrainingChoice(blocks=5, epochs=8))
"""A compromise between accuracy and the time a newcomer waits."""

_CAMERAS = 3


@dataclass(frozen=True)
class Plot:
    """What may vary.

    Attributes:
        data: The photos: ``elpv`` or a folder.
        out: Where run, bundle and summary go.
        seconds: How long to watch.
        broker: An address; None for a broker in this process.
        recipe: How to learn.
        options: How to convert.
        dashboard_port: Where cameras are shown in a browser after the story; None for not at all.
    """

    data: str
    out: Path
    seconds: float
    broker: str | None = None
    recipe: Recipe = RECIPE
    options: Options = field(default_factory=lambda: Options(threads=os.cpu_count() or 1))
    dashboard_port: int | None = None


class _Steps:
    """Headlines and seconds."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self.seconds: dict[str, float] = {}

    def headline(self, text: str) -> None:
        self._console.print(f"\n[bold]{len(self.seconds) + 1}. {text}[/]", highlight=False)

    @contextmanager
    def step(self, name: str, headline: str) -> Iterator[None]:
        self.headline(headline)
        start = perf_counter()
        yield
        self.seconds[name] = round(perf_counter() - start, 2)


def tell(plot: Plot, console: Console) -> Summary:
    """Runs the whole story; with a dashboard, it then lasts until Ctrl-C.

    Raises:
        SaguiError: A step did not hold.
    """
    if plot.broker:
        parse_address(plot.broker, os.environ)  # a wrong one shall not be told after minutes of training
    progress, steps = TerminalProgress(console), _Steps(console)
    run_folder = plot.out / "run"
    with steps.step("train", "Learn from photos"):
        run = train(
            open_dataset(plot.data), plot.recipe, run_folder, default_cache(), Training(overwrite=True), progress
        )
    with steps.step("convert", "Make it small, and prove that it still works"):
        converted = convert(run_folder, plot.out, plot.options, progress)
    device = f"demo-{secrets.token_hex(3)}"
    with nullcontext(plot.broker) if plot.broker else local_broker() as url:
        with steps.step("run", "Run it on a camera, over MQTT"):
            seen = _see(plot, run, converted, url, device, console)
        summary = _conclude(plot, _summary(run, converted, seen, steps.seconds), console)
        if plot.dashboard_port is not None and not seen.stopped:
            steps.headline("See it in a browser")
            browse(_scene(run, converted, seen.protocol, url, device, plot), console)
    return summary


def _see(plot: Plot, run: Run, converted: Converted, url: str, device: str, console: Console) -> Seen:
    address = parse_address(url, os.environ)
    where = "yours" if plot.broker else "in this process"
    console.print(f"  broker {where}: {address}; topics sagui/{device}/#", highlight=False)
    return see(converted.path, _test_photos(run), (url, address), device, plot.seconds, console)


def _conclude(plot: Plot, summary: Summary, console: Console) -> Summary:
    write_summary(summary, plot.out / "summary.json")
    console.print()
    print_summary(summary, console)
    if summary.messages_published == 0:
        raise DemoError("it was stopped before the first result; let it run for longer")
    if summary.messages_received != summary.messages_published:
        raise DemoError(f"{summary.messages_published} results were published and {summary.messages_received} received")
    return summary


def _scene(run: Run, converted: Converted, protocol: str, url: str, device: str, plot: Plot) -> Scene:
    # On a broker of yours there may be others with such a name.
    line = device if plot.broker else "line"
    return Scene(
        broker=url,
        protocol=protocol,
        bundle=converted.path,
        photos=_test_photos(run),
        devices=tuple(f"{line}-{number}" for number in range(1, _CAMERAS + 1)),
        port=plot.dashboard_port or 0,
    )


def _test_photos(run: Run) -> list[Photo]:
    root = Path(run.dataset.root)
    return [Photo(root / photo.name, run.labels[photo.label]) for photo in run.split["test"]]


def _summary(run: Run, converted: Converted, seen: Seen, seconds: dict[str, float]) -> Summary:
    report = converted.report
    return Summary(
        classes=run.labels,
        photos={part: len(photos) for part, photos in run.split.items()},
        accuracy_float=report.parent.accuracy,
        accuracy_int8=report.exported.accuracy,
        bundle=str(converted.path),
        bytes_float=report.bytes_float,
        bytes_int8=report.bytes_exported,
        golden_frames=seen.golden_frames,
        latency_ms=seen.watch.latency_ms(),
        messages_published=seen.published,
        messages_received=seen.received,
        seconds={**seconds, "total": round(sum(seconds.values()), 2)},
    )
