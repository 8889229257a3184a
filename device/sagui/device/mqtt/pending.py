"""Word that other threads leave for the link's own, under a lock that is held for moments."""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from sagui.device.mqtt.connection import WINDOW, Acknowledged, Connection, Happening, Received
from sagui.device.mqtt.inbox import Handler, Inbox

_ACKNOWLEDGED_AT_ONCE = WINDOW // 2


@dataclass(frozen=True)
class Kept:
    """A message that the broker is to keep."""

    topic: str
    payload: bytes
    qos: int


class Pending:
    """What is to be said, what happened, and what was heard, until the link's thread takes it."""

    def __init__(self, inbox: Inbox) -> None:
        """Begins with nothing.

        Args:
            inbox: Where messages wait; used under the lock alone.
        """
        self.closing = threading.Event()
        self._inbox = inbox
        self._news = threading.Condition()
        self._connection: Connection | None = None
        self._happenings: deque[Happening] = deque()
        self._kept: dict[str, Kept] = {}
        self._to_keep: set[str] = set()
        self._to_subscribe: list[str] = []
        self._nudged = False
        self.is_ready = False
        """Whether ``online`` is to be said."""

    # What follows is called by any thread.

    def close(self) -> None:
        """The link is to end."""
        with self._news:
            self.closing.set()
            self._news.notify()

    def nudge(self) -> None:
        """The outbox has something new."""
        with self._news:
            self._nudged = True
            self._news.notify()

    def ready(self) -> None:
        """The device is about to publish."""
        with self._news:
            self.is_ready = True
            self._news.notify()

    def keep(self, kept: Kept) -> None:
        """The broker is to keep something, in the place of what it kept on that topic."""
        with self._news:
            self._kept[kept.topic] = kept
            self._to_keep.add(kept.topic)
            self._news.notify()

    def keep_again(self) -> None:
        """All that the broker keeps is to be said again."""
        with self._news:
            self._to_keep = set(self._kept)
            self._news.notify()

    def subscribe(self, topic: str, handler: Handler) -> None:
        """Somebody wants to hear of a topic."""
        with self._news:
            self._inbox.subscribe(topic, handler)
            self._to_subscribe.append(topic)
            self._news.notify()

    def tell(self, connection: Connection, happening: Happening) -> None:
        """Something happened to a connection; word of an older one is of no use."""
        with self._news:
            if connection is not self._connection:
                return
            if isinstance(happening, Received):
                self._inbox.put(happening)
            else:
                self._happenings.append(happening)
                if isinstance(happening, Acknowledged) and len(self._happenings) < _ACKNOWLEDGED_AT_ONCE:
                    return  # the link looks soon by itself: to wake it for each would cost more than all else it does
            self._news.notify()

    # What follows is called by the link's thread.

    def follow(self, connection: Connection) -> None:
        """From now on this is the connection."""
        with self._news:
            self._connection = connection
            self._happenings.clear()
            self._inbox.clear()

    def want_all(self) -> None:
        """The connection is new: all is to be said and subscribed to again."""
        with self._news:
            self._to_keep = set(self._kept)
            self._to_subscribe = self._inbox.topics

    def take_wanted(self) -> tuple[list[str], list[Kept]]:
        """Takes what is to be subscribed to, and what is to be kept."""
        with self._news:
            self._nudged = False
            wanted = list(dict.fromkeys(self._to_subscribe))
            kept = [kept for topic, kept in self._kept.items() if topic in self._to_keep]
            self._to_subscribe.clear()
            self._to_keep.clear()
            return wanted, kept

    def take_heard(self, count: int) -> tuple[list[Happening], list[Received]]:
        """Takes all that happened, and so many messages at most."""
        with self._news:
            happenings = list(self._happenings)
            self._happenings.clear()
            return happenings, self._inbox.take(count)

    def answer(self, timeout_s: float) -> Happening | None:
        """Waits for the first that happens."""
        self.wait(timeout_s, lambda: bool(self._happenings))
        with self._news:
            return self._happenings.popleft() if self._happenings else None

    def has_news(self, *, full: bool) -> bool:
        """Whether there is something to do; only inside `wait`.

        Args:
            full: Whether nothing more may be on its way: what is nudged about cannot be sent.
        """
        return bool(
            self._happenings or len(self._inbox) or self._to_keep or self._to_subscribe or (self._nudged and not full)
        )

    def wait(self, timeout_s: float, news: Callable[[], bool] = lambda: False) -> None:
        """Waits until there is such news, or the link is to end."""
        with self._news:
            self._news.wait_for(lambda: self.closing.is_set() or news(), timeout_s)
