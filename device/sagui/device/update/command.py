"""`sagui update`: a person on the device looks after its model."""

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec

from sagui.device.config.read import DEFAULT_PATH
from sagui.device.update import by_hand
from sagui.device.update.one_file import OneFile
from sagui.device.update.place import Place, find_place
from sagui.device.update.source import Source
from sagui.device.update.status import lines
from sagui.wire.updates import Phase

_Command = TypeVar("_Command", bound=Callable[..., Any])

_OPTIONS = (
    click.option(
        "--config",
        type=click.Path(path_type=Path),
        help=f"The agent's file of settings; {DEFAULT_PATH} if there is one.",
    ),
    click.option("--device", metavar="NAME", help="The agent's name, where no settings say."),
    click.option("--model", "file", metavar="FILE", help="The model that the agent was given, where no settings say."),
    click.option(
        "--state",
        type=click.Path(path_type=Path, file_okay=False),
        help="The agent's state folder, if it is in an unusual place.",
    ),
)
_NAMED = re.compile(r"(?P<model>[^=]+?)(==(?P<version>[^=]+))?")


def _with_options(command: _Command) -> _Command:
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@click.group("update", short_help="See, take or take back this device's model.")
def update() -> None:
    """Look after the model on this device.

    The settings are those of `sagui run`. The agent need not run: what is installed meanwhile is tried at its next
    start.
    """


@update.command("status", short_help="Say which model runs, and how an update stands.")
@_with_options
@click.option("--json", "as_json", is_flag=True, help="Answer with one JSON object, as on the topic update/state.")
def status(*, as_json: bool, **where: Any) -> None:  # noqa: ANN401 (values of the options)
    """Say which model runs, which was before, what is to come, and what failed."""
    place = _place(**where)
    state = place.report()
    if as_json:
        click.echo(msgspec.json.encode(state).decode())
        return
    for line in lines(place.store.ledger(), place.base, state, place.silent()):
        click.echo(line)


@update.command("install", short_help="Take a version from a registry.")
@click.argument("what", metavar="[MODEL[==VERSION]]", required=False)
@_with_options
@click.option("--registry", metavar="URL", help="Where from: http(s)://... or file:///...; by default the settings'.")
@click.option(
    "--root", metavar="FILE", help="The registry's root.json, whose keys are trusted; by default the settings'."
)
@click.option(
    "--unsigned",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="A bundle on this device that you trust by yourself; refused where a root is set.",
)
@click.option("--wait", is_flag=True, help="Wait until it is confirmed: exit with 0 then, else with 1 and the reason.")
@click.option(
    "--timeout",
    type=click.FloatRange(0),
    default=1800.0,
    show_default=True,
    metavar="SECONDS",
    help="Wait so long at most.",
)
def install(
    what: str | None,
    registry: str | None,
    root: str | None,
    unsigned: Path | None,
    timeout: float,
    *,
    wait: bool,
    **where: Any,  # noqa: ANN401 (values of the options)
) -> None:
    """Take MODEL==VERSION, by default the newest version of the model at work, check its signatures, and stage it.

    The agent has it reproduce its golden frames, runs it beside the old model, puts it to work, and confirms it or goes
    back.
    """
    if unsigned and (registry or what):
        raise click.UsageError("--unsigned names the very file: it goes with neither a model nor --registry")
    model, version = _named(what)
    place = _place(root=root, **where)
    source: Source
    if unsigned:
        by_hand.check_unsigned(place)
        source = OneFile(unsigned)
    else:
        source = by_hand.open_registry(place, registry)
    tell = _Lines()
    candidate = by_hand.install(place, source, model, version, tell)
    if candidate is None:
        click.echo(f"{_at_work(place)} is at work already")
        return
    name = f"{candidate.model} {candidate.version}"
    if not wait:
        click.echo(f"{name} is staged; the agent tries it as soon as it runs: sagui update status")
        return
    by_hand.wait_for(place, candidate, timeout, tell)
    click.echo(f"{name} is at work, and confirmed")


@update.command("revert", short_help="Go back to the model before.")
@_with_options
def revert(**where: Any) -> None:  # noqa: ANN401 (values of the options)
    """Go back to the model before; the version that is left is not taken again. What is staged is dropped."""
    place = _place(**where)
    left = by_hand.revert(place)
    what = f"{place.base.model} {left} is taken back" if left else "what was staged is dropped"
    click.echo(f"{what}; {_at_work(place)} is at work, or as soon as the agent has started again")


class _Lines:
    """Says each phase in a line, and each tenth of a download."""

    def __init__(self) -> None:
        self._said: tuple[str, int] | None = None

    def __call__(self, phase: Phase, percent: int | None) -> None:
        now = (phase, (percent or 0) // 10)
        if now != self._said:
            self._said = now
            click.echo(phase if percent is None else f"{phase} {percent} %")


def _place(
    config: Path | None, device: str | None, file: str | None, state: Path | None, root: str | None = None
) -> Place:
    given = {"device": device, "model": file, "update.root": root}
    return find_place(config, given, os.environ, state)


def _named(what: str | None) -> tuple[str | None, str | None]:
    if what is None:
        return None, None
    found = _NAMED.fullmatch(what)
    if found is None:
        raise click.UsageError(f"{what!r} is no model; write pets, or pets==1.4.0")
    return found["model"], found["version"]


def _at_work(place: Place) -> str:
    state = place.report()
    return f"{state.model or place.base.path.name} {state.installed_version or ''}".strip()
