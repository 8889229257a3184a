"""What can be wrong with a dashboard."""

from collections.abc import Callable

from sagui.deploy.dashboard.texts import Say, speak
from sagui.errors import SaguiError


class DashboardError(SaguiError):
    """The dashboard cannot be served as it was asked for; nothing was opened."""


class ForgedError(DashboardError):
    """A request says who it is from, and is not to be believed."""


class UnaskedError(DashboardError):
    """A device was not asked for an update, or the broker did not say that it took the order."""

    def __init__(self, device: str, why: Callable[[Say], str]) -> None:
        """Keeps the reason for readers of any language.

        Args:
            device: Who was to be asked.
            why: Says why not.
        """
        super().__init__(device)
        self._device, self._why = device, why

    def told(self, say: Say) -> str:
        """Says all of it."""
        return say("unasked", device=self._device, why=self._why(say))

    def __str__(self) -> str:
        return self.told(speak("en"))
