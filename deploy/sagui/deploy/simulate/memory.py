"""A network in this process, in a time that passes when nothing else happens: a fleet's hour takes a second.

Enough of a broker for the devices: retained messages, last wills, and topics without wildcards.
"""

from collections import defaultdict
from collections.abc import Sequence

from sagui.deploy.simulate.acts import Dial, Say
from sagui.deploy.simulate.network import Connected, Happening, Heard, Lost


class MemoryClock:
    """A clock that is put forward."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        """Gives Unix time in seconds."""
        return self.now


class MemoryNetwork:
    """See `Network`. What others would do on the broker is done by calling it.

    Attributes:
        retained: What the broker keeps.
        said: All that was said, in order.
    """

    def __init__(self, clock: MemoryClock) -> None:
        self._clock = clock
        self._dials: dict[str, Dial] = {}
        self._listeners: defaultdict[str, set[str]] = defaultdict(set)
        self._happenings: list[Happening] = []
        self.retained: dict[str, bytes] = {}
        self.said: list[Say] = []
        self.open = True
        """Whether the broker takes connections."""

    @property
    def delivered(self) -> int:
        """See `Network.delivered`."""
        return len(self.said)

    @property
    def connected(self) -> frozenset[str]:
        """Devices that have a connection."""
        return frozenset(self._dials)

    def dial(self, device: str, dial: Dial) -> None:
        """See `Network.dial`."""
        if not self.open:
            self._happenings.append(Lost(device, "nobody answers"))
            return
        self._dials[device] = dial
        self._happenings.append(Connected(device))
        for topic in dial.topics:
            self._listeners[topic].add(device)
            if topic in self.retained:
                self._happenings.append(Heard(device, topic, self.retained[topic], retained=True))

    def leave(self, device: str) -> None:
        """See `Network.leave`."""
        if dial := self._dials.pop(device, None):
            for topic in dial.topics:
                self._listeners[topic].discard(device)

    def say(self, device: str, say: Say) -> None:
        """See `Network.say`."""
        if device in self._dials:
            self.publish(say)

    def listen(self, longest_s: float) -> Sequence[Happening]:
        """See `Network.listen`."""
        if not self._happenings:
            self._clock.now += longest_s
        happened, self._happenings = self._happenings, []
        return happened

    def close(self) -> None:
        """See `Network.close`."""
        for device in tuple(self._dials):
            self.leave(device)

    def publish(self, say: Say) -> None:
        """Says something as any client of the broker."""
        self.said.append(say)
        if say.retain and say.payload:
            self.retained[say.topic] = say.payload
        elif say.retain:
            self.retained.pop(say.topic, None)
        for device in sorted(self._listeners[say.topic]):
            self._happenings.append(Heard(device, say.topic, say.payload, retained=False))

    def cut(self, device: str) -> None:
        """Breaks a device's connection: the broker says its will."""
        will = self._dials[device].will
        self.leave(device)
        self._happenings.append(Lost(device, "the connection broke"))
        self.publish(will)
