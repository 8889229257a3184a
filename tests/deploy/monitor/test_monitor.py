"""The monitor on a feed in memory."""

from typing import Self

import pytest
from tests.deploy.watch.saying import NOON_S, state

from sagui.deploy.monitor.feed import Away, Behind, Connected, Heard
from sagui.deploy.monitor.memory import MemoryFeed
from sagui.deploy.monitor.monitor import Monitor, filters
from sagui.deploy.monitor.standing import Standing
from sagui.deploy.rollout.errors import BrokerError
from sagui.deploy.watch import Fleet
from sagui.wire import WireError


class Eye:
    """A view that remembers what it was told."""

    def __init__(self) -> None:
        self.learnt: list[str] = []
        self.stood: list[Standing] = []
        self.open = False

    def __enter__(self) -> Self:
        self.open = True
        return self

    def __exit__(self, *_: object) -> None:
        self.open = False

    def learned(self, fleet: Fleet, device: str, now_s: float) -> None:  # noqa: ARG002 (the port's signature)
        self.learnt.append(device)

    def turn(self, fleet: Fleet, standing: Standing, now_s: float) -> None:  # noqa: ARG002 (likewise)
        assert self.open
        self.stood.append(standing)


def heard(topic: str, payload: bytes = b"") -> Heard:
    return Heard(topic, payload or state(), NOON_S)


def test_it_goes_on_until_it_is_to_end() -> None:
    eye = Eye()
    feed = MemoryFeed([[Connected()], [heard("sagui/porch/state"), heard("sagui/shed/state")], [Away("lost")], []])
    monitor = Monitor(feed, eye, "mqtt://broker:1883", lambda: NOON_S)
    monitor.run(feed.ended)
    assert eye.learnt == ["porch", "shed"]
    assert [(one.connected, one.why) for one in eye.stood] == [(False, ""), (True, ""), (True, ""), (False, "lost")]
    assert not eye.open


def test_what_is_left_out_is_told() -> None:
    feed = MemoryFeed([[heard("sagui/ODD/state"), Behind(7), Connected(("sagui/+/result",))], []])
    monitor = Monitor(feed, Eye(), "b", lambda: NOON_S)
    monitor.run(feed.ended)
    standing = monitor.standing
    assert (standing.odd, standing.odd_topic, standing.lost) == (1, "sagui/ODD/state", 7)
    assert standing.refused == ("sagui/+/result",)


def test_a_broker_that_does_not_want_us_ends_it_with_the_view_closed() -> None:
    eye, feed = Eye(), MemoryFeed([[Connected()], BrokerError("Not authorized")])
    with pytest.raises(BrokerError, match="Not authorized"):
        Monitor(feed, eye, "b").run(feed.ended)
    assert not eye.open


def test_it_listens_to_all_devices_or_to_those_that_are_named() -> None:
    assert "sagui/+/update/state" in filters(())
    assert not [one for one in filters(()) if "snapshot" in one or one.endswith("#")]
    assert "sagui/porch/state/+" in filters(("porch", "shed"))
    assert len(filters(("porch", "shed"))) == 2 * len(filters(()))
    with pytest.raises(WireError, match="cannot stand in a topic"):
        filters(("+",))
