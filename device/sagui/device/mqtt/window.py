"""Which messages are on their way to the broker. Pure rules, no I/O."""


class Window:
    """Messages that were sent and not acknowledged, in the order they were sent.

    A broker acknowledges in that order (MQTT 5, 4.6.0-2). One that does not is waited for: what came after a gap is let
    go of with the gap, so that what has arrived is always all up to some message.
    """

    def __init__(self, size: int) -> None:
        """Begins empty.

        Args:
            size: How many may be on their way.
        """
        self._size = size
        self._sent: dict[int, int] = {}
        self._arrived: set[int] = set()

    @property
    def full(self) -> bool:
        """Whether nothing more may be sent now."""
        return len(self._sent) >= self._size

    @property
    def empty(self) -> bool:
        """Whether nothing is on its way."""
        return not self._sent

    def __contains__(self, mid: int) -> bool:
        return mid in self._sent and mid not in self._arrived

    def send(self, mid: int, seq: int) -> None:
        """Notes a message.

        Args:
            mid: What the broker will call it in its acknowledgement.
            seq: What the outbox calls it.
        """
        self._sent[mid] = seq

    def acknowledge(self, mid: int) -> list[int]:
        """Notes an acknowledgement.

        Args:
            mid: As in `send`; one that is not known is nothing to us.

        Returns:
            The ``seq`` of each message that can be let go of now, in order.

        >>> window = Window(3)
        >>> window.send(7, 1); window.send(8, 2)
        >>> window.acknowledge(8), window.acknowledge(7)
        ([], [1, 2])
        """
        if mid in self._sent:
            self._arrived.add(mid)
        done = []
        while self._sent and (first := next(iter(self._sent))) in self._arrived:
            self._arrived.remove(first)
            done.append(self._sent.pop(first))
        return done
