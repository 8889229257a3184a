"""What a store remembers, and how it changes. Pure rules, no I/O: one ledger in, the next one out.

The whole ledger is one file that is replaced at once, so each of these changes has happened, or it has not.
"""

from typing import Annotated, Literal

import msgspec

from sagui.bundle.manifest import Sha256
from sagui.device.errors import StoreError
from sagui.wire.fields import Bytes, Count
from sagui.wire.updates import ModelName, ModelVersion, RolloutId

Origin = Literal["plan", "order", "poll", "person"]
"""Who wanted a model: a group's plan, an order over MQTT, the registry's newest, or somebody on the device."""

How = Literal["staged", "proving", "shadow"]

MOST_FAILED = 64
"""So many versions that did not do are remembered; then the oldest is forgotten."""

LONGEST_WHY = 500
"""Reasons are cut to so many letters."""

_Why = Annotated[str, msgspec.Meta(max_length=LONGEST_WHY)]


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """A bundle among the objects.

    Attributes:
        model: Its name.
        version: SemVer.
        sha256: Of the whole file; the object is named so.
        bytes: Of the whole file.
    """

    model: ModelName
    version: ModelVersion
    sha256: Sha256
    bytes: Bytes


class Staged(msgspec.Struct, frozen=True, kw_only=True):
    """A bundle that is to be put to work.

    Attributes:
        held: Which.
        origin: Who wanted it.
        rollout: Which rollout it belongs to; null if to none.
        how: How far it is.
        tries: How often it was begun to be tried: a model that takes the agent with it is given up in the end.
    """

    held: Held
    origin: Origin
    rollout: RolloutId | None = None
    how: How = "staged"
    tries: Count = 0


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """The current model was put to work and is not confirmed yet.

    Attributes:
        origin: Who wanted it.
        rollout: Which rollout it belongs to; null if to none.
        starts: How often the agent began to load it.
    """

    origin: Origin
    rollout: RolloutId | None = None
    starts: Count = 0


class Failed(msgspec.Struct, frozen=True, kw_only=True):
    """A version that was tried and did not do; it is not tried again."""

    model: ModelName
    version: ModelVersion
    sha256: Sha256
    why: _Why


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """How the newest update ended.

    Attributes:
        phase: ``failed`` was never at work; ``reverted`` was.
        version: Which was tried.
        error: Why it did not do.
    """

    phase: Literal["confirmed", "reverted", "failed"]
    model: ModelName
    version: ModelVersion
    error: _Why | None = None
    rollout: RolloutId | None = None


class Ledger(msgspec.Struct, frozen=True, kw_only=True):
    """Which models there are, and what becomes of them.

    Attributes:
        current: At work; null has the settings' model at work.
        previous: At work before; null where that was the settings' model, or none.
        staged: To be put to work.
        trial: Set while the current one is not confirmed.
        failed: Oldest first.
        outcome: Of the newest update.
    """

    v: Literal[1] = 1
    current: Held | None = None
    previous: Held | None = None
    staged: Staged | None = None
    trial: Trial | None = None
    failed: tuple[Failed, ...] = ()
    outcome: Outcome | None = None

    def named(self) -> frozenset[str]:
        """The hashes of all objects that are still needed."""
        slots = (self.current, self.previous, self.staged.held if self.staged else None)
        return frozenset(held.sha256 for held in slots if held)

    def failed_versions(self, model: str) -> frozenset[str]:
        """The versions of a model that did not do."""
        return frozenset(one.version for one in self.failed if one.model == model)


def stage(ledger: Ledger, held: Held, origin: Origin, rollout: str | None = None) -> Ledger:
    """Has a bundle to be put to work; it takes the place of another one that was staged."""
    return msgspec.structs.replace(ledger, staged=Staged(held=held, origin=origin, rollout=rollout))


def try_staged(ledger: Ledger) -> Ledger:
    """Counts that it is about to be tried; to be on the disk before it is touched.

    Raises:
        StoreError: Nothing is staged, here as below.
    """
    staged = _staged(ledger)
    return msgspec.structs.replace(
        ledger, staged=msgspec.structs.replace(staged, tries=staged.tries + 1, how="proving")
    )


def shadow_staged(ledger: Ledger) -> Ledger:
    """It is proven, and runs beside the model at work from now on."""
    return msgspec.structs.replace(ledger, staged=msgspec.structs.replace(_staged(ledger), how="shadow"))


def untry_staged(ledger: Ledger) -> Ledger:
    """Takes the count back: trying it was broken off, and not by itself."""
    staged = _staged(ledger)
    fresh = msgspec.structs.replace(staged, tries=max(0, staged.tries - 1), how="staged")
    return msgspec.structs.replace(ledger, staged=fresh)


def drop_staged(ledger: Ledger) -> Ledger:
    """Leaves it; nobody wants it any more."""
    return msgspec.structs.replace(ledger, staged=None)


def refuse(ledger: Ledger, held: Held, why: str, rollout: str | None = None) -> Ledger:
    """A bundle did not do, and was never at work."""
    staged = None if ledger.staged and ledger.staged.held.sha256 == held.sha256 else ledger.staged
    return msgspec.structs.replace(
        ledger, staged=staged, failed=_with(ledger, held, why), outcome=_outcome("failed", held, why, rollout)
    )


def activate(ledger: Ledger, held: Held | None = None) -> Ledger:
    """Puts the staged model to work, on trial. This is the switch.

    Args:
        ledger: With a staged model.
        held: The one that was proven; None takes whichever is staged.

    Raises:
        StoreError: Another one is staged by now.
    """
    staged = _staged(ledger)
    if held is not None and staged.held != held:
        raise StoreError(f"{staged.held.version} was staged while {held.version} was tried; it is tried next")
    return msgspec.structs.replace(
        ledger,
        current=staged.held,
        previous=ledger.current,
        staged=None,
        trial=Trial(origin=staged.origin, rollout=staged.rollout),
        outcome=None,
    )


def start(ledger: Ledger, most: int) -> Ledger:
    """Counts a start of the model on trial; to be on the disk before it is loaded.

    Args:
        ledger: With a trial, or it stays as it is.
        most: One start more reverts.
    """
    if ledger.trial is None:
        return ledger
    if ledger.trial.starts >= most:
        return revert(ledger, f"it was started {ledger.trial.starts} times and never stayed")
    return msgspec.structs.replace(ledger, trial=msgspec.structs.replace(ledger.trial, starts=ledger.trial.starts + 1))


def confirm(ledger: Ledger) -> Ledger:
    """The model on trial did well."""
    if ledger.trial is None or ledger.current is None:
        return ledger
    outcome = _outcome("confirmed", ledger.current, None, ledger.trial.rollout)
    return msgspec.structs.replace(ledger, trial=None, outcome=outcome)


def revert(ledger: Ledger, why: str, rollout: str | None = None) -> Ledger:
    """Goes back to the model before, or to the settings' one; the version is not tried again.

    Args:
        ledger: With a current model, or it stays as it is.
        why: For a person.
        rollout: Which rollout asked for it, if not that of the trial.
    """
    bad = ledger.current
    if bad is None:
        return ledger
    of = rollout or (ledger.trial.rollout if ledger.trial else None)
    staged = None if ledger.staged and ledger.staged.held.version == bad.version else ledger.staged
    return msgspec.structs.replace(
        ledger,
        current=ledger.previous,
        previous=None,
        staged=staged,
        trial=None,
        failed=_with(ledger, bad, why),
        outcome=_outcome("reverted", bad, why, of),
    )


def lose(ledger: Ledger, why: str) -> Ledger:
    """The current model's file is not whole any more: goes back, but the version may come again."""
    return msgspec.structs.replace(revert(ledger, why), failed=ledger.failed)


def supersede(ledger: Ledger) -> Ledger:
    """The settings' model took over from one on trial, which is neither good nor bad."""
    return msgspec.structs.replace(ledger, trial=None, outcome=None)


def _staged(ledger: Ledger) -> Staged:
    if ledger.staged is None:
        raise StoreError("no model is staged any more: another program took it away; ask for the update again")
    return ledger.staged


def _with(ledger: Ledger, held: Held, why: str) -> tuple[Failed, ...]:
    others = tuple(one for one in ledger.failed if (one.model, one.version) != (held.model, held.version))
    new = Failed(model=held.model, version=held.version, sha256=held.sha256, why=_cut(why))
    return (*others, new)[-MOST_FAILED:]


def _outcome(
    phase: Literal["confirmed", "reverted", "failed"], held: Held, why: str | None, rollout: str | None
) -> Outcome:
    error = None if why is None else _cut(why)
    return Outcome(phase=phase, model=held.model, version=held.version, error=error, rollout=rollout)


def _cut(why: str) -> str:
    return why if len(why) <= LONGEST_WHY else f"{why[: LONGEST_WHY - 1]}…"
