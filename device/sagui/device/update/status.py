"""How a device's model stands, told from the ledger and from what the agent said last. Pure rules, no I/O.

How much of a download is there, the agent says over MQTT alone.
"""

from collections.abc import Iterator
from datetime import datetime

import msgspec

from sagui.device.config.settings import Update
from sagui.device.store import Ledger
from sagui.device.update.announce import Word, resting
from sagui.device.update.boot import Base, choose
from sagui.device.update.rules import TAKEN_BACK
from sagui.wire import UpdateState, timestamp
from sagui.wire.updates import AT_WORK

_UNITS = (("days", 86_400), ("h", 3600), ("min", 60), ("s", 1))


def state_of(ledger: Ledger, base: Base, update: Update, unix_s: float) -> UpdateState:
    """Gives what the agent would say if it had the ledger and nothing else.

    Args:
        ledger: As it is now.
        base: The settings' model.
        update: The settings' table.
        unix_s: Now.
    """
    held = choose(ledger, base)
    version = held.version if held else base.version
    word = _word(ledger, version)
    return UpdateState(
        time=timestamp(unix_s),
        model=base.model,
        installed_version=version,
        latest_version=ledger.staged.held.version if ledger.staged else version,
        in_progress=word.phase in AT_WORK,
        phase=word.phase,
        error=word.error,
        rollout=word.rollout,
        groups=update.groups,
        pinned=update.pin,
    )


def _word(ledger: Ledger, version: str | None) -> Word:
    if ledger.trial is not None and ledger.current is not None and ledger.current.version == version:
        return Word("activated", rollout=ledger.trial.rollout)
    if ledger.staged is not None:
        return Word(ledger.staged.how, rollout=ledger.staged.rollout)
    return resting(ledger, version, None)


def in_words_of(said: UpdateState, told: UpdateState) -> UpdateState:
    """Gives what an agent that runs would say if it were asked.

    Args:
        said: Its last word, of the ledger as it is now.
        told: See `state_of`.
    """
    if not is_of(said, told):
        return told
    # What is on trial is so until the ledger says how it ended, whatever the agent waits for meanwhile.
    phase = told.phase if told.phase == "activated" else said.phase
    return msgspec.structs.replace(
        told,
        time=said.time,
        phase=phase,
        in_progress=phase in AT_WORK,
        error=said.error,
        rollout=said.rollout,
        latest_version=said.latest_version or told.latest_version,
    )


def is_of(said: UpdateState, told: UpdateState) -> bool:
    """Whether the agent's last word is of the model that is to be at work."""
    return (said.model, said.installed_version) == (told.model, told.installed_version)


def ago(text: str, unix_s: float) -> str:
    """Says how long ago a time of the wire was.

    >>> ago("1970-01-01T00:00:00.000Z", 7300), ago("1970-01-01T00:00:00.000Z", -5)
    ('2 h ago', 'some time ago')
    """
    try:
        seconds = unix_s - datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError):  # no such day
        return "some time ago"
    for unit, length in _UNITS:
        if seconds >= 2 * length:
            return f"{int(seconds / length)} {unit} ago"
    return "just now" if seconds >= 0 else "some time ago"


def lines(ledger: Ledger, base: Base, state: UpdateState, silent: str | None = None) -> Iterator[str]:
    """Says it for a person: a line for each thing that there is to say.

    Args:
        ledger: As it is now.
        base: The settings' model.
        state: See `state_of`, `in_words_of`.
        silent: What an agent that does not run any more said last; None if there is nothing.
    """
    if base.model is None:
        yield f"{base.path}: no bundle (.sagui) that can be read; nothing else can be updated"
    else:
        yield f"{base.model} {state.installed_version}: {state.phase}"
    if state.error:
        yield f"  why        {state.error}"
    if silent:
        yield f"  agent      does not run; {silent}"
    if ledger.trial is not None and state.phase == "activated":
        yield f"  on trial   started {_times(ledger.trial.starts)}; what was before comes back if it does not do well"
    if ledger.staged is not None:
        yield f"  to come    {ledger.staged.held.version}, asked for by {_ASKED[ledger.staged.origin]}"
    if choose(ledger, base) is not None:
        before = ledger.previous.version if ledger.previous else base.version
        yield f"  before     {before}; sagui update revert goes back"
    for failed in ledger.failed:
        if failed.model == base.model:
            back = failed.why.startswith(TAKEN_BACK)
            yield f"  {'taken back' if back else 'failed':<11}{failed.version}: {failed.why}"
    yield f"  follows    {', '.join(state.groups) or 'no group'}{'; pinned' if state.pinned else ''}"


_ASKED = {"plan": "a plan", "order": "an order", "poll": "the registry's newest", "person": "a person"}


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")
