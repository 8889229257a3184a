"""The scores of the last hour, in minutes: what a sparkline shows. Always the same few bytes."""

from array import array

BUCKETS = 60
BUCKET_S = 60.0


class Scores:
    """The mean score of each of the last minutes."""

    __slots__ = ("_counts", "_newest", "_sums")

    def __init__(self) -> None:
        self._sums = array("d", bytes(8 * BUCKETS))
        self._counts = array("L", bytes(array("L").itemsize * BUCKETS))
        self._newest = 0

    def add(self, score: float, at_s: float) -> None:
        """Takes a score.

        Args:
            score: From 0 to 1.
            at_s: When it was; Unix time. What is older than the last hour is left out.
        """
        minute = _minute(at_s)
        self._advance(minute)
        if minute > self._newest - BUCKETS:
            self._sums[minute % BUCKETS] += score
            self._counts[minute % BUCKETS] += 1

    def means(self, now_s: float) -> tuple[float | None, ...]:
        """The mean of each minute of the hour up to now, oldest first; None where there was nothing.

        Args:
            now_s: Unix time.
        """
        last = max(_minute(now_s), self._newest)
        minutes = range(last - BUCKETS + 1, last + 1)
        return tuple(self._mean(minute) for minute in minutes)

    def _mean(self, minute: int) -> float | None:
        count = self._counts[minute % BUCKETS]
        if not count or not self._newest - BUCKETS < minute <= self._newest:
            return None
        return self._sums[minute % BUCKETS] / count

    def _advance(self, minute: int) -> None:
        for passed in range(max(self._newest + 1, minute - BUCKETS + 1), minute + 1):
            self._sums[passed % BUCKETS] = 0.0
            self._counts[passed % BUCKETS] = 0
        self._newest = max(self._newest, minute)


def _minute(at_s: float) -> int:
    return int(at_s // BUCKET_S)
