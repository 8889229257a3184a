"""How a device's model stands, told from the ledger alone. Pure rules, no I/O.

What only the agent knows, such as how much of a download is there, it says over MQTT.
"""

from collections.abc import Iterator

from sagui.device.config.settings import Update
from sagui.device.store import Ledger
from sagui.device.update.announce import Word, resting
from sagui.device.update.boot import Base, choose
from sagui.wire import UpdateState, timestamp
from sagui.wire.updates import AT_WORK


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


def lines(ledger: Ledger, base: Base, state: UpdateState) -> Iterator[str]:
    """Says it for a person: a line for each thing that there is to say."""
    if base.model is None:
        yield f"{base.path}: no bundle (.sagui) that can be read; nothing else can be updated"
    else:
        yield f"{base.model} {state.installed_version}: {state.phase}"
    if state.error:
        yield f"  why        {state.error}"
    if ledger.trial is not None and state.phase == "activated":
        yield f"  on trial   started {_times(ledger.trial.starts)}; what was before comes back if it does not do well"
    if ledger.staged is not None:
        yield f"  to come    {ledger.staged.held.version}, asked for by {_ASKED[ledger.staged.origin]}"
    if choose(ledger, base) is not None:
        before = ledger.previous.version if ledger.previous else base.version
        yield f"  before     {before}; sagui update revert goes back"
    for failed in ledger.failed:
        if failed.model == base.model:
            yield f"  failed     {failed.version}: {failed.why}"
    yield f"  follows    {', '.join(state.groups) or 'no group'}{'; pinned' if state.pinned else ''}"


_ASKED = {"plan": "a plan", "order": "an order", "poll": "the registry's newest", "person": "a person"}


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")
