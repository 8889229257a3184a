"""`sagui run` and `sagui classify`."""

import json
import os
import signal
import threading
from contextlib import ExitStack
from pathlib import Path

import click

from sagui.device.address import parse_address
from sagui.device.agent import DRAIN_SECONDS, Agent
from sagui.device.cameras import HELP, open_camera
from sagui.device.decide import decide
from sagui.device.errors import BrokerError
from sagui.device.events import JsonEvents, PlainEvents
from sagui.device.link import Link, Protocol
from sagui.device.outbox import IN_MEMORY, Limits, default_folder, open_outbox
from sagui.infer.load import LoadedModel, load_model
from sagui.infer.preprocess import read_photo
from sagui.wire.topics import check_device

_MODEL = click.argument("model", type=click.Path(path_type=Path))
_LABELS = click.option(
    "--labels", type=click.Path(path_type=Path), help="A text file with a label a line, for a TFLite file without any."
)
_THREADS = click.option(
    "--threads", type=click.IntRange(1, 64), default=1, show_default=True, help="CPU threads for the network."
)


@click.command("run", short_help="Run a model on a camera and publish what it sees.")
@_MODEL
@click.option("--camera", "spec", required=True, help=f"Where frames come from: {HELP}.")
@click.option("--broker", required=True, help="The MQTT broker: mqtt://HOST:PORT or mqtts://HOST:PORT.")
@click.option("--device", required=True, help="This device's name in the topics: a-z, 0-9 and -.")
@_LABELS
@click.option("--fps", type=click.FloatRange(min=0, min_open=True), help="At most so many frames a second.")
@click.option("--loop", is_flag=True, help="Start again at the end of a folder or a video file.")
@_THREADS
@click.option(
    "--mqtt",
    "protocol",
    type=click.Choice(["auto", "5", "3.1.1"]),
    default="auto",
    show_default=True,
    help="The protocol's version; auto tries 5 first.",
)
@click.option(
    "--outbox",
    "place",
    metavar="DIR|memory",
    help="Where results wait for the broker; by default below $STATE_DIRECTORY or ~/.local/state/sagui.",
)
@click.option("--outbox-rows", type=click.IntRange(1), help="At most so many results wait; then the oldest is dropped.")
@click.option("--outbox-mib", type=click.IntRange(1), help="Likewise, by the size of their payload in MiB.")
@click.option(
    "--outbox-days", type=click.FloatRange(0, min_open=True), help="Likewise, by their age in days of running."
)
@click.option("--json", "as_json", is_flag=True, help="Say what happens as JSON, one object a line.")
def run(
    model: Path,
    spec: str,
    broker: str,
    device: str,
    labels: Path | None,
    fps: float | None,
    loop: bool,
    threads: int,
    protocol: Protocol,
    place: str | None,
    outbox_rows: int | None,
    outbox_mib: int | None,
    outbox_days: float | None,
    as_json: bool,
) -> None:
    """Run MODEL on a camera and publish what it sees over MQTT.

    MODEL is a bundle (.sagui), or any TFLite image classifier with labels inside or in a file. A bundle's golden frames
    are reproduced first. User and password of the broker come from SAGUI_MQTT_USER and SAGUI_MQTT_PASSWORD.
    """
    events = JsonEvents() if as_json else PlainEvents()
    address = parse_address(broker, os.environ)
    check_device(device)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    limits = (IN_MEMORY if place == "memory" else Limits()).but(outbox_rows, outbox_mib, outbox_days)
    folder = Path(place) if place else default_folder(device, os.environ)
    outbox = open_outbox(None if place == "memory" else folder, events, limits)
    link = Link(address, device, events, protocol, outbox)
    link.open()
    with ExitStack() as on_failure:
        on_failure.callback(link.close)
        loaded = load_model(model, labels, threads)
        _prove(loaded, events)
        camera = open_camera(spec, loop=loop, warn=lambda text: events.say("warning", text))
        on_failure.pop_all()  # from here on the agent closes it
    agent = Agent(loaded, camera, link, device, events, interval_s=1 / fps if fps else 0.0, stop=stop)
    if not agent.run():
        raise BrokerError(f"{address} did not acknowledge every result within {DRAIN_SECONDS:g} s of the end")


def _prove(loaded: LoadedModel, events: JsonEvents | PlainEvents) -> None:
    runtime = loaded.classifier.runtime.name
    for note in loaded.notes:
        events.say("warning", note)
    proof = loaded.prove()
    if proof is None:
        events.say("ready", f"{loaded.name} on {runtime}; a plain TFLite file, so nothing proves it", golden=None)
        return
    events.say(
        "ready",
        f"{loaded.name} {loaded.version} on {runtime}: {proof.count} golden frames reproduced "
        f"(largest difference {proof.difference:g} {proof.unit})",
        golden={"count": proof.count, "difference": proof.difference, "unit": proof.unit},
    )


@click.command("classify", short_help="Name photos with a model.")
@_MODEL
@click.argument("images", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="IMAGE...")
@_LABELS
@click.option("--top", type=click.IntRange(1), default=3, show_default=True, help="How many labels to name.")
@_THREADS
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON, one object a line.")
def classify(
    model: Path,
    images: tuple[Path, ...],
    labels: Path | None,
    top: int,
    threads: int,
    as_json: bool,
) -> None:
    """Name each IMAGE with MODEL, a bundle (.sagui) or any TFLite image classifier."""
    loaded = load_model(model, labels, threads)
    for note in loaded.notes:
        click.echo(f"note: {note}", err=True)
    classifier = loaded.classifier
    for image in images:
        seen = classifier.classify(read_photo(image))
        verdict = decide(seen.scores, classifier.labels, classifier.decision, top)
        if as_json:
            best = [{"label": label, "score": round(score, 4)} for label, score in verdict.top]
            click.echo(json.dumps({"image": str(image), "label": verdict.label, "top": best}))
        else:
            scores = ", ".join(f"{label} {score:.3f}" for label, score in verdict.top)
            click.echo(f"{image}: {verdict.label} ({scores})")
