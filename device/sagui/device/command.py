"""`sagui run` and `sagui classify`."""

import json
import os
import threading
from pathlib import Path
from signal import SIGHUP, SIGINT, SIGTERM
from typing import Any

import click

from sagui.device.cameras import HELP
from sagui.device.config.environment import near_misses
from sagui.device.config.load import load_settings
from sagui.device.config.merge import missing
from sagui.device.config.read import DEFAULT_PATH
from sagui.device.decide import decide
from sagui.device.ending import Ending, execute_again
from sagui.device.events import JsonEvents, PlainEvents
from sagui.device.health.notify import open_notifier
from sagui.device.reload import Origin
from sagui.device.signals import on_signals
from sagui.device.start import Station
from sagui.infer.load import load_model
from sagui.infer.preprocess import read_photo

_MODEL = click.argument("model", type=click.Path(path_type=Path))
_LABELS = click.option(
    "--labels", type=click.Path(path_type=Path), help="A text file with a label a line, for a TFLite file without any."
)
_THREADS = click.option(
    "--threads", type=click.IntRange(1, 64), default=1, show_default=True, help="CPU threads for the network."
)


@click.command("run", short_help="Run a model on a camera and publish what it sees.")
@click.argument("model", required=False)
@click.option(
    "--config",
    "path",
    type=click.Path(path_type=Path),
    help=f"A file of settings (sagui config init writes one); {DEFAULT_PATH} if there is one.",
)
@click.option("--camera", "camera__spec", help=f"Where frames come from: {HELP}.")
@click.option("--broker", "broker__url", help="The MQTT broker: mqtt://HOST:PORT or mqtts://HOST:PORT.")
@click.option("--device", help="This device's name in the topics: a-z, 0-9 and -.")
@click.option("--labels", help="A text file with a label a line, for a TFLite file without any.")
@click.option("--fps", "camera__fps", type=float, help="At most so many frames a second.")
@click.option("--loop", "camera__loop", is_flag=True, default=None, help="Start a folder or a video again at its end.")
@click.option("--threads", type=int, help="CPU threads for the network; 1 by default.")
@click.option(
    "--delegate", help="Where the network runs: auto (by default), cpu, edgetpu, edgetpu:N or a library (.so)."
)
@click.option("--mqtt", "broker__mqtt", metavar="auto|5|3.1.1", help="The protocol's version; auto tries 5 first.")
@click.option("--ca", "broker__ca", metavar="FILE", help="Certificates to trust, for mqtts; by default the system's.")
@click.option(
    "--certificate", "broker__certificate", metavar="FILE", help="Our certificate, if the broker asks for one."
)
@click.option("--key", "broker__key", metavar="FILE", help="The certificate's key, if it is in another file.")
@click.option("--user-file", "broker__user_file", metavar="FILE", help="Holds the user, if SAGUI_MQTT_USER does not.")
@click.option(
    "--password-file",
    "broker__password_file",
    metavar="FILE",
    help="Holds the password, if SAGUI_MQTT_PASSWORD does not.",
)
@click.option(
    "--agree", "decide__agree", metavar="N/M", help="N of the newest M frames must show a label to change it."
)
@click.option("--dwell", "decide__dwell_s", type=float, metavar="SECONDS", help="A label stays for so long.")
@click.option("--hysteresis", "decide__hysteresis", type=float, help="By so much another label must score better.")
@click.option("--every", "decide__every_s", type=float, metavar="SECONDS", help="Least time from a result to the next.")
@click.option(
    "--outbox",
    "outbox__place",
    metavar="DIR|memory",
    help="Where results wait for the broker; by default below $STATE_DIRECTORY or ~/.local/state/sagui.",
)
@click.option(
    "--outbox-rows", "outbox__rows", type=int, help="At most so many results wait; then the oldest is dropped."
)
@click.option("--outbox-mib", "outbox__mib", type=int, help="Likewise, by the size of their payload in MiB.")
@click.option("--outbox-days", "outbox__days", type=float, help="Likewise, by their age in days of running.")
@click.option(
    "--snapshots", "snapshot__enabled", is_flag=True, default=None, help="Publish the photo that changed the label."
)
@click.option(
    "--discovery", "home_assistant__discovery", is_flag=True, default=None, help="Announce it to Home Assistant."
)
@click.option("--prometheus", "telemetry__prometheus", metavar="HOST:PORT", help="Serve telemetry to Prometheus there.")
@click.option(
    "--log-format", "log__format", metavar="plain|json", help="How to say what happens; json: one object a line."
)
@click.option("--json", "as_json", is_flag=True, help="The same as --log-format json.")
def run(path: Path | None, as_json: bool, **options: Any) -> None:  # noqa: ANN401 (values of any key)
    """Run MODEL on a camera and publish what it sees over MQTT.

    MODEL is a bundle (.sagui), or any TFLite image classifier with labels inside or in a file. A bundle's golden frames
    are reproduced first. Everything may be set in a file, too, and in SAGUI_* variables (docs/configuration.md); the
    command line wins. User and password of the broker come from SAGUI_MQTT_USER and SAGUI_MQTT_PASSWORD, or files.

    For example: sagui run cats.sagui --camera usb:0 --broker mqtt://localhost --device porch
    """
    given = {name.replace("__", "."): value for name, value in options.items()}
    if as_json:
        given["log.format"] = "json"
    origin = Origin(path, given, dict(os.environ))
    settings = load_settings(path, origin.environment, given)
    if lacking := missing(settings):
        raise click.UsageError("\n".join(f"missing: {line}" for line in lacking))
    events = JsonEvents() if settings.log.format == "json" else PlainEvents()
    for text in near_misses(origin.environment):
        events.say("warning", text)
    ending, reload_asked = Ending(), threading.Event()
    on_signals({SIGTERM: ending.stop, SIGINT: ending.stop, SIGHUP: reload_asked.set})
    Station(settings, origin, open_notifier(os.environ), ending, events, reload_asked).run()
    if ending.again:
        execute_again(origin.environment)


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
