"""Takes messages from a feed, and has a view show what they come to."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from time import time

from sagui.deploy.monitor.feed import Away, Behind, Connected, Feed, Happening, Heard
from sagui.deploy.monitor.standing import Standing
from sagui.deploy.monitor.view import View
from sagui.deploy.watch import Fleet
from sagui.deploy.watch.fleet import TOPICS
from sagui.wire import topics

_TURN_S = 0.25


def filters(devices: Sequence[str]) -> tuple[str, ...]:
    """What to subscribe to.

    Args:
        devices: Only these; all, if there are none.

    Raises:
        WireError: One has a name that no device may have.
    """
    if not devices:
        return tuple(topics.every(name) for name in TOPICS)
    return tuple(f"{topics.PREFIX}/{topics.check_device(device)}/{name}" for device in devices for name in TOPICS)


class Monitor:
    """Watches a fleet.

    Attributes:
        fleet: What is known.
        standing: How the monitor itself is.
    """

    def __init__(self, feed: Feed, view: View, broker: str, clock: Callable[[], float] = time) -> None:
        """Knows nobody yet.

        Args:
            feed: Where messages come from.
            view: Shows them.
            broker: Its address, for a person.
            clock: Unix time.
        """
        self._feed, self._view, self._clock = feed, view, clock
        self.fleet, self.standing = Fleet(), Standing(broker)

    def run(self, ended: Callable[[], bool]) -> None:
        """Goes on until it is asked to end.

        Args:
            ended: Whether it is; looked at several times a second.

        Raises:
            BrokerError: The broker does not want us.
        """
        with self._view as view:
            while not ended():
                view.turn(self.fleet, self.standing, self._clock())
                for happening in self._feed.listen(_TURN_S):
                    self._take(happening)

    def _take(self, happening: Happening) -> None:
        match happening:
            case Heard():
                self._hear(happening)
            case Connected():
                self.standing = replace(self.standing, connected=True, why="", refused=happening.refused)
            case Away():
                self.standing = replace(self.standing, connected=False, why=happening.why)
            case Behind():
                self.standing = replace(self.standing, lost=happening.lost)

    def _hear(self, said: Heard) -> None:
        fleet = self.fleet
        device = fleet.take(said.topic, said.payload, said.received_s, retained=said.retained)
        if device is not None:
            self._view.learned(fleet, device, said.received_s)
        elif (fleet.odd, fleet.crowded_out) != (self.standing.odd, self.standing.crowded_out):
            self.standing = replace(
                self.standing, odd=fleet.odd, odd_topic=fleet.odd_topic, crowded_out=fleet.crowded_out
            )
