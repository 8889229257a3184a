"""Options that several commands share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

Command = Callable[..., Any]

_FOLDER = click.Path(path_type=Path, file_okay=False)

registry_option: Callable[[Command], Command] = click.option(
    "--registry",
    "folder",
    type=_FOLDER,
    default=Path("registry"),
    show_default=True,
    envvar="SAGUI_REGISTRY",
    help="The registry's folder, or SAGUI_REGISTRY.",
)
keys_option: Callable[[Command], Command] = click.option(
    "--keys",
    "keys",
    type=_FOLDER,
    default=Path("keys"),
    show_default=True,
    envvar="SAGUI_KEYS",
    help="The folder of private keys, or SAGUI_KEYS.",
)
expires_option: Callable[[Command], Command] = click.option(
    "--expires",
    "expires",
    multiple=True,
    metavar="ROLE=TIME",
    help="How long signatures hold from now on, such as timestamp=14d; root, targets, model, snapshot, timestamp.",
)
root_dir_option: Callable[[Command], Command] = click.option(
    "--root-dir",
    "root_dirs",
    type=_FOLDER,
    multiple=True,
    help="Where root's keys are; KEYS/root without it. May be given several times; new ones go to the first.",
)
trusted_option: Callable[[Command], Command] = click.option(
    "--root",
    "root",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="The root.json that devices trust; without it, what --keys remembers, or the registry's own first one.",
)
json_option: Callable[[Command], Command] = click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
