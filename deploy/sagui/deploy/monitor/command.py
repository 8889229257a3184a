"""`sagui monitor`."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from sagui.deploy.monitor.entries import ORDERS, Order
from sagui.deploy.monitor.monitor import Monitor, filters
from sagui.deploy.monitor.mqtt import MqttFeed, Protocol
from sagui.deploy.monitor.view import View
from sagui.deploy.rollout.address import Files, parse_address
from sagui.interrupt import Interrupt
from sagui.wire import WireError, topics

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("monitor", short_help="Watch a fleet in the terminal.")
@click.option("--broker", required=True, help="The MQTT broker, mqtt://HOST:PORT or mqtts://HOST:PORT.")
@click.option("--device", "devices", multiple=True, metavar="NAME", help="Only this device; may be given again.")
@click.option("--group", metavar="NAME", help="Only devices that follow the plans of this group.")
@click.option(
    "--sort",
    "order",
    type=click.Choice(ORDERS),
    default="problems",
    show_default=True,
    help="Those with problems first, or a column: names from A to Z, numbers from the highest.",
)
@click.option("--json", "as_json", is_flag=True, help="For a program: a JSON object a line for each change.")
@click.option("--csv", "as_csv", is_flag=True, help="The same as CSV, with a header.")
@click.option(
    "--mqtt",
    type=click.Choice(["auto", "5", "3.1.1"]),
    default="auto",
    show_default=True,
    help="MQTT's version; auto tries 5 first.",
)
@click.option("--ca", type=_FILE, help="Certificates to trust; default: the system's.")
@click.option("--certificate", type=_FILE, help="Our certificate, where the broker asks for one.")
@click.option("--key", type=_FILE, help="Its key; default: in the certificate's file.")
@click.option("--user-file", type=_FILE, help="Holds the user; default: SAGUI_MQTT_USER.")
@click.option("--password-file", type=_FILE, help="Holds the password; default: SAGUI_MQTT_PASSWORD.")
def monitor(
    broker: str,
    devices: tuple[str, ...],
    group: str | None,
    order: Order,
    as_json: bool,
    as_csv: bool,
    mqtt: Protocol,
    ca: Path | None,
    certificate: Path | None,
    key: Path | None,
    user_file: Path | None,
    password_file: Path | None,
) -> None:
    """Watch a fleet in the terminal.

    A line for each device, or each of its streams: what it sees, since when, and how it is. Where there is no terminal,
    a plain line is written when a label changes, or something goes wrong. Ctrl-C ends it.
    """
    if as_json and as_csv:
        raise click.UsageError("--json and --csv exclude each other")
    try:
        wanted = filters(devices)
        group = topics.check_group(group) if group is not None else None
    except WireError as error:
        raise click.UsageError(str(error)) from error
    address = parse_address(broker, os.environ, Files(ca, certificate, key, user_file, password_file))
    with _ended_quietly() as interrupt:
        feed = MqttFeed(address, wanted, mqtt)
        try:
            Monitor(feed, _view(order, group, as_json=as_json, as_csv=as_csv), str(address)).run(interrupt.came)
        finally:
            feed.close()


def _view(order: Order, group: str | None, *, as_json: bool, as_csv: bool) -> View:
    from sagui.deploy.monitor.lines import LineView
    from sagui.deploy.monitor.records import CsvLines, JsonLines, RecordView

    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            # A label may have letters that the terminal's encoding has not.
            stream.reconfigure(errors="replace")
    if as_json or as_csv:
        return RecordView(sys.stdout, JsonLines() if as_json else CsvLines(), group)
    if not sys.stdout.isatty() or os.environ.get("TERM", "dumb") in {"dumb", "unknown"}:
        return LineView(sys.stdout, group)
    from rich.console import Console

    from sagui.deploy.monitor.live import LiveView

    return LiveView(Console(highlight=False), order, group)


@contextmanager
def _ended_quietly() -> Iterator[Interrupt]:
    """Takes Ctrl-C, SIGTERM, a lost terminal and a reader that went away for what they are: the end."""
    with Interrupt().taking(signal.SIGINT, signal.SIGTERM, signal.SIGHUP) as interrupt:
        try:
            yield interrupt
        except (KeyboardInterrupt, BrokenPipeError):
            _let_go_of_output()


def _let_go_of_output() -> None:
    """Keeps Python from writing, at its end, what nobody takes any more: it would wait, or complain."""
    if not sys.stdout.isatty():
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, sys.stdout.fileno())
        os.close(nothing)
