"""`sagui publish` and `sagui registry`."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from sagui.deploy.registry.choices import expires_option, json_option, keys_option, registry_option, trusted_option
from sagui.deploy.registry.defaults import LISTEN, PATCHES

if TYPE_CHECKING:
    from sagui.deploy.registry.publish import Wish


@click.command("publish", short_help="Sign a bundle and put it into a registry.")
@click.argument("bundle", type=click.Path(path_type=Path, dir_okay=False), required=False, metavar="[M.sagui]")
@registry_option
@keys_option
@click.option(
    "--patches",
    type=click.IntRange(0, 20),
    default=PATCHES,
    show_default=True,
    help="From so many earlier versions patches are made, where they save at least half; 0 makes none.",
)
@click.option("--refresh", "renew", is_flag=True, help="Renew signatures, without a bundle; for a weekly cron.")
@expires_option
def publish(bundle: Path | None, folder: Path, keys: Path, patches: int, renew: bool, expires: tuple[str, ...]) -> None:
    """Sign a bundle and put it into a registry: a folder of static files that any web server can serve.

    The first version of a name makes a key of its own for it. A version that is published never changes, and one that
    was withdrawn never comes back. Its accuracy is shown beside that of the latest version, and a warning where it is
    clearly worse. Passphrases are asked for, or read from the file that SAGUI_KEYS_PASSPHRASE_FILE names.
    """
    from sagui.deploy.registry.lifetimes import parse_lifetimes
    from sagui.deploy.registry.publish import Wish

    if renew == (bundle is not None):
        raise click.UsageError("give a bundle to publish, or --refresh")
    lifetimes = parse_lifetimes(expires)
    if bundle is None:
        _refresh(folder, keys, lifetimes)
    else:
        _publish(bundle, folder, keys, Wish(patches, lifetimes))


def _publish(bundle: Path, folder: Path, keys: Path, wish: "Wish") -> None:
    from sagui.deploy.registry import publish as publishing
    from sagui.deploy.registry.refresh import notes
    from sagui.deploy.registry.state import load
    from sagui.progress.terminal import TerminalProgress

    now = datetime.now(UTC)
    done = publishing.publish(bundle, folder, keys, now=now, wish=wish, progress=TerminalProgress())
    name, one = f"{done.model}=={done.published.version}", done.published
    if not done.changed:
        click.echo(f"{name} is published already, with this very content; nothing changed")
        return
    if done.new_key:
        click.echo(f"{done.new_key}: a key of its own for {done.model}; keep a copy where the other keys are kept")
    for patch in one.patches:
        click.echo(f"patch of {patch.bytes / 1e3:.1f} kB, in place of {one.bytes / 1e3:.1f} kB")
    for line in done.evaluation.lines:
        click.echo(line)
    click.echo(f"{name}: {one.bytes / 1e6:.2f} MB in {folder}; the latest is {done.latest}")
    for line in done.evaluation.warnings:
        click.echo(f"warning: {line}", err=True)
    for line in notes(load(folder), now):
        click.echo(f"note: {line}", err=True)


def _refresh(folder: Path, keys: Path, lifetimes: Mapping[str, timedelta]) -> None:
    from sagui.deploy.registry.refresh import refresh

    done = refresh(folder, keys, now=datetime.now(UTC), lifetimes=lifetimes)
    click.echo(f"{folder}: renewed {', '.join(done.roles)}; devices accept it until {done.expires:%Y-%m-%d %H:%M} UTC")
    for line in done.notes:
        click.echo(f"note: {line}", err=True)


@click.group("registry", short_help="Look into a registry of models, check it, prune it, serve it.")
def registry() -> None:
    """Look into a registry of models, check it, prune it, serve it."""


@registry.command("list", short_help="List models and versions.")
@registry_option
@keys_option
@trusted_option
@click.option("--withdrawn", is_flag=True, help="Name the versions that were withdrawn, too; --json always does.")
@json_option
def list_command(folder: Path, keys: Path, root: Path | None, withdrawn: bool, as_json: bool) -> None:
    """List models, versions, sizes, patches, and when signatures run out."""
    from rich.console import Console

    from sagui.deploy.registry.listing import describe, expiry_line, to_json, versions_table, withdrawn_lines

    listing = describe(folder, keys, datetime.now(UTC), root)
    if as_json:
        click.echo(to_json(listing))
        return
    if listing.models:
        Console().print(versions_table(listing))
    else:
        click.echo("no model is published yet; sagui publish M.sagui publishes one")
    for line in withdrawn_lines(listing) if withdrawn else ():
        click.echo(line)
    click.echo(expiry_line(listing))
    for line in listing.notes:
        click.echo(f"note: {line}", err=True)


@registry.command("verify", short_help="Walk a registry as a device would.")
@registry_option
@keys_option
@trusted_option
@json_option
def verify_command(folder: Path, keys: Path, root: Path | None, as_json: bool) -> None:
    """Walk a registry as a device would: every signature, every hash, every bundle. Exit status 1 if one is wrong."""
    import json

    from sagui.deploy.registry.verify import verify
    from sagui.progress.terminal import TerminalProgress

    found = verify(folder, root, keys, TerminalProgress())
    if as_json:
        click.echo(json.dumps({"files": found.files, "problems": found.problems, "notes": found.notes}, indent=2))
    else:
        for line in found.problems:
            click.echo(f"wrong: {line}")
        for line in found.notes:
            click.echo(f"note: {line}")
        click.echo(f"{folder}: {found.files} files are what was signed; {len(found.problems)} problems")
    if found.problems:
        raise click.exceptions.Exit(1)


@registry.command("prune", short_help="Withdraw versions, and delete what is not needed.")
@click.argument("versions", nargs=-1, metavar="[MODEL==VERSION]...")
@registry_option
@keys_option
@click.option("--keep", type=click.IntRange(1), help="So many of the newest versions of each model stay.")
def prune_command(versions: tuple[str, ...], folder: Path, keys: Path, keep: int | None) -> None:
    """Withdraw versions, so that no device installs them any more, and delete the files that nobody needs.

    Devices that run a withdrawn version keep it until they get another. It is never published again: sagui publish
    refuses its number. Without --keep and MODEL==VERSION, only files are deleted that are not needed.
    """
    from sagui.deploy.registry.prune import prune

    done = prune(folder, keys, now=datetime.now(UTC), keep=keep, named=versions)
    for model, gone in done.withdrawn.items():
        click.echo(f"withdrawn: {', '.join(f'{model}=={version}' for version in gone)}")
    click.echo(f"{folder}: {done.files} files deleted, {done.bytes / 1e6:.2f} MB")


@registry.command("serve", short_help="Serve a registry over HTTP.")
@click.argument("place", type=click.Path(path_type=Path, file_okay=False), metavar="[DIR]", required=False)
@registry_option
@click.option(
    "--listen",
    default=LISTEN,
    show_default=True,
    help="HOST:PORT; 0.0.0.0 for all interfaces, so that devices reach it.",
)
@click.pass_context
def serve_command(context: click.Context, place: Path | None, folder: Path, listen: str) -> None:
    """Serve a registry over HTTP, read-only, for a desk; Ctrl-C ends it.

    The registry is DIR, or that of --registry. Only metadata/, targets/ and root.json are served. For a fleet, let
    nginx, S3 or a CDN serve the folder.
    """
    from sagui.deploy.registry.serve import check, note_of, open_socket, parse_listen, serve, settings_for, url_of

    if place and context.get_parameter_source("folder") is ParameterSource.COMMANDLINE:
        raise click.UsageError("give DIR or --registry, not both")
    folder = place or folder
    check(folder)
    with open_socket(*parse_listen(listen)) as listening:
        url = url_of(listening)
        click.echo(f"{folder} is at {url}; devices need {folder / 'root.json'} and, in /etc/sagui/agent.toml:")
        click.echo(settings_for(url))
        if note := note_of(listening):
            click.echo(f"note: {note}", err=True)
        serve(folder, listening)
