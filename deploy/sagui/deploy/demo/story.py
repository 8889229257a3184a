"""Photos, training, conversion, broker, agent, subscriber: each stage as a user would run it."""

import os
import secrets
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, perf_counter

from rich.console import Console

from sagui.convert.pipeline import Converted, Options, convert
from sagui.deploy.demo.agent_process import AgentProcess
from sagui.deploy.demo.broker import local_broker
from sagui.deploy.demo.errors import DemoError
from sagui.deploy.demo.listener import listening
from sagui.deploy.demo.live import Watch, showing
from sagui.deploy.demo.summary import Summary, print_summary, write_summary
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

_FPS = 20.0
_FIRST_RESULT_S = 30.0
_LAST_RESULTS_S = 5.0
_STEP_S = 0.05


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
    """

    data: str
    out: Path
    seconds: float
    broker: str | None = None
    recipe: Recipe = RECIPE
    options: Options = field(default_factory=lambda: Options(threads=os.cpu_count() or 1))


class _Steps:
    """Headlines and seconds."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self.seconds: dict[str, float] = {}

    @contextmanager
    def step(self, name: str, headline: str) -> Iterator[None]:
        self._console.print(f"\n[bold]{len(self.seconds) + 1}. {headline}[/]", highlight=False)
        start = perf_counter()
        yield
        self.seconds[name] = round(perf_counter() - start, 2)


def tell(plot: Plot, console: Console) -> Summary:
    """Runs the whole story.

    Raises:
        SaguiError: A step did not hold.
    """
    progress, steps = TerminalProgress(console), _Steps(console)
    run_folder = plot.out / "run"
    with steps.step("train", "Learn from photos"):
        run = train(
            open_dataset(plot.data), plot.recipe, run_folder, default_cache(), Training(overwrite=True), progress
        )
    with steps.step("convert", "Make it small, and prove that it still works"):
        converted = convert(run_folder, plot.out, plot.options, progress)
    with steps.step("run", "Run it on a camera, over MQTT"):
        watch, agent, received = _run(plot, run, converted, console)
    summary = _summary(run, converted, watch, agent, received, steps.seconds)
    write_summary(summary, plot.out / "summary.json")
    console.print()
    print_summary(summary, console)
    if summary.messages_published == 0:
        raise DemoError("it was stopped before the first result; let it run for longer")
    if summary.messages_received != summary.messages_published:
        raise DemoError(f"{summary.messages_published} results were published and {summary.messages_received} received")
    return summary


def _run(plot: Plot, run: Run, converted: Converted, console: Console) -> tuple[Watch, AgentProcess, int]:
    with TemporaryDirectory(prefix="sagui-camera-") as camera:
        return _run_on(Path(camera), plot, run, converted, console)


def _run_on(
    camera: Path, plot: Plot, run: Run, converted: Converted, console: Console
) -> tuple[Watch, AgentProcess, int]:
    watch = Watch(_link_photos(run, camera))
    device = f"demo-{secrets.token_hex(3)}"
    with nullcontext(plot.broker) if plot.broker else local_broker() as url:
        address = parse_address(url, os.environ)
        where = "yours" if plot.broker else "in this process"
        console.print(f"  broker {where}: {address}; topics sagui/{device}/#", highlight=False)
        with listening(address, device, watch.add) as listener:
            agent = AgentProcess(
                converted.path,
                camera,
                url,
                device,
                _FPS,
                lambda text: console.print(f"  agent: {text}", markup=False, soft_wrap=True),
            )
            try:
                _watch(plot.seconds, agent, watch, console)
                agent.stop()
            finally:
                agent.kill()
            if "stopped" not in agent.events or "ready" not in agent.events:
                raise DemoError("the agent ended without saying how it went")
            listener.wait_for(int(agent.events["stopped"]["published"]), _LAST_RESULTS_S)
            return watch, agent, listener.received


def _link_photos(run: Run, folder: Path) -> dict[str, str]:
    """Links the test photos into an empty folder, and tells what each shows."""
    truth = {}
    for number, photo in enumerate(run.split["test"]):
        name = f"{number:05d}{Path(photo.name).suffix.lower()}"
        (folder / name).symlink_to((Path(run.dataset.root) / photo.name).resolve())
        truth[name] = run.labels[photo.label]
    return truth


def _watch(seconds: float, agent: AgentProcess, watch: Watch, console: Console) -> None:
    stopped = threading.Event()
    before = signal.signal(signal.SIGINT, lambda *_: stopped.set())
    try:
        with showing(watch, console):
            _wait_for_first(agent, watch, stopped)
            # The agent's start is not taken off the time to watch.
            deadline = monotonic() + seconds
            while agent.alive() and monotonic() < deadline and not stopped.wait(_STEP_S):
                pass
    finally:
        signal.signal(signal.SIGINT, before)


def _wait_for_first(agent: AgentProcess, watch: Watch, stopped: threading.Event) -> None:
    deadline = monotonic() + _FIRST_RESULT_S
    while agent.alive() and not watch.total_ms and not stopped.wait(_STEP_S):
        if monotonic() >= deadline:
            raise DemoError(
                f"no result arrived within {_FIRST_RESULT_S:g} s; may this user publish and subscribe to sagui/# there?"
            )


def _summary(
    run: Run, converted: Converted, watch: Watch, agent: AgentProcess, received: int, seconds: dict[str, float]
) -> Summary:
    report = converted.report
    return Summary(
        classes=run.labels,
        photos={part: len(photos) for part, photos in run.split.items()},
        accuracy_float=report.parent.accuracy,
        accuracy_int8=report.exported.accuracy,
        bundle=str(converted.path),
        bytes_float=report.bytes_float,
        bytes_int8=report.bytes_exported,
        golden_frames=int(agent.events["ready"]["golden"]["count"]),
        latency_ms=watch.latency_ms(),
        messages_published=int(agent.events["stopped"]["published"]),
        messages_received=received,
        seconds={**seconds, "total": round(sum(seconds.values()), 2)},
    )
