"""How many results of one device are kept: a disk is not for whoever shouts loudest."""

from collections.abc import Callable

BURST = 1_000_000
"""An outbox holds so many: a device that was away may say them as fast as it can."""

PER_S = 100.0
"""What a device may say for ever, each second."""


class Budget:
    """A token bucket of a device (https://en.wikipedia.org/wiki/Token_bucket).

    Attributes:
        left_out: Results that were too many.
    """

    __slots__ = ("_at_s", "_burst", "_clock", "_left", "_per_s", "left_out")

    def __init__(self, clock: Callable[[], float], burst: int = BURST, per_s: float = PER_S) -> None:
        """Begins full.

        Args:
            clock: Seconds that only grow.
            burst: So many at once.
            per_s: So many each second in the long run.
        """
        self._clock, self._burst, self._per_s = clock, burst, per_s
        self._left, self._at_s = float(burst), clock()
        self.left_out = 0

    def spend(self) -> bool:
        """Whether one more may be kept."""
        now_s = self._clock()
        self._left = min(self._burst, self._left + (now_s - self._at_s) * self._per_s)
        self._at_s = now_s
        if self._left < 1:
            self.left_out += 1
            return False
        self._left -= 1
        return True
