"""A broker in memory: a stand-in for tests and for trying rollouts from Python."""

from collections import deque
from collections.abc import Callable, Sequence

from sagui.deploy.rollout.errors import LostError
from sagui.deploy.rollout.port import Heard


class MemoryBroker:
    """Keeps what is retained, and hands on what is said, in one thread.

    Attributes:
        kept: The retained messages by topic.
        lines: Those that are open.
        listeners: Called with topic and payload of all that is said: simulated devices.
        known: Who dialled since it has its memory.
    """

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}
        self.lines: list[MemoryLine] = []
        self.listeners: list[Callable[[str, bytes], None]] = []
        self.known: set[str] = set()

    def dial(self, who: str = "") -> "MemoryLine":
        """Opens a line."""
        line = MemoryLine(self, remembers=who in self.known)
        self.known.add(who)
        self.lines.append(line)
        return line

    def say(self, topic: str, payload: bytes) -> None:
        """Publishes a message that is kept; an empty one is forgotten."""
        self.kept[topic] = payload
        if not payload:
            del self.kept[topic]
        for line in self.lines:
            line.take(Heard(topic, payload))
        for listener in self.listeners:
            listener(topic, payload)

    def hang_up(self) -> None:
        """Loses all lines."""
        for line in self.lines:
            line.close()
        self.lines.clear()

    def restart_empty(self) -> None:
        """Loses all lines and all memory, as a broker without persistence does."""
        self.kept.clear()
        self.known.clear()
        self.hang_up()


class MemoryLine:
    """See `sagui.deploy.rollout.port.Line`."""

    def __init__(self, broker: MemoryBroker, *, remembers: bool = True) -> None:
        self.remembers = remembers
        self._broker = broker
        self._filters: tuple[str, ...] = ()
        self._waiting: deque[Heard] = deque()
        self._open = True

    def subscribe(self, filters: Sequence[str]) -> None:
        """See `Line.subscribe`."""
        self._check()
        self._filters = tuple({*self._filters, *filters})
        for topic, payload in self._broker.kept.items():
            if any(_matches(one, topic) for one in filters):
                self._waiting.append(Heard(topic, payload, kept=True))

    def hear(self, timeout_s: float) -> Heard | None:  # noqa: ARG002 (nothing comes while we wait)
        """See `Line.hear`."""
        if self._waiting:
            return self._waiting.popleft()
        self._check()
        return None

    def keep(self, topic: str, payload: bytes) -> None:
        """See `Line.keep`."""
        self._check()
        self._broker.say(topic, payload)

    def close(self) -> None:
        """See `Line.close`."""
        self._open = False

    def take(self, message: Heard) -> None:
        """Takes a message from the broker."""
        if self._open and any(_matches(one, message.topic) for one in self._filters):
            self._waiting.append(message)

    def _check(self) -> None:
        if not self._open:
            raise LostError("the line to the broker in memory was lost")


def _matches(one: str, topic: str) -> bool:
    parts, levels = one.split("/"), topic.split("/")
    return len(parts) == len(levels) and all(part in {"+", level} for part, level in zip(parts, levels, strict=True))
