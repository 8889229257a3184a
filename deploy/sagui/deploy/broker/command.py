"""`sagui broker`."""

import os
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import get_args

import click
from rich.console import Console
from rich.table import Table

from sagui.deploy.broker.access import PORT
from sagui.deploy.broker.errors import BrokerFolderError
from sagui.deploy.broker.folder import BrokerFolder, make_folder, open_folder
from sagui.deploy.broker.people import Role, holder, holder_of

INSTALL = "/etc/mosquitto/sagui"
PASSPHRASE = "SAGUI_BROKER_PASSPHRASE_FILE"  # noqa: S105 (a variable's name)

_DAY = len("2026-11-21")

_FOLDER = click.argument("folder", type=click.Path(path_type=Path, file_okay=False), metavar="DIR")


@click.group("broker", short_help="Make a broker that lets in whom it knows.")
def broker() -> None:
    """Make the files of a mosquitto that lets in whom it knows: certificates and an access list."""


@broker.command()
@_FOLDER
@click.option("--host", "hosts", multiple=True, required=True, help="A name or address of the broker; may be repeated.")
@click.option("--device", "devices", multiple=True, help="A device to issue a certificate for; may be repeated.")
@click.option("--operator", "operators", multiple=True, help="A person who may plan rollouts; may be repeated.")
@click.option("--reader", "readers", multiple=True, help="A dashboard, which only listens; may be repeated.")
@click.option("--name", default="sagui", show_default=True, help="Of the authority, for who looks into a certificate.")
@click.option("--install-dir", default=INSTALL, show_default=True, help="Where the files will be on the broker.")
@click.option("--port", type=click.IntRange(1, 65535), default=PORT, show_default=True, help="Where it listens.")
@click.option("--bind", "address", help="On which address it listens; without it, on all.")
def init(
    folder: Path,
    hosts: tuple[str, ...],
    devices: tuple[str, ...],
    operators: tuple[str, ...],
    readers: tuple[str, ...],
    name: str,
    install_dir: str,
    port: int,
    address: str | None,
) -> None:
    """Make a private authority in DIR, and the files for mosquitto.

    The key of the authority, DIR/ca/ca.key, is encrypted with the passphrase in the file that
    SAGUI_BROKER_PASSPHRASE_FILE names, if it names one.
    """
    holders = [holder("device", one) for one in devices]
    holders += [holder("operator", one) for one in operators] + [holder("reader", one) for one in readers]
    made = make_folder(folder, name, _passphrase(), _now)
    made.write_broker(hosts, PurePosixPath(install_dir), port, address)
    for one in holders:
        made.add(one)
    click.echo(f"authority: {folder / 'ca'} (keep ca.key, and a copy of it, where no network is)")
    click.echo(
        f"broker: copy {folder / 'mosquitto'}/* to {install_dir}, for mosquitto to read, and include its sagui.conf"
    )
    click.echo(f"clients: mqtts://{hosts[0]}:{port}")
    for one in holders:
        click.echo(f"{one.role} {one.name}: {folder / (one.role + 's') / one.name}")


@broker.command()
@_FOLDER
@click.argument("role", type=click.Choice(get_args(Role)))
@click.argument("name")
def add(folder: Path, role: Role, name: str) -> None:
    """Issue a certificate for a device, an operator or a reader."""
    place = _open(folder).add(holder(role, name))
    click.echo(f"{role} {name}: {place}")
    if role != "device":
        click.echo(f"copy {folder / 'mosquitto' / 'acl'} to the broker, and: sudo systemctl reload mosquitto")


@broker.command()
@_FOLDER
@click.argument("user")
def revoke(folder: Path, user: str) -> None:
    """Let the certificate of USER hold no more, such as porch or operator.ana: a stolen device."""
    one = holder_of(user)
    _open(folder).revoke(holder(one.role, one.name))
    click.echo(f"{one.role} {one.name} is revoked")
    click.echo(
        f"copy {folder / 'mosquitto'}/{{revoked.pem,acl}} to the broker, and: sudo systemctl restart mosquitto "
        "(a reload would leave connections that are open)"
    )


@broker.command("list")
@_FOLDER
def list_certificates(folder: Path) -> None:
    """List the certificates that were issued, with their days in UTC; DIR/ca/issued.json has the times."""
    table = Table(box=None, pad_edge=False)
    for title in ("role", "name", "issued", "until", "revoked"):
        # A long name goes on in the next line; a day is whole on any terminal.
        table.add_column(title, no_wrap=title != "name", overflow="fold")
    for entry in _open(folder).entries():
        one = holder_of(entry.user)
        days = (moment[:_DAY] for moment in (entry.issued, entry.until, entry.revoked or ""))
        table.add_row(one.role, one.name, *days)
    Console().print(table)


def _open(folder: Path) -> BrokerFolder:
    return open_folder(folder, _passphrase(), _now)


def _passphrase() -> bytes | None:
    path = os.environ.get(PASSPHRASE)
    if not path:
        return None
    try:
        found = Path(path).read_bytes().strip(b"\r\n")
    except OSError as error:
        raise BrokerFolderError(f"{path} (of {PASSPHRASE}): {error.strerror}") from error
    if not found:
        raise BrokerFolderError(f"{path} (of {PASSPHRASE}) is empty; write a passphrase into it")
    return found


def _now() -> datetime:
    return datetime.now(UTC)
