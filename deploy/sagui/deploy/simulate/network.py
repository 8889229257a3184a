"""What carries the devices' messages: a port. `paho_network` goes to a broker, `memory` stays in this process."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from sagui.deploy.simulate.acts import Dial, Say


@dataclass(frozen=True, slots=True)
class Connected:
    """The broker took a device."""

    device: str


@dataclass(frozen=True, slots=True)
class Lost:
    """A device has no connection any more, or got none.

    Attributes:
        device: Its name.
        reason: For a person.
    """

    device: str
    reason: str


@dataclass(frozen=True, slots=True)
class Heard:
    """A message came.

    Attributes:
        device: Who heard it.
        topic: Where it was said.
        payload: What.
        retained: The broker had kept it.
    """

    device: str
    topic: str
    payload: bytes
    retained: bool


Happening = Connected | Lost | Heard


class Network(Protocol):
    """A connection for each device. Used by one thread."""

    @property
    def delivered(self) -> int:
        """Messages that the broker has: acknowledged, or written where nothing is (QoS 0)."""

    def dial(self, device: str, dial: Dial) -> None:
        """Connects a device; `Connected` or `Lost` tells what came of it."""

    def leave(self, device: str) -> None:
        """Disconnects a device after what it said; nothing is told of it."""

    def say(self, device: str, say: Say) -> None:
        """Publishes; a device without a connection says it to nobody."""

    def listen(self, longest_s: float) -> Sequence[Happening]:
        """Waits for something to happen, at most so many seconds, and tells it in order."""

    def close(self) -> None:
        """Disconnects all that is left."""
