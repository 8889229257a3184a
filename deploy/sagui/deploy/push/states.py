"""What a device's report means for the model that was pushed to it. Pure rules, no I/O."""

import msgspec
from semver import Version

from sagui.deploy.push.parcel import Parcel
from sagui.deploy.push.remote import Ran, printable
from sagui.wire.updates import AT_WORK, UpdateState


def parse_state(ran: Ran) -> UpdateState | None:
    """Reads the answer of ``sagui update status --json``; None if it is none."""
    lines = [line for line in ran.out.splitlines() if line.strip()]
    if ran.status != 0 or not lines:
        return None
    try:
        return msgspec.json.decode(lines[-1], type=UpdateState)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def stands(state: UpdateState, parcel: Parcel) -> bool:
    """Whether the device works with the pushed model, and is done with trying it.

    What it waits for, or has refused, is another version then: a plan of its group asks for one.
    """
    return _runs(state, parcel) and state.phase not in AT_WORK


def on_trial(state: UpdateState, parcel: Parcel) -> bool:
    """Whether the pushed model is at work and not confirmed: the one case in which there is something to take back."""
    return _runs(state, parcel) and state.phase == "activated"


def refusal(state: UpdateState, parcel: Parcel) -> str:
    """Why the device would not take the model, as it would say itself after everything was copied; empty if it may.

    The same version may still be on its way there, and an unsigned one may be another bundle: that is for the device.
    """
    if state.model != parcel.model or state.installed_version in {None, parcel.version}:
        return ""
    try:
        newer = Version.parse(parcel.version).compare(str(state.installed_version)) > 0
    except ValueError:  # the wire lets a little through that is no SemVer
        return ""
    if newer:
        return ""
    return (
        f"runs {shown(state)}, and {parcel.version} is not newer; nothing was copied. Publish it as a newer version, "
        "or go back there: sagui update revert"
    )


def _runs(state: UpdateState, parcel: Parcel) -> bool:
    return state.model == parcel.model and state.installed_version == parcel.version


def shown(state: UpdateState | None) -> str:
    """What the device works with, for a person.

    >>> shown(None)
    'no model that it tells of'
    """
    if state is None or state.installed_version is None:
        return "no model that it tells of"
    return f"{state.model} {state.installed_version}" if state.model else state.installed_version


def late(state: UpdateState | None, parcel: Parcel, wait_s: float) -> str:
    """Says that a model does not stand in time, and what may be done about it."""
    words = f"not confirmed within {wait_s:g} s, the phase is {state.phase if state else 'not to be told'}"
    if state is None or not state.in_progress or on_trial(state, parcel):
        return words
    hint = "; does the agent run there? systemctl status sagui-device" if state.phase == "staged" else ""
    return f"{words}{hint}; it goes on by itself, ask it later: sagui update status"


def explained(ran: Ran, what: str) -> str:
    """Says why a command failed; a sudo that asks for a password is a case of its own."""
    if "sudo" in ran.err and "password" in ran.err:
        return (
            f"{what}: sudo asks for a password there; allow it without one "
            "(sudo visudo: NAME ALL=(ALL) NOPASSWD: ALL), or push with --no-sudo as the agent's own user"
        )
    return printable(f"{what}: {ran.reason}")
