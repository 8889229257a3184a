"""What a rollout needs of a broker."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Heard:
    """A message.

    Attributes:
        kept: The broker had kept it: it can be old.
    """

    topic: str
    payload: bytes
    kept: bool = False


class Line(Protocol):
    """One connection to a broker. When it is lost, every call raises `LostError`; another is opened then."""

    @property
    def remembers(self) -> bool | None:
        """Whether the broker still knew us from the line before, if there was one; None if that cannot be told."""

    def subscribe(self, filters: Sequence[str]) -> None:
        """Asks for what is kept and what will be said; waits until the broker has said yes.

        Subscribing again brings what is kept once more. With a broker that sends things in their order, as
        mosquitto does, all that is kept has come by then.

        Raises:
            BrokerError: It says no, or nothing.
        """

    def hear(self, timeout_s: float) -> Heard | None:
        """Gives the next message; None if there was none in time.

        Raises:
            LostError: The connection is lost, and all that came before was given.
        """

    def keep(self, topic: str, payload: bytes) -> None:
        """Publishes a message that the broker keeps (QoS 1, retained); waits for its acknowledgement.

        Raises:
            BrokerError: It does not take it.
        """

    def close(self) -> None:
        """Hangs up."""
