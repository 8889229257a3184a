"""Which model an agent runs, settled at its start, before any model is loaded.

To be called in this order::

    boot = begin(store, base)         # counts the start of a model on trial, or reverts it
    load(boot.path or base.path)      # if it fails and boot.trial: load_failed(store, reason), then execute again
    Updater(device, policy, boot, store, source, surroundings).run(stop)
"""

from dataclasses import dataclass
from pathlib import Path

from sagui.device.errors import StoreError
from sagui.device.store import Held, Ledger, Store
from sagui.device.store import ledger as ledgers

MAX_STARTS = 3
"""The agent may start so often with a model on trial."""


@dataclass(frozen=True)
class Base:
    """The settings' model.

    Attributes:
        path: Its file.
        model: The bundle's name; None for a plain TFLite file, which no update replaces.
        version: The bundle's version.
    """

    path: Path
    model: str | None
    version: str | None


@dataclass(frozen=True)
class Boot:
    """What is to be run.

    Attributes:
        base: The settings' model.
        held: The store's bundle to run; None runs the settings' model.
        path: The file to load: the store's object, or the settings' one.
        trial: Whether the model is on trial: what goes wrong while it is loaded is for `load_failed`.
        stale: Whether the ledger could not be written, and something else runs than it says.
        reverted: Why this start went back to the model before; None if it did not.
        notes: What a person should know, a line each, what was reverted included.
    """

    base: Base
    held: Held | None
    path: Path
    trial: bool = False
    stale: bool = False
    reverted: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def model(self) -> str | None:
        """The name of the model that runs."""
        return self.base.model

    @property
    def version(self) -> str | None:
        """Its version."""
        return self.held.version if self.held else self.base.version


def choose(ledger: Ledger, base: Base) -> Held | None:
    """Says which of the store's bundles is to run; None runs the settings' model.

    That is so where the settings name another model, or a newer version of it: a person put it there.
    """
    held = ledger.current
    if held is None or base.model != held.model or base.version is None:
        return None
    if base.version == held.version:
        return held
    from sagui.device.update.rules import is_newer

    return None if is_newer(base.version, held.version) else held


def begin(store: Store, base: Base, max_starts: int = MAX_STARTS) -> Boot:
    """Settles what to run. It never fails: where the store cannot be used, the model before or the settings' one runs.

    A model on trial has this start counted, on the disk, before anything is loaded; one start too many reverts it. What
    runs was checked bit for bit.

    Args:
        store: Where updates are kept.
        base: The settings' model.
        max_starts: See `MAX_STARTS`.
    """
    try:
        before = store.ledger()
    except StoreError as error:
        return Boot(base, None, base.path, stale=True, notes=(f"{error}; the settings' model runs",))
    beginning = _Beginning(store, base, before)
    beginning.count(max_starts)
    held = beginning.whole()
    if not store.damaged:
        store.sweep()
    return beginning.boot(held)


def load_failed(store: Store, reason: str) -> None:
    """Goes back to the model before: the one on trial could not be loaded, or not be proven.

    The agent is to execute itself again afterwards, whatever this raises.

    Raises:
        StoreError: The ledger cannot be written; the next start finds the model on trial still.
    """
    store.change(lambda ledger: ledgers.revert(ledger, reason) if ledger.trial else ledger)


class _Beginning:
    """The steps of `begin`."""

    def __init__(self, store: Store, base: Base, ledger: Ledger) -> None:
        self._store, self._base, self._ledger = store, base, ledger
        self._notes: list[str] = []
        self._stale = False
        self._reverted: str | None = None
        if store.damaged:
            self._notes.append("the ledger of models was damaged; the settings' model runs until the next update")

    def count(self, max_starts: int) -> None:
        """Counts the start of a model on trial."""
        if self._ledger.trial is None:
            return
        if choose(self._ledger, self._base) is None:
            self._change(ledgers.supersede(self._ledger))
            return
        try:
            self._ledger = self._store.change(lambda ledger: ledgers.start(ledger, max_starts))
        except StoreError as error:
            # Uncounted, a model that crashes the agent would be started for ever.
            self._stale = True
            self._ledger = ledgers.revert(self._ledger, str(error))
            self._notes.append(f"{error}; the model before runs until the start of the new one can be counted")
        else:
            self._note_revert()

    def whole(self) -> Held | None:
        """Gives the newest bundle that is whole, of those that may run."""
        while (held := choose(self._ledger, self._base)) is not None:
            why = self._why_not(held)
            if why is None:
                return held
            self._notes.append(why)
            self._change(ledgers.lose(self._ledger, why))
            self._reverted = why
        return None

    def boot(self, held: Held | None) -> Boot:
        """Puts together what was found."""
        path = self._store.path(held) if held else self._base.path
        trial = self._ledger.trial is not None and held is not None
        return Boot(self._base, held, path, trial, self._stale, self._reverted, tuple(self._notes))

    def _note_revert(self) -> None:
        outcome = self._ledger.outcome
        if self._ledger.trial is None and outcome is not None and outcome.phase == "reverted":
            self._reverted = outcome.error
            self._notes.append(f"{outcome.model} {outcome.version} is reverted: {outcome.error}")

    def _why_not(self, held: Held) -> str | None:
        try:
            if self._store.is_whole(held):
                return None
        except StoreError as error:
            self._stale = True  # it may be whole still: nothing is written down
            return str(error)
        return f"the file of {held.model} {held.version} is damaged or gone: {self._store.path(held)}"

    def _change(self, to: Ledger) -> None:
        before, self._ledger = self._ledger, to
        if self._stale:
            return
        try:
            self._store.change(lambda ledger: to if ledger == before else ledger)
        except StoreError as error:
            self._stale = True
            self._notes.append(str(error))
