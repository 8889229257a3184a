"""`sagui push`."""

import re
import sys
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from sagui.deploy.push.commands import Device
from sagui.deploy.push.deliver import Errand
from sagui.deploy.push.errors import PushError
from sagui.deploy.push.fleet import Fleet
from sagui.deploy.push.hosts import Host, distinct, parse_host, parse_list
from sagui.deploy.push.install.parts import Parts, gather
from sagui.deploy.push.install.run import Installer
from sagui.deploy.push.known import KnownHosts
from sagui.deploy.push.login import Login, read_identity
from sagui.deploy.push.parcel import Parcel, bare_parcel
from sagui.deploy.push.show import ShownBoard, table
from sagui.deploy.push.signed import signed_parcel

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600}
_DEVICE = Device()


def _seconds(ctx: click.Context, param: click.Parameter, value: str) -> float:
    """Reads a length of time, as 90s, 5m or 1h."""
    found = re.fullmatch(r"([0-9]{1,6})([smh]?)", value)
    if found is None or not int(found[1]):
        raise click.BadParameter(f"{value!r} is no length of time: write 90s, 5m or 1h", ctx, param)
    return float(int(found[1]) * _SECONDS[found[2]])


def _model(ctx: click.Context, param: click.Parameter, value: Path) -> Path:
    """The last word, which is a host where somebody forgot the model."""
    if value.is_file():
        return value
    if value.suffix == ".sagui":
        raise click.BadParameter(f"there is no file {value}", ctx, param)
    raise click.UsageError(
        f"MODEL.sagui is missing: the last word, {str(value)!r}, is no file; name the bundle after the devices", ctx
    )


@click.command("push", short_help="Bring a model to devices over SSH.")
@click.argument("hosts", nargs=-1, metavar="[USER@]HOST...")
@click.argument("bundle", type=click.Path(path_type=Path), callback=_model, metavar="MODEL.sagui")
@click.option("--registry", type=click.Path(path_type=Path, file_okay=False), help="Where MODEL was published to.")
@click.option("--unsigned", is_flag=True, help="Push the bundle alone, to devices that trust no registry's root.")
@click.option("--hosts", "listed", type=_FILE, help="A file with a device a line.")
@click.option("--jobs", type=click.IntRange(1, 64), default=8, show_default=True, help="How many devices at once.")
@click.option(
    "--wait",
    callback=_seconds,
    default="5m",
    show_default=True,
    help="How long until the model stands, else it goes back.",
)
@click.option("--install", is_flag=True, help="Set a bare Raspberry Pi OS up first; what is there stays as it is.")
@click.option("--wheel", type=_FILE, help="With --install: the wheel of sagui that is installed there.")
@click.option("--settings", type=_FILE, help="With --install: settings for a device that has none.")
@click.option("--unit", type=_FILE, help="With --install: the systemd unit; sagui's own without it.")
@click.option("--identity", type=_FILE, help="A private key; without it, the SSH agent's keys and those in ~/.ssh.")
@click.option("--known-hosts", type=click.Path(path_type=Path, dir_okay=False), help="Default: ~/.ssh/known_hosts.")
@click.option("--accept-new", is_flag=True, help="Trust a device that is not known at first sight, and remember it.")
@click.option("--remote-sagui", default=_DEVICE.sagui, show_default=True, help="The program on the device.")
@click.option("--config", default=_DEVICE.config, show_default=True, help="The agent's settings on the device.")
@click.option("--sudo/--no-sudo", default=True, show_default=True, help="Become the agent's user, sagui, for it.")
@click.pass_context
def push(
    ctx: click.Context,
    hosts: tuple[str, ...],
    bundle: Path,
    registry: Path | None,
    listed: Path | None,
    jobs: int,
    wait: float,
    wheel: Path | None,
    settings: Path | None,
    unit: Path | None,
    identity: Path | None,
    known_hosts: Path | None,
    remote_sagui: str,
    config: str,
    *,
    unsigned: bool,
    install: bool,
    accept_new: bool,
    sudo: bool,
) -> None:
    """Bring MODEL.sagui, a published bundle, to devices: copy it, prove it there, wait until it stands.

    A device that does not come to stand with it goes back to the model before. Exits with 0 only if the model stands
    on all devices. Ctrl-C ends it well: nothing of the copy stays on a device.
    """
    parcel = _parcel(bundle, registry, unsigned=unsigned)
    parts = _parts(parcel, registry, wheel, settings, unit, install=install)
    errand = Errand(parcel, Device(remote_sagui, config, sudo), wait, Installer(parts) if parts else None)
    login = Login(KnownHosts.load(known_hosts, accept_new=accept_new), _keys(identity))
    progress = Console(stderr=True, highlight=False)
    with ShownBoard(progress) as board:
        fleet = Fleet(_named(hosts, listed), errand, login, board, jobs)
        try:
            stands = fleet.push()
        finally:
            board.close()
            if fleet.outcomes:
                Console(highlight=False).print(table(fleet.outcomes))
    ctx.exit(0 if stands else 1)


def _named(hosts: tuple[str, ...], listed: Path | None) -> tuple[Host, ...]:
    named = [parse_host(host) for host in hosts]
    if listed is not None:
        try:
            named += parse_list(listed.read_text(encoding="utf-8"), str(listed))
        except (OSError, UnicodeDecodeError) as error:
            raise PushError(f"{listed}: cannot be read as text") from error
    return distinct(named)


def _parcel(bundle: Path, registry: Path | None, *, unsigned: bool) -> Parcel:
    if unsigned and registry:
        raise click.UsageError("--unsigned pushes without a registry: leave out one of the two")
    if unsigned:
        return bare_parcel(bundle)
    if registry is None:
        raise click.UsageError(
            "devices take what a registry vouches for: name the one that MODEL was published to with --registry DIR; "
            "or push to devices that trust no registry with --unsigned"
        )
    return signed_parcel(bundle, registry)


def _parts(
    parcel: Parcel,
    registry: Path | None,
    wheel: Path | None,
    settings: Path | None,
    unit: Path | None,
    *,
    install: bool,
) -> Parts | None:
    if install:
        return gather(parcel, registry, wheel, settings, unit)
    for name, value in {"--wheel": wheel, "--settings": settings, "--unit": unit}.items():
        if value is not None:
            raise click.UsageError(f"{name} is for setting a device up: add --install")
    return None


def _keys(identity: Path | None) -> tuple[Any, ...]:
    if identity is None:
        return ()
    return (read_identity(identity, _asked),)


def _asked(question: str) -> str:
    if not sys.stdin.isatty():
        raise PushError(f"{question} cannot be asked without a terminal; load the key into an SSH agent: ssh-add")
    answer: str = click.prompt(question, hide_input=True, err=True)
    return answer
