"""The last words of an agent: what became of its frames and results."""

from typing import Protocol

from sagui.device.errors import BrokerError
from sagui.device.events import Events
from sagui.device.outbox import Outbox
from sagui.device.telemetry.measure import Measured


class Ended(Protocol):
    """What is used of a `sagui.device.mqtt.link.Link`."""

    outbox: Outbox

    @property
    def published(self) -> int:
        """Results of this start."""

    @property
    def acknowledged(self) -> int:
        """Results that arrived."""

    @property
    def waiting(self) -> int:
        """Results that did not arrive yet."""

    @property
    def dropped(self) -> int:
        """Results that will never arrive."""


def say_stopped(link: Ended, measured: Measured, events: Events) -> None:
    """Says what became of everything.

    Args:
        link: Closed: nothing changes any more.
        measured: The frames.
        events: Told ``stopped``.
    """
    waiting, undelivered = link.waiting, link.waiting + link.dropped
    frames, results = counted(measured.frames, "frame"), counted(link.acknowledged, "result")
    text = f"stopped after {frames}; the broker acknowledged {results}"
    if undelivered:
        text += f", {undelivered} were not delivered"
    if waiting and link.outbox.durable:
        text += f"; {waiting} wait on disk for the next start"
    percentiles = dict(zip(("p50", "p95"), measured.percentiles_ms or (), strict=False))
    events.say(
        "stopped",
        text,
        frames=measured.frames,
        published=link.published,
        acknowledged=link.acknowledged,
        waiting=waiting,
        dropped=link.dropped,
        latency_ms={name: round(value, 3) for name, value in percentiles.items()},
    )


def undelivered(link: Ended, broker: str, waited_s: float) -> BrokerError:
    """Makes the error of an agent that ends before all of its results arrived.

    Args:
        link: Closed.
        broker: Its address.
        waited_s: How long the broker was given at the end.
    """
    if not link.waiting:
        return BrokerError(
            f"{link.dropped} results were given up: more waited than the outbox may hold, or {broker} did not want "
            "them; the log says which"
        )
    kept = "wait on disk for the next start" if link.outbox.durable else "were in memory, and are lost"
    return BrokerError(
        f"{broker} did not acknowledge every result within {waited_s:g} s of the end; {link.waiting} {kept}"
    )


def counted(number: int, what: str) -> str:
    """Writes how many of a thing.

    >>> counted(1, "frame"), counted(0, "result")
    ('1 frame', '0 results')
    """
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
