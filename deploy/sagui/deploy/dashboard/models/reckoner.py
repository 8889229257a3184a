"""How all rollouts stand, reckoned once for all pages."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from time import monotonic

from sagui.deploy.dashboard.live.board import Board
from sagui.deploy.dashboard.live.plans import Kept
from sagui.deploy.dashboard.models.waves import Rollout, rollouts

_WAITS_S = 5.0
"""So often it is looked whether devices under way took too long."""

_LEISURE = 10
"""Reckoning takes at most this part of the time, however many groups and devices there are."""

View = tuple[Rollout | Kept, ...]
"""By group; what is no plan as it is."""


class Reckoner:
    """Says how all rollouts stand; once for all pages, and only when something changed."""

    def __init__(self, board: Board, clock: Callable[[], float] = monotonic) -> None:
        """Begins with nothing reckoned.

        Args:
            board: Knows plans and devices.
            clock: Seconds that only grow.
        """
        self._board, self._clock = board, clock
        self._guard = threading.Lock()
        self._view: View = ()
        self._standing, self._next_s, self._old_s = -1, 0.0, 0.0

    @property
    def view(self) -> View:
        """How they stood at the last look."""
        return self._view

    def look(self) -> View:
        """Gives how they stand; the very same object while nothing changed.

        With very many groups and devices it takes seconds: not for the thread that serves the pages.
        """
        if not self._is_due() or not self._guard.acquire(blocking=False):
            return self._view
        try:
            began_s = self._clock()
            self._standing = self._board.standing
            view = tuple(rollouts(self._board.plans(), self._board.rows(), datetime.now(UTC)))
            self._view = self._view if view == self._view else view
            self._old_s = self._clock()
            self._next_s = self._old_s + _LEISURE * (self._old_s - began_s)
        finally:
            self._guard.release()
        return self._view

    def _is_due(self) -> bool:
        now_s = self._clock()
        if now_s < self._next_s:
            return False
        waits = any(isinstance(one, Rollout) and one.under_way for one in self._view)
        return self._board.standing != self._standing or (waits and now_s - self._old_s >= _WAITS_S)
