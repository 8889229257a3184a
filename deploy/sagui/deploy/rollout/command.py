"""`sagui rollout`."""

import getpass
import os
import shlex
import socket
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import Any, TypeVar

import click

from sagui.deploy.rollout.address import Files, parse_address
from sagui.deploy.rollout.control import Control, View, describe, introduce, present
from sagui.deploy.rollout.errors import RolloutError
from sagui.deploy.rollout.rules import Terms, halt, pause, resume, revert
from sagui.deploy.rollout.waves import parse_duration_s, parse_share, parse_target, parse_waves
from sagui.errors import SaguiError
from sagui.wire import Desired, topics

_Parsed = TypeVar("_Parsed")
_LONGEST_OPERATOR = 200
_USUAL_MQTT = ("mqtt", "5")


def _parser(name: str, parse: Callable[[str], _Parsed]) -> Callable[[str], _Parsed]:
    """A value as a person writes it; what is wrong with it is wrong use."""

    def parsed(value: str) -> _Parsed:
        try:
            return parse(value)
        except SaguiError as error:
            raise click.BadParameter(str(error)) from error

    # What --help calls it.
    parsed.__name__ = name
    return parsed


_SHARE, _DURATION = _parser("share", parse_share), _parser("duration", parse_duration_s)
_FILE = click.Path(path_type=Path, dir_okay=False)
_CONNECTION = (
    click.option("--group", type=_parser("group", topics.check_group), required=True, help="The group of devices."),
    click.option("--broker", required=True, help="The MQTT broker, mqtt://HOST:PORT or mqtts://HOST:PORT."),
    click.option("--mqtt", type=click.Choice(["5", "3.1.1"]), default="5", show_default=True, help="MQTT's version."),
    click.option("--ca", type=_FILE, help="Certificates to trust; default: the system's."),
    click.option("--certificate", type=_FILE, help="Our certificate, where the broker asks for one."),
    click.option("--key", type=_FILE, help="Its key; default: in the certificate's file."),
    click.option("--user-file", type=_FILE, help="Holds the user; default: SAGUI_MQTT_USER."),
    click.option("--password-file", type=_FILE, help="Holds the password; default: SAGUI_MQTT_PASSWORD."),
)
_detach = click.option("--detach", is_flag=True, help="Write the plan and leave it; status --follow goes on with it.")


def _connected(command: Callable[..., None]) -> Callable[..., None]:
    for option in reversed(_CONNECTION):
        command = option(command)
    return command


@click.group("rollout", short_help="Bring a model to a group of devices in waves, and back.")
def rollout() -> None:
    """Bring a model to a group of devices in waves, and back.

    The plan is kept by the broker. As long as one of these commands follows it, waves go on by what the devices report;
    without one, it stays as it is. User and password of the broker: SAGUI_MQTT_USER, SAGUI_MQTT_PASSWORD.
    """


@rollout.command("start", short_help="Begin a rollout, and follow it.")
@click.argument("target", metavar="MODEL==VERSION", type=_parser("target", parse_target))
@_connected
@click.option("--waves", type=_parser("waves", parse_waves), default="1,5,25,100%", show_default=True)
@click.option("--success", type=_SHARE, default="95%", show_default=True, help="So many of a wave must be confirmed.")
@click.option("--error", type=_SHARE, default="5%", show_default=True, help="So many may fail; one more halts it.")
@click.option("--dwell", type=_DURATION, default="10m", show_default=True, help="How long a wave must have been well.")
@click.option("--timeout", type=_DURATION, default="30m", show_default=True, help="How long a device may take.")
@click.option("--replace", is_flag=True, help="Even if a rollout is running in the group: it gives way.")
@_detach
def start_rollout(
    target: tuple[str, str],
    waves: tuple[float, ...],
    success: float,
    error: float,
    dwell: float,
    timeout: float,
    replace: bool,
    detach: bool,
    **connection: Any,  # noqa: ANN401 (click's)
) -> None:
    """Begin a rollout, and follow it.

    Waves are shares of the group. A wave is over when --success of its devices have been confirmed for --dwell; more
    than --error of them failed, or out of time, halts the rollout, and the rest of the group keeps what it has.
    """
    from sagui.deploy.rollout.starting import start

    if success <= 0:
        raise click.BadParameter("with 0 no device would have to be confirmed", param_hint="--success")
    if timeout <= 0:
        raise click.BadParameter("with 0 every device would be out of time", param_hint="--timeout")
    terms = Terms(waves, success, error, dwell, timeout)
    control = _control(connection)
    plan = control.order(
        lambda roster, now: start(roster, target, terms, now, control.operator, _new_id(), replace=replace)
    )
    _go_on(control, plan, connection, detach=detach)


@rollout.command("status", short_help="Show how a rollout stands.")
@_connected
@click.option("--follow", is_flag=True, help="Go on with it: the next waves are begun from here.")
@click.option("--json", "as_json", is_flag=True, help="For a program.")
def status(follow: bool, as_json: bool, **connection: Any) -> None:  # noqa: ANN401 (click's)
    """Show how a rollout stands.

    Status 0, or 1 if it is halted; with --follow, 0 if it is done.
    """
    control = _control(connection)
    if follow:
        _follow(control, connection, as_json=as_json)
        return
    plan = present(control.gather())
    _show_once(control, plan, as_json=as_json)
    control.close()
    if plan.status == "halted":
        sys.exit(1)


@rollout.command("pause", short_help="Let no more devices begin, for now.")
@_connected
@click.option("--reason", default="paused by hand", show_default=True)
def pause_rollout(reason: str, **connection: Any) -> None:  # noqa: ANN401 (click's)
    """Let no more devices begin, for now.

    Those that have activated the new model finish; all others wait for resume.
    """
    control = _control(connection)
    plan = control.order(
        lambda roster, now: pause(present(roster), now, control.operator, reason),
        insist=True,
    )
    _go_on(control, plan, connection, detach=True)


@rollout.command("resume", short_help="Go on with a paused or halted rollout.")
@_connected
@click.option("--success", type=_SHARE, help="Another share that must be confirmed.")
@click.option("--error", type=_SHARE, help="Another share that may fail: accepts what has failed.")
@_detach
def resume_rollout(success: float | None, error: float | None, detach: bool, **connection: Any) -> None:  # noqa: ANN401 (click's)
    """Go on with a paused or halted rollout, and follow it.

    Its devices get their time anew. One that was halted must be able to go on: give --error so that what has failed is
    accepted, and --success so that those that are left suffice.
    """
    if success is not None and success <= 0:
        raise click.BadParameter("with 0 no device would have to be confirmed", param_hint="--success")
    control = _control(connection)

    def decide(roster: Any, now: datetime) -> Desired:  # noqa: ANN401 (a roster)
        plan = present(roster)
        return resume(plan, roster.members(plan), now, control.operator, success, error)

    _go_on(control, control.order(decide), connection, detach=detach)


@rollout.command("halt", short_help="End a rollout where it is.")
@_connected
@click.option("--reason", default="halted by hand", show_default=True)
def halt_rollout(reason: str, **connection: Any) -> None:  # noqa: ANN401 (click's)
    """End a rollout where it is.

    Devices that have the new model keep it; revert takes them back.
    """
    control = _control(connection)
    plan = control.order(lambda roster, now: halt(present(roster), now, control.operator, reason), insist=True)
    _go_on(control, plan, connection, detach=True)


@rollout.command("revert", short_help="Take the whole group back from a version.")
@_connected
@_detach
def revert_rollout(detach: bool, **connection: Any) -> None:  # noqa: ANN401 (click's)
    """Take the whole group back from a rollout's version, and follow.

    All devices that run it go back at once to the model that each had before. It is done when no device runs it any
    more. Those that are away are waited for, up to the rollout's --timeout; after that they still go back when they
    come, and the status is 1.
    """
    control = _control(connection)
    plan = control.order(lambda roster, now: revert(present(roster), _new_id(), now, control.operator))
    _go_on(control, plan, connection, detach=detach)


def _control(connection: dict[str, Any]) -> Control:
    from sagui.deploy.rollout.mqtt import MqttLine, new_name

    names = ("ca", "certificate", "key", "user_file", "password_file")
    address = parse_address(connection["broker"], os.environ, Files(*(connection[name] for name in names)))
    name = new_name()
    return Control(lambda: MqttLine(address, connection["mqtt"], name), connection["group"], _operator())


def _go_on(control: Control, plan: Desired, connection: dict[str, Any], *, detach: bool) -> None:
    if detach:
        control.close()
        click.echo(describe(plan))
        return
    _follow(control, connection, as_json=False)


def _follow(control: Control, connection: dict[str, Any], *, as_json: bool) -> None:
    from rich.console import Console

    from sagui.deploy.rollout.display import LiveWatcher, PlainWatcher

    console = Console(highlight=False)
    watcher = LiveWatcher(console) if console.is_terminal and not as_json else PlainWatcher(as_json=as_json)
    try:
        with watcher:
            plan = control.follow(watcher)
    except KeyboardInterrupt:
        # Not done, so not 0.
        raise RolloutError(_left(connection)) from None
    finally:
        control.close()
    if plan.status != "done":
        # Why was shown just before.
        raise RolloutError(f"{plan.status}, by {introduce(plan)}; {_next(plan)}")
    if plan.action == "revert":
        _see_that_all_went_back(control.view(plan))


def _see_that_all_went_back(view: View) -> None:
    failed, away = view.tally.failed, view.tally.of["away"]
    if failed or away:
        words = [f"{failed} did not go back from {view.plan.version}"] if failed else []
        back = "they go back when they come" if away > 1 else "it goes back when it comes"
        words += [f"{away} away, {back}"] if away else []
        raise RolloutError("; ".join(words))


def _show_once(control: Control, plan: Desired, *, as_json: bool) -> None:
    from rich.console import Console

    from sagui.deploy.rollout import display

    view = control.view(plan)
    if as_json:
        click.echo(display.as_json(view))
        return
    console = Console(highlight=False)
    console.print(display.draw(view), soft_wrap=not console.is_terminal)
    click.echo(f"by {display.printable(introduce(plan))}")


def _left(connection: dict[str, Any]) -> str:
    given = {name: value for name, value in connection.items() if value is not None and (name, value) != _USUAL_MQTT}
    options = [word for name, value in given.items() for word in (f"--{name.replace('_', '-')}", str(value))]
    return (
        "left; the plan stays as it is: devices that were asked go on, no further wave begins. "
        f"Go on: {shlex.join(['sagui', 'rollout', 'status', '--follow', *options])}"
    )


def _next(plan: Desired) -> str:
    return "sagui rollout resume goes on" + (", sagui rollout revert goes back" if plan.status == "halted" else "")


def _new_id() -> str:
    return f"{datetime.now(UTC):%Y-%m-%d-%H%M}-{token_hex(2)}"


def _operator() -> str:
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a user without a name, as in a container
        user = str(os.getuid())
    return f"{user}@{socket.gethostname()}"[:_LONGEST_OPERATOR]
