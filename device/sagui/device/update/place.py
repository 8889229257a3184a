"""A device that a person means: its settings, its state folder, and its models."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from os import geteuid
from pathlib import Path
from typing import Any

from sagui.device.config.load import load_settings
from sagui.device.config.settings import Settings
from sagui.device.errors import ConfigError, StoreError
from sagui.device.plan import state_folder
from sagui.device.store import Ledger, Store, store_folder
from sagui.device.update.base import read_base
from sagui.device.update.boot import Base, choose
from sagui.device.update.plan import policy
from sagui.device.update.rules import Self
from sagui.device.update.said import is_agent_there, last_word
from sagui.device.update.status import ago, in_words_of, is_of, state_of
from sagui.device.update.wishes import not_again
from sagui.wire import UpdateState

SERVICE_STATE = Path("/var/lib/sagui")
"""Where systemd has the service keep its state; a person's shell does not know."""


@dataclass(frozen=True)
class Place:
    """A device, as the settings and its state folder tell of it.

    Attributes:
        settings: Those of `sagui run`.
        state: The folder of what outlives the agent.
        store: In it.
        base: The settings' model.
    """

    settings: Settings
    state: Path
    store: Store
    base: Base

    def report(self) -> UpdateState:
        """Says how its model stands: in the agent's own words, if it runs.

        Raises:
            StoreError: The ledger cannot be read.
        """
        told = self._told()
        said = last_word(self.store.folder)
        return in_words_of(said, told) if said and is_agent_there(self.store.folder) else told

    def silent(self) -> str | None:
        """Gives the last word of an agent that does not run, with its age; None where it tells nothing new.

        Raises:
            StoreError: The ledger cannot be read.
        """
        told, said = self._told(), last_word(self.store.folder)
        if said is None or not is_of(said, told) or is_agent_there(self.store.folder):
            return None
        if (said.phase, said.error) == (told.phase, told.error) or (said.phase == "idle" and not said.error):
            return None
        why = f": {said.error}" if said.error else ""
        return f"{ago(said.time, time.time())} it said {said.phase}{why}"

    def _told(self) -> UpdateState:
        return state_of(self.store.ledger(), self.base, self.settings.update, time.time())

    def me(self, ledger: Ledger) -> Self:
        """Gives the device as the rules know it."""
        held, base = choose(ledger, self.base), self.base
        version = held.version if held else base.version
        before = ledger.previous.version if ledger.previous else base.version
        failed, back = not_again(ledger, base.model)
        chosen = policy(self.settings)
        name = self.settings.device or ""
        return Self(name, base.model, version, before if held else None, failed, chosen.pinned, chosen.window, back)


def find_place(
    config: Path | None, options: Mapping[str, Any], environment: Mapping[str, str], state: Path | None = None
) -> Place:
    """Finds the device that a person means.

    Args:
        config: The file of settings; None takes the default one if there is one.
        options: Of the command line, by key.
        environment: Variables by name.
        state: The state folder, if a person names it.

    Raises:
        ConfigError: The settings cannot be used, or do not name the device and its model.
        StoreError: It is another user's.
    """
    settings = load_settings(config, environment, options)
    if settings.device is None:
        raise ConfigError("whose model? give --config, or --device with the name that the agent has")
    if settings.model is None:
        raise ConfigError("the settings name no model; give --config, or --model with the file that the agent runs")
    folder = state or _state(settings, environment)
    _check_user(folder)
    return Place(settings, folder, Store(store_folder(folder)), read_base(Path(settings.model)))


def _state(settings: Settings, environment: Mapping[str, str]) -> Path:
    folder = state_folder(settings, environment)
    service = SERVICE_STATE / (settings.device or "")
    if settings.outbox.place or environment.get("STATE_DIRECTORY") or folder.exists():
        return folder
    try:
        return service if service.is_dir() else folder
    except OSError:  # it is there, and not for everybody
        return service


def _check_user(folder: Path) -> None:
    """Files that root leaves in the agent's folder are files that the agent cannot change."""
    try:
        about = folder.stat()
    except FileNotFoundError:
        return
    except OSError as error:
        raise StoreError(
            f"{folder}: {error.strerror}; run it as the agent's user: sudo -u sagui sagui update"
        ) from error
    if geteuid() == 0 and about.st_uid != 0:
        raise StoreError(f"{folder} is the agent's; run it as its user: sudo -u '#{about.st_uid}' sagui update")
