"""What happened and was not taken yet: bounded, since who takes it may be held up, and who sends may be a flood."""

import threading
from collections import deque

from sagui.deploy.monitor.feed import Happening, Heard
from sagui.deploy.rollout.errors import BrokerError

_MESSAGES = 20_000
_BYTES = 32 * 1024 * 1024


class Waiting:
    """A queue between two threads.

    Attributes:
        lost: Messages for which there was no room.
    """

    def __init__(self, messages: int = _MESSAGES, payload_bytes: int = _BYTES) -> None:
        """Begins empty.

        Args:
            messages: That wait at most.
            payload_bytes: So many, a single longer message aside.
        """
        self._most, self._most_bytes = messages, payload_bytes
        self._happened: deque[Happening | BrokerError] = deque()
        self._bytes = 0
        self._changed = threading.Condition()
        self.lost = 0

    def put(self, happening: Happening | BrokerError) -> None:
        """Adds what happened; of messages, as long as there is room."""
        size_bytes = len(happening.payload) if isinstance(happening, Heard) else 0
        with self._changed:
            full = len(self._happened) >= self._most or (self._bytes and self._bytes + size_bytes > self._most_bytes)
            if isinstance(happening, Heard) and full:
                self.lost += 1
                return
            self._happened.append(happening)
            self._bytes += size_bytes
            self._changed.notify()

    def take(self, longest_s: float) -> list[Happening]:
        """Gives all that happened, waiting for it; nothing, if nothing did in time.

        Raises:
            BrokerError: It was put in.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._happened, longest_s)
            taken = list(self._happened)
            self._happened.clear()
            self._bytes = 0
        for one in taken:
            if isinstance(one, BrokerError):
                raise one
        return [one for one in taken if not isinstance(one, BrokerError)]
