"""How often a device says its numbers, learned from when they came."""

from collections import deque
from statistics import median

from sagui.deploy.watch.limits import Limits

_REMEMBERED = 3


class Period:
    """The median of the last few: one that was asked for in between, or lost, changes nothing."""

    __slots__ = ("_last_s", "_limits", "_periods")

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._periods = deque([limits.period_s] * (_REMEMBERED - 1), maxlen=_REMEMBERED)
        self._last_s: float | None = None

    def note(self, received_s: float) -> None:
        """Takes when numbers came; Unix time."""
        if self._last_s is not None and received_s > self._last_s:
            self._periods.append(received_s - self._last_s)
        self._last_s = received_s

    @property
    def quiet_s(self) -> float:
        """A device that is silent for longer is stale."""
        return max(self._limits.silent_s, self._limits.periods * median(self._periods))
