"""`sagui provision`."""

import os
import sys
from datetime import datetime
from pathlib import Path

import click

from sagui.deploy.provision.card import Entry, card_files
from sagui.deploy.provision.credentials import read_credentials
from sagui.deploy.provision.errors import ProvisionError
from sagui.deploy.provision.gather import (
    Registry,
    read_camera,
    read_login_keys,
    read_model,
    read_password,
    read_updates,
)
from sagui.deploy.provision.kept import default_place, kept_or_built
from sagui.deploy.provision.order import (
    Login,
    Order,
    System,
    Wheel,
    check_broker,
    check_hostname,
    check_requirement,
    check_user,
)
from sagui.deploy.provision.partition import Partition, inspect
from sagui.deploy.provision.proof import check_name, prove_settings, warnings
from sagui.deploy.provision.wheel import build_wheel, read_wheel, source_folder
from sagui.deploy.provision.wifi import Wifi, check_network, join
from sagui.deploy.provision.write import check_room, write_card
from sagui.progress import Progress
from sagui.progress.terminal import TerminalProgress
from sagui.wire.topics import availability, check_device

_FILE = click.Path(path_type=Path, dir_okay=False)
_FOLDER = click.Path(path_type=Path, file_okay=False)


@click.command("provision", short_help="Make an SD card that boots into a running agent.")
@click.argument("bootfs", type=_FOLDER)
@click.option("--hostname", required=True, help="The name of the machine, such as porch.")
@click.option("--device", help="The device's name in the topics; default: the hostname.")
@click.option("--model", required=True, type=_FILE, help="The bundle (.sagui) that it runs.")
@click.option("--broker", required=True, help="The MQTT broker, mqtts://HOST or mqtt://HOST:PORT.")
@click.option("--ssh-key", required=True, type=_FILE, help="The public SSH key of whoever may log in (id_ed25519.pub).")
@click.option("--user", default="pi", show_default=True, help="Whoever logs in.")
@click.option("--wifi", help="The name (SSID) of the Wi-Fi; its password is asked for. Default: the cable alone.")
@click.option("--wifi-country", help="Where the device is: two letters, such as DE. Needed with --wifi.")
@click.option("--wifi-password-file", type=_FILE, help="A file with the Wi-Fi's password, instead of the question.")
@click.option("--wifi-hidden", is_flag=True, help="The Wi-Fi does not tell its name.")
@click.option("--camera", default="picamera2", show_default=True, help="The camera, as of sagui run.")
@click.option("--camera-file", type=_FILE, help="A file with the camera, where a password is in its address.")
@click.option("--ca", type=_FILE, help="Certificates to trust, for mqtts; default: the system's.")
@click.option("--certificate", type=_FILE, help="The device's certificate, where the broker asks for one.")
@click.option("--key", type=_FILE, help="The certificate's key.")
@click.option("--mqtt-user-file", type=_FILE, help="A file with the user's name, where the broker asks for one.")
@click.option("--mqtt-password-file", type=_FILE, help="A file with the user's password.")
@click.option("--root", type=_FILE, help="The root.json of the registry, which the device trusts.")
@click.option("--registry", help="Where later models are published, https://HOST/PATH. Needs --root.")
@click.option("--registry-dir", type=_FOLDER, help="The registry's folder: the model travels signed. Needs --root.")
@click.option("--group", "groups", multiple=True, help="A group whose plans the device follows; may be repeated.")
@click.option("--wheel", type=_FILE, help="A wheel of sagui to carry; default: one built from this clone.")
@click.option("--requirement", help="Instead of a wheel, what pip installs from your own index.")
@click.option(
    "--os",
    "system",
    type=click.Choice(["auto", "trixie", "bookworm"]),
    default="auto",
    show_default=True,
    help="Which Raspberry Pi OS is on the card.",
)
@click.option("--force", is_flag=True, help="Even over another tool's customisation, or with another's certificate.")
@click.option("--dry-run", is_flag=True, help="Show what would be written, without the secrets, and write nothing.")
def provision(
    bootfs: Path,
    hostname: str,
    device: str | None,
    model: Path,
    broker: str,
    ssh_key: Path,
    user: str,
    wifi: str | None,
    wifi_country: str | None,
    wifi_password_file: Path | None,
    wifi_hidden: bool,
    camera: str,
    camera_file: Path | None,
    ca: Path | None,
    certificate: Path | None,
    key: Path | None,
    mqtt_user_file: Path | None,
    mqtt_password_file: Path | None,
    root: Path | None,
    registry: str | None,
    registry_dir: Path | None,
    groups: tuple[str, ...],
    wheel: Path | None,
    requirement: str | None,
    system: str,
    force: bool,
    dry_run: bool,
) -> None:
    """Make an SD card that boots into a running agent.

    BOOTFS is where the first partition of a freshly written 64-bit Raspberry Pi OS (Trixie or Bookworm) is mounted,
    such as /media/me/bootfs. Nothing is written before everything was checked. docs/provisioning.md tells what is on
    the card then, what the first boot does, and what a person who holds the card can read.
    """
    progress = TerminalProgress()
    partition = inspect(bootfs, _system(system), force=force)
    named = read_model(model)
    updates, expires = read_updates(Registry(root, registry, registry_dir, groups), named)
    order = Order(
        hostname=check_hostname(hostname),
        device=check_device(device or hostname),
        login=Login(check_user(user), read_login_keys(ssh_key)),
        broker=check_broker(broker),
        camera=read_camera(camera, camera_file),
        model=named,
        credentials=read_credentials(
            ca=ca, certificate=certificate, key=key, user=mqtt_user_file, password=mqtt_password_file
        ),
        wifi=_wifi(wifi, wifi_country, wifi_password_file, hidden=wifi_hidden),
        updates=updates,
        sagui=_sagui(wheel, requirement, progress),
    )
    check_name(order, force=force)
    prove_settings(order)
    entries = card_files(order, partition.system, partition.cmdline)
    for warning in warnings(order):
        click.echo(f"note: {warning}", err=True)
    if dry_run:
        check_room(partition, entries)
        _show(entries)
        return
    write_card(partition, entries, progress)
    _tell(order, partition, expires)


def _system(asked: str) -> System | None:
    if asked == "trixie":
        return "trixie"
    return "bookworm" if asked == "bookworm" else None


def _wifi(ssid: str | None, country: str | None, file: Path | None, *, hidden: bool) -> Wifi | None:
    if ssid is None:
        if country or file or hidden:
            raise ProvisionError("--wifi-country, --wifi-password-file and --wifi-hidden need --wifi")
        return None
    check_network(ssid, country)  # before the question
    if file is not None:
        return join(ssid, read_password(file), country, hidden=hidden)
    if not _can_ask():
        raise ProvisionError(
            f"the password of the Wi-Fi {ssid!r} cannot be asked without a terminal; put it into a file, and name that "
            "with --wifi-password-file"
        )
    password: str = click.prompt(f"Password of the Wi-Fi {ssid}", hide_input=True)
    return join(ssid, password, country, hidden=hidden)


def _can_ask() -> bool:
    return sys.stdin.isatty()


def _sagui(wheel: Path | None, requirement: str | None, progress: Progress) -> Wheel | str:
    if wheel is not None and requirement is not None:
        raise ProvisionError("--wheel and --requirement: one of them")
    if requirement is not None:
        return check_requirement(requirement)
    if wheel is not None:
        return read_wheel(wheel)
    source = source_folder()
    with progress.task("build a wheel of sagui"):
        found, is_new = kept_or_built(source, default_place(os.environ), lambda: build_wheel(source=source))
    click.echo(f"built {found.file} from this clone" if is_new else f"{found.file}: as it was built from this clone")
    return found


def _show(entries: dict[str, Entry]) -> None:
    for path, entry in entries.items():
        click.echo(f"--- {path}")
        click.echo((entry.content.decode() if entry.shown is None else entry.shown).rstrip("\n"))


def _tell(order: Order, partition: Partition, expires: datetime | None) -> None:
    login = f"ssh {order.login.user}@{order.hostname}.local"
    click.echo(f"{partition.folder}: written for Raspberry Pi OS {partition.system.capitalize()}")
    click.echo(f"1. Eject the card, put it into the Raspberry Pi, and switch it on{_by(expires)}.")
    click.echo("2. Allow the first boot a quarter of an hour, most of it for downloads; it needs the internet.")
    click.echo(f"3. Then 'online' is on the topic {availability(order.device)} of {order.broker}.")
    click.echo(f"If not: {login} journalctl -u sagui-first-boot; or read sagui/first-boot.log on the card.")
    click.echo("note: whoever holds the card can read what is on it, the secrets too until the first boot", err=True)


def _by(expires: datetime | None) -> str:
    return f", before {expires:%Y-%m-%d %H:%M} UTC: then the carried signatures expire" if expires else ""
