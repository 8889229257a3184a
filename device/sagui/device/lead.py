"""When to fetch the next frame, so that it is ready when the network is, and not old by then. Pure rules, no I/O."""

from collections import deque

REMEMBERED = 16
"""So many frames tell how long things take."""

WORTH_S = 0.005
"""A wait shorter than this is not worth a sleep: threads wake late by a part of a millisecond."""

_MARGIN = 1.25


class Lead:
    """Reckons with the slowest of the newest preparations and the fastest of the newest runs: never to be late."""

    def __init__(self) -> None:
        """Knows nothing yet: the next frame is fetched at once."""
        self._prepared_s: deque[float] = deque(maxlen=REMEMBERED)
        self._ran_s: deque[float] = deque(maxlen=REMEMBERED)

    def prepared(self, took_s: float) -> None:
        """Takes how long a frame took, from being asked for to being ready; waiting for the camera is part of it."""
        self._prepared_s.append(took_s)

    def ran(self, took_s: float) -> None:
        """Takes how long the networks ran on a frame, with all that follows."""
        self._ran_s.append(took_s)

    def wait_s(self) -> float:
        """How long to wait, once the networks have begun with a frame, before the next is fetched."""
        if not self._prepared_s or not self._ran_s:
            return 0.0
        wait = min(self._ran_s) - _MARGIN * max(self._prepared_s) - WORTH_S
        return wait if wait >= WORTH_S else 0.0
