"""`sagui capture`."""

import signal
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Literal

import click

from sagui.device.cameras import HELP, open_camera
from sagui.device.capture.chooser import EVERY_SECONDS, Chooser
from sagui.device.capture.folder import accept_label, class_folders
from sagui.device.capture.jpeg import QUALITY
from sagui.device.capture.preview.lines import LinesPreview, NoPreview
from sagui.device.capture.preview.listen import LISTEN, parse_listen
from sagui.device.capture.preview.port import Preview
from sagui.device.capture.preview.terminal import TerminalPreview
from sagui.device.capture.preview.web import WebPreview
from sagui.device.capture.session import Session
from sagui.device.capture.similar import ALIKE
from sagui.interrupt import Interrupt

Kind = Literal["terminal", "web", "none"]


@click.command("capture", short_help="Take photos for a dataset.")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), metavar="DIR")
@click.option("--camera", "spec", required=True, help=f"Where frames come from: {HELP}.")
@click.option("--label", required=True, help="What the camera shows; photos are written to DIR/LABEL.")
@click.option("--count", type=click.IntRange(1), help="End after so many photos; without it, Ctrl-C ends.")
@click.option(
    "--every",
    "every_s",
    type=click.FloatRange(0, 86_400),
    default=EVERY_SECONDS,
    show_default=True,
    help="Least seconds from one photo to the next; photos within 2 s are a burst to training.",
)
@click.option(
    "--alike",
    type=click.FloatRange(0, 1.01),
    default=ALIKE,
    show_default=True,
    help="Frames that correlate so much with a photo already taken are skipped; 1.01 skips none.",
)
@click.option(
    "--preview",
    "kind",
    type=click.Choice(["terminal", "web", "none"]),
    default="terminal",
    show_default=True,
    help="Where to show the picture; without a terminal, plain lines.",
)
@click.option("--listen", default=LISTEN, show_default=True, help="Where the web page is: HOST:PORT.")
@click.option("--quality", type=click.IntRange(1, 100), default=QUALITY, show_default=True, help="Of the JPEGs.")
def capture(
    folder: Path,
    spec: str,
    label: str,
    count: int | None,
    every_s: float,
    alike: float,
    kind: Kind,
    listen: str,
    quality: int,
) -> None:
    """Take photos with a camera into DIR/LABEL, for `sagui train DIR`.

    Frames that look like a photo already taken are skipped. Photos are never overwritten. Ctrl-C ends it.
    """
    accept_label(folder, label)
    stopped = False
    with ExitStack() as stack:
        interrupt = stack.enter_context(Interrupt().taking(signal.SIGINT, signal.SIGTERM))
        preview = _preview(kind, folder, listen)
        stack.callback(preview.close)
        chooser = Chooser(every_s, alike)
        session = Session(folder, label, chooser, preview, quality=quality, count=count, shelter=interrupt.shelter)
        try:
            camera = open_camera(spec, loop=False, warn=preview.say)
            stack.callback(camera.close)
            stopped = session.run(camera, interrupt.came)
        except KeyboardInterrupt:  # where nothing looks: a camera that hangs
            stopped = True
    click.echo(f"{'stopped; ' if stopped else ''}{session.tally}; they are in {folder}")


def _preview(kind: Kind, folder: Path, listen: str) -> Preview:
    if kind == "none":
        return NoPreview(_say)
    if kind == "web":
        return WebPreview(
            parse_listen(listen), lambda label: accept_label(folder, label), lambda: class_folders(folder), _say
        )
    return TerminalPreview(sys.stdout) if sys.stdout.isatty() else LinesPreview(_say)


def _say(text: str) -> None:
    click.echo(text, err=True)
