"""`sagui demo`."""

from pathlib import Path

import click
from rich.console import Console

from sagui.deploy.demo.ending import end_well
from sagui.progress.quiet import quiet_native

with quiet_native():
    from sagui.deploy.demo.dashboard_process import require_dashboard
    from sagui.deploy.demo.story import Plot, tell

_PORT = 8080


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
@click.option("--dashboard", is_flag=True, help="Then leave cameras, broker and dashboard running, until Ctrl-C.")
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    help=f"Where the dashboard listens, or the next port that is free; 0: any.  [default: {_PORT}]",
)
def demo(out: Path, seconds: float, broker: str | None, dashboard: bool, port: int | None) -> None:
    """Show the whole story on real photos of solar cells.

    Learns from 2,624 photos of solar cells which are defective, makes the network small, proves that it still works,
    runs it on a camera (a folder of test photos), and shows what arrives over MQTT. Ctrl-C ends it early and well.

    With --dashboard three cameras then go on, and are seen in a browser until Ctrl-C; nothing of that is kept.
    """
    if dashboard:
        require_dashboard()
    elif port is not None:
        raise click.UsageError("--port says where the dashboard listens; add --dashboard")
    end_well()
    at = None if not dashboard else _PORT if port is None else port
    tell(Plot("elpv", out, seconds, broker, dashboard_port=at), Console(highlight=False))
