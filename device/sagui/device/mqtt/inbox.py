"""What the broker sends us: who hears of it, and what waits to be handed on. Without a lock: the link has one."""

from collections import deque
from collections.abc import Callable

from paho.mqtt.client import topic_matches_sub

from sagui.device.events import Events
from sagui.device.mqtt.connection import Received

LARGEST_BYTES = 65_536
"""What is larger is no command of ours."""

ROOM = 256
"""How many messages may wait; they are heard quicker than anyone means to send them."""

Handler = Callable[[str, bytes, bool], None]
"""Takes the topic, the payload, and whether the broker had kept it for us."""


class Inbox:
    """Messages on their way from paho's thread to the link's, and those who hear them."""

    def __init__(self, events: Events) -> None:
        """Begins empty.

        Args:
            events: Told of a handler that fails, and of messages that were dropped.
        """
        self._events = events
        self._handlers: list[tuple[str, Handler]] = []
        self._waiting: deque[Received] = deque()
        self._told: set[str] = set()
        self.oversized = self.overflowed = self.failed = 0

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def topics(self) -> list[str]:
        """What is subscribed to, each once."""
        return list(dict.fromkeys(topic for topic, _ in self._handlers))

    def subscribe(self, topic: str, handler: Handler) -> None:
        """Adds one who hears.

        Args:
            topic: May have wildcards.
            handler: Called for each message.
        """
        self._handlers.append((topic, handler))

    def put(self, message: Received) -> None:
        """Takes a message; it is counted and dropped if it is too large, or too many wait."""
        if len(message.payload) > LARGEST_BYTES:
            self.oversized += 1
        elif len(self._waiting) >= ROOM:
            self.overflowed += 1
        else:
            self._waiting.append(message)

    def take(self, count: int) -> list[Received]:
        """Gives the oldest messages."""
        return [self._waiting.popleft() for _ in range(min(count, len(self._waiting)))]

    def complain(self) -> None:
        """Says that messages were dropped, once of each kind; for the link's thread."""
        for kind, count, why in (
            ("large", self.oversized, f"is larger than {LARGEST_BYTES} bytes"),
            ("many", self.overflowed, f"came while {ROOM} others waited"),
        ):
            if count and kind not in self._told:
                self._told.add(kind)
                text = f"a message to the device {why}; it is dropped (said once; more of the kind are counted)"
                self._events.say("message-dropped", text, reason=kind)

    def clear(self) -> None:
        """Forgets what waits."""
        self._waiting.clear()

    def hand_on(self, message: Received) -> None:
        """Tells those who want to hear of it; one who fails is counted, and said once."""
        for topic, handler in list(self._handlers):
            if not topic_matches_sub(topic, message.topic):
                continue
            try:
                handler(message.topic, message.payload, message.retained)
            except Exception as error:  # noqa: BLE001 (whatever it is, the link goes on)
                self.failed += 1
                if self.failed == 1:
                    self._events.say("warning", f"what came on {message.topic} was not dealt with: {error!r}")
