"""`sagui config`."""

import json
import os
from pathlib import Path

import click

from sagui.device.config.merge import examine, missing
from sagui.device.config.read import DEFAULT_PATH, read_settings
from sagui.device.config.template import json_schema, template
from sagui.device.errors import ConfigError

_FILE = click.Path(path_type=Path)


@click.group("config", short_help="Check, describe or begin a file of settings.")
def config() -> None:
    """Check, describe or begin the file of settings of `sagui run`."""


@config.command("check", short_help="Say what is wrong in a file.")
@click.argument("file", type=_FILE, default=DEFAULT_PATH)
@click.pass_context
def check(ctx: click.Context, file: Path) -> None:
    """Say what is wrong in FILE, /etc/sagui/agent.toml if none is named, and what is missing for a start.

    One line for each error, with its line in the file; exit status 1 if there is any. What is missing may still come
    from the environment or the command line. Neither is looked at here, nor is a camera, a model or a broker.
    """
    try:
        settings, problems = examine(read_settings(file), {})
    except ConfigError as error:
        problems = error.problems
    if problems:
        click.echo("\n".join(problems), err=True)
        ctx.exit(1)
    click.echo(f"{file}: ok")
    for line in missing(settings):
        click.echo(f"missing for a start: {line}")


@config.command("schema", short_help="Print the JSON Schema.")
def schema() -> None:
    """Print the JSON Schema (draft 2020-12) of the settings."""
    click.echo(json.dumps(json_schema(), ensure_ascii=False, indent=2))


@config.command("init", short_help="Write a file with every key, commented out.")
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True), default=Path("-"))
def init(file: Path) -> None:
    """Write a file with every key behind a #, its default and what it does, to FILE; without one, print it.

    A file that is there is left as it is.
    """
    if str(file) == "-":
        click.echo(template(), nl=False)
        return
    try:
        with file.open("x", encoding="utf-8") as new:
            new.write(template())
            new.flush()
            os.fsync(new.fileno())
    except FileExistsError as error:
        raise ConfigError(f"{file}: is there already; name another file, or remove it first") from error
    except FileNotFoundError as error:
        raise ConfigError(f"{file}: there is no folder {file.parent}; make it first: mkdir -p {file.parent}") from error
    except OSError as error:
        raise ConfigError(f"{file}: cannot be written: {error.strerror}") from error
    click.echo(f"{file}: written; every key in it is behind a #")
