"""`sagui dashboard`."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import click

from sagui.deploy.dashboard.door.access import check_exposure
from sagui.deploy.dashboard.door.proxies import parse_proxies
from sagui.deploy.dashboard.errors import DashboardError
from sagui.deploy.history.errors import HistoryError
from sagui.deploy.history.place import check_place, default_file
from sagui.deploy.rollout.address import Files, parse_address
from sagui.deploy.rollout.errors import AddressError

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("dashboard", short_help="Show the fleet in a browser.")
@click.option("--broker", required=True, help="mqtt://HOST:PORT or mqtts://HOST:PORT.")
@click.option("--port", type=click.IntRange(0, 65_535), default=8080, show_default=True, help="0 takes a free one.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen; others need a login.")
@click.option("--password-file", type=_FILE, help="Its first line opens the pages; default: no password.")
@click.option("--user-header", metavar="NAME", help="A proxy says in it who a person is, such as Remote-User.")
@click.option(
    "--trusted-proxy", multiple=True, metavar="ADDRESS", help="IP or network of that proxy; as often as needed."
)
@click.option("--database", help="A file for SQLite, or postgresql://USER@HOST/DATABASE; default: the state directory.")
@click.option("--days", type=click.IntRange(min=0), default=90, show_default=True, help="Older results go; 0: never.")
@click.option("--registry", metavar="DIR|URL", envvar="SAGUI_REGISTRY", help="Shows its versions and their reports.")
@click.option("--root", type=_FILE, help="The root.json that devices trust; a registry's URL needs it.")
@click.option("--mqtt", type=click.Choice(("5", "3.1.1")), default="5", show_default=True, help="The protocol.")
@click.option("--ca", type=_FILE, help="Authority of the broker's certificate, for mqtts.")
@click.option("--certificate", type=_FILE, help="Our own certificate, for mqtts.")
@click.option("--key", type=_FILE, help="Its key; default: in the certificate's file.")
@click.option("--mqtt-user-file", type=_FILE, help="Holds the broker's user; default: SAGUI_MQTT_USER.")
@click.option("--mqtt-password-file", type=_FILE, help="Holds the broker's password; default: SAGUI_MQTT_PASSWORD.")
def dashboard(
    broker: str,
    port: int,
    host: str,
    password_file: Path | None,
    user_header: str | None,
    trusted_proxy: tuple[str, ...],
    database: str | None,
    days: int,
    registry: str | None,
    root: Path | None,
    mqtt: str,
    ca: Path | None,
    certificate: Path | None,
    key: Path | None,
    mqtt_user_file: Path | None,
    mqtt_password_file: Path | None,
) -> None:
    """Show the fleet in a browser: what it sees, what it saw, which models it runs.

    The pages work without the internet, and on a phone. Ctrl-C ends it. Listening on anything but this machine's
    loopback needs --password-file, or a proxy that says who a person is (--user-header, --trusted-proxy); put one with
    TLS before it where the network is not yours.
    """
    files = Files(ca, certificate, key, mqtt_user_file, mqtt_password_file)
    password = _password(password_file)
    with _wrong_use():
        address = parse_address(broker, os.environ, files, "--mqtt-user-file")
        proxies = parse_proxies(user_header, trusted_proxy)
        place = str(default_file(os.environ)) if database is None else database
        check_place(place)
    with _wrong_use() if password is None else nullcontext():
        check_exposure(host, password, has_proxies=proxies is not None)
    _check_registry(registry, root)
    with _ended_quietly():
        from sagui.deploy.dashboard.models.source import open_source
        from sagui.deploy.dashboard.server import Options, serve

        source = open_source(registry, root) if registry else None
        options = Options(host, port, place, days, password, mqtt, proxies, source)
        serve(address, options, lambda url: click.echo(f"dashboard: {url}"))


def _check_registry(registry: str | None, root: Path | None) -> None:
    if registry is None and root is not None:
        raise click.UsageError("--root says nothing without --registry; add --registry DIR or --registry URL")
    if registry is not None and "://" in registry and root is None:
        raise click.UsageError("an address of a registry needs --root FILE, the root.json that devices have")


@contextmanager
def _wrong_use() -> Iterator[None]:
    """Says of options that do not go together, or say nothing, how the command is used."""
    try:
        yield
    except (AddressError, DashboardError, HistoryError) as error:
        raise click.UsageError(str(error)) from error


@contextmanager
def _ended_quietly() -> Iterator[None]:
    """Ctrl-C and SIGTERM are no fault, also while it still starts; the server has its own way later."""

    def end(*_: object) -> None:
        raise SystemExit(0)

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _password(file: Path | None) -> str | None:
    if file is None:
        return None
    try:
        lines = file.read_text().splitlines()
    except UnicodeDecodeError:
        # Without its cause: that holds what the file does.
        raise DashboardError(f"{file}: is not UTF-8 text") from None
    if not lines or not lines[0].strip():
        raise DashboardError(f"{file}: holds no password; write one into its first line")
    return lines[0]
