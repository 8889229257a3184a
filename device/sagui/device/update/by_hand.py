"""What a person on the device does about its model; the agent, if it runs, sees it in the ledger and goes on."""

import time
from collections.abc import Callable
from pathlib import Path

from sagui.device.errors import UpdateError
from sagui.device.store import Ledger
from sagui.device.store import ledger as ledgers
from sagui.device.update.boot import choose
from sagui.device.update.fetching import bring
from sagui.device.update.place import Place
from sagui.device.update.rules import TAKEN_BACK, refusal
from sagui.device.update.source import Candidate, Source
from sagui.device.update.trust import Registry
from sagui.wire.updates import Phase

_LOOK_S = 0.25

Tell = Callable[[Phase, int | None], None]
"""Told the phase, and how much of it is done in percent where that is known."""


def open_registry(place: Place, url: str | None) -> Registry:
    """Gives where the model comes from.

    Raises:
        UpdateError: Nothing is named, or nobody is trusted.
    """
    update = place.settings.update
    if (where := url or update.registry) is None:
        raise UpdateError("where from? give --registry URL, or set [update] registry in the settings")
    if update.root is None:
        raise UpdateError(
            "whom to trust? give --root FILE with the registry's root.json, or set [update] root in the settings; "
            "a bundle that you trust by yourself: --unsigned FILE"
        )
    return Registry(where, Path(update.root), place.state)


def check_unsigned(place: Place) -> None:
    """Refuses a bundle without a signature where a person decided that there are to be signatures.

    Raises:
        UpdateError: The settings name a root.
    """
    if place.settings.update.root is not None:
        raise UpdateError(
            "--unsigned: this device trusts a registry's keys ([update] root), so nothing else goes; publish the bundle"
        )


def install(place: Place, source: Source, model: str | None, version: str | None, tell: Tell) -> Candidate | None:
    """Fetches a bundle, checks it, and stages it; the agent tries it and puts it to work.

    Args:
        place: The device.
        source: Where it comes from.
        model: Its name; None takes the one that is at work.
        version: None takes the newest.
        tell: Told how far it is.

    Returns:
        What is staged; None where that version is at work already.

    Raises:
        UpdateError: It cannot be had, or is not for this device.
    """
    base, ledger = place.base, place.store.ledger()
    if base.model is None:
        raise UpdateError(f"{base.path}: a plain TFLite file, or no bundle that can be read; set `model` to a bundle")
    tell("announced", None)
    candidate = source.find(model or base.model, version)
    if candidate.model != base.model:
        raise UpdateError(f"{candidate.model} is another model than {base.model}, which this device runs; set `model`")
    me = place.me(ledger)
    if candidate.version == me.version:
        return None
    if why_not := refusal(candidate.version, me):
        raise UpdateError(why_not)
    tell("downloading", 0)
    held = choose(ledger, base)
    bring(
        place.store,
        source,
        candidate,
        have=place.store.path(held) if held else base.path,
        told=lambda percent: tell("downloading", percent),
        origin="person",
    )
    tell("verified", None)
    return candidate


def revert(place: Place) -> str | None:
    """Goes back to the model before; what is staged is dropped.

    Returns:
        The version that is left; None where only a staged one was dropped.

    Raises:
        UpdateError: There is nothing to go back from.
    """
    ledger = place.store.ledger()
    held = choose(ledger, place.base)
    if held is None and ledger.staged is None:
        raise UpdateError(
            f"the settings' model is at work, {place.base.path}: there is none before it; set `model` to another file"
        )

    def back(now: Ledger) -> Ledger:
        dropped = ledgers.drop_staged(now)
        return ledgers.revert(dropped, f"{TAKEN_BACK} a person") if choose(now, place.base) else dropped

    place.store.change(back)
    return held.version if held else None


def wait_for(
    place: Place,
    candidate: Candidate,
    limit_s: float,
    tell: Tell,
    rest: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Waits until a staged model is confirmed.

    Args:
        place: The device.
        candidate: What was staged.
        limit_s: How long.
        tell: Told each phase once.
        rest: Waits between two looks.
        clock: Monotonic time, in seconds.

    Raises:
        UpdateError: It did not do, or is not confirmed in time; the message has the reason.
    """
    until_s, last = clock() + limit_s, None
    name = f"{candidate.model} {candidate.version}"
    while True:
        ledger = place.store.ledger()
        ours = ledger.current is not None and ledger.current.sha256 == candidate.sha256
        staged = ledger.staged is not None and ledger.staged.held.sha256 == candidate.sha256
        if not staged and (not ours or ledger.trial is None):
            _end(ledger, candidate, ours=ours)
            tell("confirmed", None)
            return
        state = place.report()
        if state.phase != last:
            tell(state.phase, None)
            last = state.phase
        if clock() >= until_s:
            raise UpdateError(
                f"{name} is not confirmed within {limit_s:g} s, its phase is {state.phase}; is the agent running? "
                "It goes on by itself: sagui update status"
            )
        rest(_LOOK_S)


def _end(ledger: Ledger, candidate: Candidate, *, ours: bool) -> None:
    if ours:
        return
    name, outcome = f"{candidate.model} {candidate.version}", ledger.outcome
    if outcome is not None and outcome.version == candidate.version and outcome.phase != "confirmed":
        raise UpdateError(f"{name} {_ENDED[outcome.phase]}: {outcome.error or 'no reason was kept'}")
    raise UpdateError(f"{name} was dropped: another model was asked for meanwhile; see sagui update status")


_ENDED = {"failed": "was not put to work", "reverted": "was taken back"}
