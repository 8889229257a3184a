"""Whether bytes come fast enough. Slow retrieval is an attack: a device that waits for ever is never updated."""

from collections.abc import Callable

from sagui.device.errors import SourceAwayError
from sagui.device.update.limits import Limits

Clock = Callable[[], float]
"""Seconds, as of `time.monotonic`."""


class Deadline:
    """The time that work with a source may take, all in all."""

    def __init__(self, what: str, seconds: float, clock: Clock) -> None:
        """Starts it.

        Args:
            what: Stands in the message.
            seconds: How long.
            clock: Tells the time.
        """
        self._what = what
        self._seconds = seconds
        self._clock = clock
        self._end = clock() + seconds

    def remaining_s(self) -> float:
        """Gives what is left, always more than nothing.

        Raises:
            SourceAwayError: Nothing is left.
        """
        left = self._end - self._clock()
        if left <= 0:
            raise SourceAwayError(f"slow retrieval: {self._what} took more than {self._seconds:g} s")
        return left

    def took(self, count: int) -> None:  # noqa: ARG002 (a deadline does not look at bytes)
        """Takes note that so many bytes came.

        Raises:
            SourceAwayError: Too slowly.
        """
        self.remaining_s()


class Pace(Deadline):
    """A deadline, and a smallest rate: in each window of time, enough bytes must come."""

    def __init__(self, what: str, limits: Limits, clock: Clock) -> None:
        """Starts the first window."""
        super().__init__(what, limits.download_s, clock)
        self._limits = limits
        self._since = clock()
        self._came = 0

    def took(self, count: int) -> None:
        """See `Deadline.took`."""
        super().took(count)
        self._came += count
        passed = self._clock() - self._since
        if passed < self._limits.window_s:
            return
        rate = self._came / passed
        if rate < self._limits.least_bytes_per_s:
            raise SourceAwayError(
                f"slow retrieval: {self._what} came at {rate:.0f} bytes/s in the last {passed:.0f} s; "
                f"{self._limits.least_bytes_per_s} are the least"
            )
        self._since, self._came = self._clock(), 0
