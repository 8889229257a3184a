"""`sagui demo`."""

import signal
from pathlib import Path

import click
from rich.console import Console

from sagui.progress.quiet import quiet_native

with quiet_native():
    from sagui.deploy.demo.story import Plot, tell


def _end(*_: object) -> None:
    # An exception, so that the agent is ended too.
    raise SystemExit(128 + signal.SIGTERM)


@click.command("demo", short_help="Show the whole story on real photos of solar cells.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("runs/demo"),
    show_default=True,
    help="Where the run, the bundle and summary.json go.",
)
@click.option(
    "--seconds", type=click.FloatRange(min=1), default=20, show_default=True, help="How long to watch the camera."
)
@click.option("--broker", help="An MQTT broker, mqtt://HOST:PORT; default: one inside this process.")
def demo(out: Path, seconds: float, broker: str | None) -> None:
    """Show the whole story on real photos of solar cells.

    Learns from 2,624 photos of solar cells which are defective, makes the network small, proves that it still works,
    runs it on a camera (a folder of test photos), and shows what arrives over MQTT. Ctrl-C ends it early and well.
    """
    signal.signal(signal.SIGTERM, _end)
    tell(Plot("elpv", out, seconds, broker), Console(highlight=False))
