"""From the outbox to the broker: in order, a window's worth at a time. For the link's thread alone."""

from collections import deque
from collections.abc import Callable

from sagui.device.mqtt.connection import Connection
from sagui.device.mqtt.window import Window
from sagui.device.outbox import Outbox, Row

_PAGE = 200


class Sender:
    """Sends what waits, oldest first, and lets go of what arrived."""

    def __init__(self, outbox: Outbox, refuse: Callable[[str], None]) -> None:
        """Begins with nothing on its way.

        Args:
            outbox: Where messages wait.
            refuse: Told why a message is given up.
        """
        self._outbox, self._refuse = outbox, refuse
        self._window = Window(0)
        self._page: deque[Row] = deque()

    @property
    def full(self) -> bool:
        """Whether nothing more may be sent now."""
        return self._window.full

    @property
    def on_its_way(self) -> bool:
        """Whether a message was sent and not acknowledged."""
        return not self._window.empty

    def knows(self, mid: int) -> bool:
        """Whether a message is one of the outbox, on its way."""
        return mid in self._window

    def begin(self, size: int) -> None:
        """Starts over, on a new connection.

        Args:
            size: How many messages may be on their way.
        """
        self._window = Window(size)
        self._page.clear()
        self._outbox.rewind()

    def send(self, connection: Connection) -> None:
        """Sends as much as may be on its way."""
        while not self._window.full and (row := self._next()):
            try:
                self._window.send(connection.publish(row.topic, row.payload), row.seq)
            except ValueError as error:
                self._refuse(str(error))
                # Nothing was sent: it is acknowledged in its turn, under a number that no message has.
                self._window.send(-row.seq, row.seq)
                self.acknowledge(-row.seq)

    def acknowledge(self, mid: int, failure: str | None = None) -> None:
        """Lets go of a message.

        Args:
            mid: What the broker calls it; one that is not of the outbox is nothing to us.
            failure: Why the broker did not want it, if so.
        """
        if failure is not None and mid in self._window:
            self._refuse(failure)
        for seq in self._window.acknowledge(mid):
            self._outbox.acknowledge(seq)

    def _next(self) -> Row | None:
        if not self._page:
            self._page.extend(self._outbox.take(_PAGE))
        return self._page.popleft() if self._page else None
