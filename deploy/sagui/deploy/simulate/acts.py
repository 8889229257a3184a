"""What a simulated device does to the network. Values; no I/O."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Say:
    """Publishes a message.

    Attributes:
        topic: Where.
        payload: What.
        qos: 0, or 1.
        retain: Whether the broker keeps it.
    """

    topic: str
    payload: bytes
    qos: int = 1
    retain: bool = False


@dataclass(frozen=True, slots=True)
class Dial:
    """Connects.

    Attributes:
        client: The client's id, new at each start of the device.
        will: What the broker says when the connection breaks.
        topics: What the device listens to.
    """

    client: str
    will: Say
    topics: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Leave:
    """Disconnects cleanly, so that the will is not said."""


Act = Say | Dial | Leave
