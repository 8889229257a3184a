"""`sagui keys`."""

from datetime import UTC, datetime
from pathlib import Path

import click

from sagui.deploy.registry.choices import expires_option, json_option, keys_option, registry_option, root_dir_option
from sagui.deploy.registry.keyring.passphrase import VARIABLE

_COUNT = click.IntRange(1, 20)


@click.group("keys", short_help="Make, change and list the keys of a registry.")
def keys() -> None:
    """Make, change and list the keys of a registry of models."""


@keys.command("init", short_help="Make keys and an empty registry.")
@registry_option
@keys_option
@click.option(
    "--root-dir",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where root's keys go: a stick that "
    "is kept elsewhere; KEYS/root without it. They are never needed for publishing.",
)
@click.option("--root-keys", type=_COUNT, default=1, show_default=True, help="How many root keys there are.")
@click.option("--root-threshold", type=_COUNT, default=1, show_default=True, help="How many of them must sign.")
@click.option("--passphrase", is_flag=True, help=f"Encrypt the keys; asked for, or in the file that {VARIABLE} names.")
@expires_option
def init_command(
    folder: Path,
    keys: Path,
    root_dir: Path | None,
    root_keys: int,
    root_threshold: int,
    passphrase: bool,
    expires: tuple[str, ...],
) -> None:
    """Make the keys of a registry, and an empty registry with the root.json that devices are given to trust.

    Nothing is overwritten. Whoever has the keys of targets, snapshot and timestamp can publish; whoever has
    those of root can take that away again.
    """
    from sagui.deploy.registry.create import Plan, create
    from sagui.deploy.registry.keyring.files import is_open_to_others, key_files
    from sagui.deploy.registry.keyring.passphrase import choose, from_file
    from sagui.deploy.registry.lifetimes import parse_lifetimes

    secret = choose() if passphrase else from_file()
    plan = Plan(root_dir, root_keys, root_threshold, secret, parse_lifetimes(expires))
    trusted = create(folder, keys, plan, now=datetime.now(UTC))
    roots = root_dir or keys / "root"
    click.echo(f"{folder}: an empty registry; {trusted} is what devices are given to trust")
    click.echo(f"{keys}: keys of targets, snapshot and timestamp, for publishing")
    click.echo(f"{roots}: {root_threshold} of {root_keys} root keys must sign; keep them offline, and a copy elsewhere")
    if any(is_open_to_others(path) for _, _, path in key_files(roots)):
        click.echo(f"note: {roots} cannot hide files from other users of this machine; take it out now", err=True)


@keys.command("rotate", short_help="Give a role or a model a new key.")
@click.argument("role", metavar="ROLE|MODEL")
@registry_option
@keys_option
@root_dir_option
@click.option("--root-keys", type=_COUNT, help="For root: how many keys from now on; as many as now without it.")
@click.option("--root-threshold", type=_COUNT, help="For root: how many must sign from now on.")
def rotate_command(
    role: str,
    folder: Path,
    keys: Path,
    root_dirs: tuple[Path, ...],
    root_keys: int | None,
    root_threshold: int | None,
) -> None:
    """Give root, targets, snapshot, timestamp or a model a new key; devices follow by themselves.

    The keys of root must be there, but for a model's: that takes the key of targets.
    """
    from sagui.deploy.registry.lifetimes import ROLES
    from sagui.deploy.registry.rotate import Roots, Rotator

    if role != "root" and (root_keys or root_threshold):
        raise click.UsageError("--root-keys and --root-threshold are for root")
    done = Rotator(folder, keys, root_dirs, now=datetime.now(UTC)).rotate(role, Roots(root_keys, root_threshold))
    for path in done.made:
        click.echo(f"{path}: the new key of {done.role}; keep a copy of it")
    for path in done.retired:
        click.echo(f"{path}: is of no use any more; delete it")
    if role in ROLES:
        click.echo(f"{folder}: root is version {done.root}; devices that trust an earlier one follow by themselves")
    else:
        click.echo(
            f"{folder}: targets names the new key of {role}, and the versions of {role} are signed with it; root did "
            "not change, and devices follow by themselves"
        )


@keys.command("renew", short_help="Sign root for another year.")
@registry_option
@keys_option
@root_dir_option
def renew_command(folder: Path, keys: Path, root_dirs: tuple[Path, ...]) -> None:
    """Sign root again with the same keys, before it expires."""
    from sagui.deploy.registry.rotate import Rotator

    version = Rotator(folder, keys, root_dirs, now=datetime.now(UTC)).renew_root()
    click.echo(f"{folder}: root is version {version}")


@keys.command("list", short_help="List the keys a registry asks for.")
@registry_option
@keys_option
@root_dir_option
@json_option
def list_command(folder: Path, keys: Path, root_dirs: tuple[Path, ...], as_json: bool) -> None:
    """List the keys that a registry asks for, and which of them are here. No key is opened."""
    import json

    from sagui.deploy.registry.keyring.listing import list_keys

    rows = list_keys(folder, keys, root_dirs or (keys / "root",))
    if as_json:
        click.echo(json.dumps([row.to_dict() for row in rows], indent=2))
        return
    for row in rows:
        click.echo(row.line())
