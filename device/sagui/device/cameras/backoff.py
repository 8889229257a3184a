"""How long to wait before a camera is opened again. Pure rules, no I/O."""

from dataclasses import dataclass

_ENOUGH_DOUBLINGS = 60
"""No float overflows below; every wait is long before at its most."""


@dataclass(frozen=True)
class Backoff:
    """Exponential back-off with jitter.

    Half of each wait is fixed and half is drawn, so that the cameras of a house that lost power do not all come back in
    the same second, and none is tried at once ("equal jitter": Brooker, Exponential Backoff and Jitter, AWS 2015).

    Attributes:
        first_s: The longest first wait.
        factor: How much longer each wait is than the one before.
        most_s: No wait is longer.
        steady_s: Once frames came for so long, the next wait is a first one again.
    """

    first_s: float = 1.0
    factor: float = 2.0
    most_s: float = 60.0
    steady_s: float = 10.0

    def delay_s(self, failures: int, luck: float) -> float:
        """Gives the wait after a failure.

        Args:
            failures: Failures in a row before this one, from 0.
            luck: Drawn from [0, 1).
        """
        longest = min(self.most_s, self.first_s * self.factor ** min(failures, _ENOUGH_DOUBLINGS))
        return longest * (1 + luck) / 2

    def failures(self, before: int, lasted_s: float) -> int:
        """Counts the failures in a row before this one.

        Args:
            before: The same number at the failure before, plus one.
            lasted_s: For how long frames came since.
        """
        return 0 if lasted_s >= self.steady_s else before
