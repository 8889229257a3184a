"""What the monitor needs of a broker: messages, and whether it is there."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Heard:
    """A message.

    Attributes:
        received_s: When it came; Unix time.
        retained: Whether the broker had kept it.
    """

    topic: str
    payload: bytes
    received_s: float
    retained: bool = False


@dataclass(frozen=True, slots=True)
class Connected:
    """The broker is there, and has said yes.

    Attributes:
        refused: Topics that it does not let us read.
    """

    refused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Away:
    """The broker is not there, or not any more; it is tried again.

    Attributes:
        why: In a few words.
    """

    why: str


@dataclass(frozen=True, slots=True)
class Behind:
    """More came than was taken; what the broker keeps is asked for again.

    Attributes:
        lost: Messages, since the start.
    """

    lost: int


Happening = Heard | Connected | Away | Behind


class Feed(Protocol):
    """Messages of devices, for as long as somebody listens; it connects by itself, again and again."""

    def listen(self, longest_s: float) -> Sequence[Happening]:
        """Gives what happened, in its order; nothing, if nothing did in time.

        Raises:
            BrokerError: The broker does not want us, and never did, or is not to be trusted.
        """

    def close(self) -> None:
        """Hangs up."""
