"""The updater of a device, with a real store and a real source; the agent around it is made of stand-ins."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sagui.device.store import Ledger, Store, store_folder
from sagui.device.update.base import read_base
from sagui.device.update.boot import begin
from sagui.device.update.limits import Limits
from sagui.device.update.policy import Policy, Surroundings
from sagui.device.update.tuf_source import TufSource
from sagui.device.update.updater import Updater
from sagui.wire import Desired, UpdateOrder, UpdateState


class Willing:
    """Finds every model good, and the agent well."""

    def prove(self, bundle: Path) -> None:
        pass

    def shadow(self, bundle: Path, told: Callable[[int], None]) -> None:
        pass

    def frames(self) -> int:
        return 100

    def problem(self) -> str | None:
        return None


class Told:
    """Keeps what was said."""

    def say(self, event: str, text: str, **fields: Any) -> None:
        pass


class Updating:
    """A device that runs a bundle, and may be asked for another.

    Attributes:
        states: What it said, oldest first.
        restarts: How often it wanted the agent to start again.
    """

    def __init__(self, model: Path, folder: Path, source: TufSource | None, policy: Policy | None = None) -> None:
        self.states: list[UpdateState] = []
        self.restarts = 0
        self._store = Store(store_folder(folder))
        around = Surroundings(Willing(), Willing(), self.states.append, self._restart, Told())
        boot = begin(self._store, read_base(model))
        # It asks the registry when it is told to, not by itself at a moment that chance chooses.
        self._updater = Updater("porch", policy or Policy(every_s=0), boot, self._store, source, around)

    def order(self, version: str | None = None) -> UpdateState:
        """Is asked by a person for a version, or the newest; gives what it says of that."""
        self._updater.take_order(UpdateOrder(order="install", version=version))
        return self.tick()

    def plan(self, plan: Desired | None) -> UpdateState:
        """Is asked by a group's plan."""
        self._updater.take_plan("all", plan)
        return self.tick()

    def tick(self) -> UpdateState:
        """Does one thing."""
        self._updater.tick()
        return self.states[-1]

    def ledger(self) -> Ledger:
        """What the store says is where."""
        return self._store.ledger()

    def is_as_before(self) -> bool:
        """Whether the device runs what it ran, and has nothing else in mind."""
        ledger = self.ledger()
        return (ledger.current, ledger.staged, ledger.trial, ledger.failed) == (None, None, None, ()) and (
            not self.restarts
        )

    def _restart(self) -> None:
        self.restarts += 1


def source(url: str, trusted: bytes, folder: Path, limits: Limits | None = None) -> TufSource:
    """As the agent opens it."""
    return TufSource(url, trusted, folder / "registry", limits or Limits())
