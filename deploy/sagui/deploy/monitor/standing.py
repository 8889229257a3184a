"""How the monitor itself stands: is the broker there, and what was left out."""

from dataclasses import dataclass

from sagui.deploy.rollout.display import printable


@dataclass(frozen=True, slots=True)
class Standing:
    """The state of the connection, and of what came over it.

    Attributes:
        broker: Its address, without user and password.
        connected: Whether it is there.
        why: Why not; empty as long as it is tried for the first time.
        refused: Topics that it does not let us read.
        lost: Messages that came quicker than they were shown.
        odd: Messages on topics that no device may have.
        odd_topic: The last of those.
        crowded_out: Messages of devices that are too many to be known.
    """

    broker: str
    connected: bool = False
    why: str = ""
    refused: tuple[str, ...] = ()
    lost: int = 0
    odd: int = 0
    odd_topic: str = ""
    crowded_out: int = 0


def connection_words(standing: Standing) -> str:
    """Says whether the broker is there, in one line."""
    if standing.connected:
        return standing.broker
    if not standing.why:
        return f"connecting to {standing.broker}"
    return f"{standing.broker} is away: {printable(standing.why)}; trying again"


def remarks(standing: Standing) -> tuple[str, ...]:
    """Says what a person should know beside: a line each."""
    found = []
    if standing.refused:
        found.append(f"the broker does not let us read {', '.join(standing.refused)}")
    if standing.lost:
        found.append(f"{standing.lost:,} messages came too quickly to be shown; the broker was asked again")
    if standing.odd:
        topic = printable(standing.odd_topic)
        found.append(f"{standing.odd:,} messages on topics that no device may have, the last: {topic}")
    if standing.crowded_out:
        found.append(f"{standing.crowded_out:,} messages of devices beyond those that can be shown")
    return tuple(found)
