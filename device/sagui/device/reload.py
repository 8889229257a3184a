"""New settings while the agent runs: what can be changed is changed at once, the rest waits for a restart."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sagui.device.config.load import reload
from sagui.device.config.read import DEFAULT_PATH, is_there
from sagui.device.config.settings import Settings
from sagui.device.errors import ConfigError
from sagui.device.events import Events
from sagui.device.health.notify import Notifier


@dataclass(frozen=True)
class Origin:
    """Where settings come from, at the start and again.

    Attributes:
        path: The file; None takes the default one if it exists.
        options: Of the command line, by key.
        environment: Variables by name.
    """

    path: Path | None
    options: Mapping[str, Any]
    environment: Mapping[str, str] = field(repr=False)

    @property
    def from_file(self) -> bool:
        """Whether there is a file, so that the agent is one that is started again and again, and not by a person."""
        return self.path is not None or is_there(DEFAULT_PATH)


class Reloader:
    """Reads settings again when it was asked to; a signal handler may ask."""

    def __init__(
        self,
        settings: Settings,
        origin: Origin,
        apply: Callable[[Settings], None],
        asked: threading.Event,
        notifier: Notifier,
        events: Events,
    ) -> None:
        """Begins with the settings of the start.

        Args:
            settings: Those that hold.
            origin: Where new ones come from.
            apply: Makes the running parts follow new ones.
            asked: Set, by a signal handler for example, when settings are to be read again.
            notifier: Told that settings are read.
            events: Told what changed, or why nothing did.
        """
        self._settings, self._origin, self._apply = settings, origin, apply
        self._asked, self._notifier, self._events = asked, notifier, events

    def tick(self) -> None:
        """Reads them, if that was asked for; to be called now and then, in any one thread."""
        if not self._asked.is_set():
            return
        self._asked.clear()
        self._notifier.reloading()
        try:
            self._read()
        finally:
            self._notifier.ready()

    def _read(self) -> None:
        origin = self._origin
        try:
            found = reload(origin.path, origin.environment, origin.options, self._settings)
        except ConfigError as error:
            why = "; ".join(str(error).splitlines())
            self._events.say("reload-refused", f"the new settings are refused, the old ones stay: {why}")
            return
        self._settings = found.settings
        self._apply(found.settings)
        live, later = found.changes.live, found.changes.restart
        text = f"settings read again: {', '.join(live)} changed" if live else "settings read again: nothing changed"
        if later:
            text += f"; {', '.join(later)} will change at the next start"
        self._events.say("reloaded", text, changed=list(live), at_restart=list(later))
