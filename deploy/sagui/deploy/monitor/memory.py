"""A feed in memory: a stand-in for tests, and for trying the monitor from Python."""

from collections import deque
from collections.abc import Iterable, Sequence

from sagui.deploy.monitor.feed import Happening


class MemoryFeed:
    """See `Feed`. Gives one batch after the other.

    Attributes:
        closed: Whether somebody hung up.
    """

    def __init__(self, batches: Iterable[Sequence[Happening] | Exception]) -> None:
        """Prepares it.

        Args:
            batches: What each call of `listen` gives, or raises.
        """
        self._batches = deque(batches)
        self.closed = False

    def ended(self) -> bool:
        """Whether all were given."""
        return not self._batches

    def listen(self, longest_s: float) -> Sequence[Happening]:  # noqa: ARG002 (nothing comes while we wait)
        """See `Feed.listen`."""
        batch = self._batches.popleft()
        if isinstance(batch, Exception):
            raise batch
        return batch

    def close(self) -> None:
        """See `Feed.close`."""
        self.closed = True
