"""Whether the registry answers, for the agent's log: said when that changes, not at each try."""

from sagui.device.errors import SourceError
from sagui.device.events import Events


class Reach:
    """Says once that the registry cannot be asked, and once that it can again."""

    def __init__(self, events: Events) -> None:
        """Takes it that it answers."""
        self._events = events
        self._said: tuple[type[SourceError], str] | None = None

    def failed(self, error: SourceError, waiting: str = "") -> None:
        """It did not answer, or is not to be believed.

        Args:
            error: Why.
            waiting: The version that was asked for and waits for it; empty where nobody waits.
        """
        if self._said == (type(error), waiting):
            return
        self._said = (type(error), waiting)
        what = f"{waiting} waits: the registry" if waiting else "the registry"
        self._events.say("update-registry", f"{what} cannot be asked: {error} (said once, until it answers)")

    def answered(self) -> None:
        """It did, and is believed."""
        if self._said is not None:
            self._said = None
            self._events.say("update-registry", "the registry answers again")
