"""All devices, as their messages tell them. No I/O."""

from collections.abc import Collection

from sagui.deploy.watch.device import Device
from sagui.deploy.watch.history import BUCKETS
from sagui.deploy.watch.limits import Limits
from sagui.deploy.watch.row import Row
from sagui.wire import WireError, topics

TOPICS = ("availability", "telemetry", "health", "update/state", "state", "state/+", "result")
"""What is read of a device, below it: what tells that it is there comes first."""

_KINDS = frozenset(TOPICS) - {"state/+"}
_SHOWN = 100


class Fleet:
    """Takes messages, whoever wrote them, and knows the devices. Its memory is bounded.

    Attributes:
        odd: Messages on topics that no device may have.
        odd_topic: The last of those topics.
        crowded_out: Messages of devices that are too many to be known.
    """

    def __init__(self, limits: Limits | None = None) -> None:
        """Knows nobody.

        Args:
            limits: How much is remembered.
        """
        self._limits = limits or Limits()
        self._devices: dict[str, Device] = {}
        self.odd, self.odd_topic, self.crowded_out = 0, "", 0

    def __len__(self) -> int:
        return len(self._devices)

    def take(self, topic: str, payload: bytes, received_s: float, *, retained: bool) -> str | None:
        """Takes a message. An empty one on a topic that the broker keeps takes back what was said there.

        Args:
            topic: As it came; what is not of `TOPICS` is left alone.
            payload: As it came.
            received_s: When; Unix time.
            retained: Whether the broker had kept it.

        Returns:
            The device that it told something of, or that is gone with it; None if there is none.
        """
        try:
            name = topics.device_of(topic)
        except WireError:
            self._note_odd(topic)
            return None
        kind, stream = _kind_of(topic.split("/", 2)[2])
        if kind not in _KINDS:
            return None
        device = self._devices.get(name)
        if device is None:
            if not payload:
                return None
            if len(self._devices) >= self._limits.devices:
                self.crowded_out += 1
                return None
            device = self._devices[name] = Device(name, self._limits)
        device.take(kind, stream, payload, received_s, retained=retained)
        if not payload and device.empty:
            del self._devices[name]
        return name

    def row(self, device: str) -> Row | None:
        """What is known of a device; None if it is not known, or gone."""
        known = self._devices.get(device)
        return known.row if known else None

    def rows(self) -> Collection[Row]:
        """All devices, in the order in which they were heard of."""
        return [device.row for device in self._devices.values()]

    def scores(self, device: str, stream: str | None, now_s: float) -> tuple[float | None, ...]:
        """The mean score of each minute of the last hour.

        Args:
            device: Its name.
            stream: Which; None for the only one.
            now_s: Unix time.

        Returns:
            So many as `BUCKETS`, oldest first; None where nothing was seen.
        """
        known = self._devices.get(device)
        return known.scores(stream, now_s) if known else (None,) * BUCKETS

    def _note_odd(self, topic: str) -> None:
        if topic.startswith(f"{topics.PREFIX}/{topics.FLEET}/"):
            return  # plans of groups
        self.odd += 1
        self.odd_topic = topic[:_SHOWN]


def _kind_of(name: str) -> tuple[str, str | None]:
    """Takes a topic below a device apart; a stream's name is checked against what is said there."""
    state, _, stream = name.partition("/")
    return ("state", stream) if state == "state" and stream else (name, None)
