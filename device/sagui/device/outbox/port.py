"""What an outbox is, to the link."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from sagui.device.outbox.rules import Row


@dataclass(frozen=True)
class Counts:
    """What became of the messages.

    Attributes:
        inherited: Of earlier starts, found at this one.
        appended: Since the start.
        acknowledged: That need not wait any more.
        dropped: Past the limits, or in a file that was damaged.
    """

    inherited: int = 0
    appended: int = 0
    acknowledged: int = 0
    dropped: int = 0

    @property
    def waiting(self) -> int:
        """How many are still to be sent, or to be acknowledged."""
        return self.inherited + self.appended - self.acknowledged - self.dropped


@dataclass
class Tally:
    """The same, while it is counted; at each result, so it must cost little."""

    inherited: int = 0
    appended: int = 0
    acknowledged: int = 0
    dropped: int = 0

    def counts(self) -> Counts:
        """Gives the counts of now."""
        return Counts(self.inherited, self.appended, self.acknowledged, self.dropped)


class Outbox(Protocol):
    """Messages in the order they came, each until it is acknowledged or dropped.

    One thread may append, and one other take, rewind and acknowledge.
    """

    @property
    def counts(self) -> Counts:
        """What became of the messages so far."""

    @property
    def durable(self) -> bool:
        """Whether what waits outlives the agent."""

    def when_ready(self, call: Callable[[], None]) -> None:
        """Sets what is called, from any thread, when there is something new to take."""

    def append(self, topic: str, payload: bytes) -> None:
        """Adds a message."""

    def take(self, count: int) -> list[Row]:
        """Gives up to ``count`` of the oldest messages that were not given since the last `rewind`.

        Messages that were given are not dropped, however long they wait for their acknowledgement.
        """

    def rewind(self) -> None:
        """Has all that was given and not acknowledged given again."""

    def acknowledge(self, seq: int) -> None:
        """Lets go of a message; to be called in the order in which they were given."""

    def flush(self) -> None:
        """Waits until all that was appended can be taken."""

    def close(self) -> None:
        """Ends it. What is appended or acknowledged afterwards is not kept."""
