from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sagui.deploy.dashboard.errors import UnaskedError
from sagui.deploy.dashboard.live import ears as module
from sagui.deploy.dashboard.live.ears import Ears, Heard
from sagui.deploy.dashboard.texts import speak
from sagui.deploy.rollout.address import Address
from sagui.wire import UpdateOrder, topics

Eventually = Callable[..., bool]


@pytest.fixture(params=["5", "3.1.1"])
def ears(broker: Any, request: pytest.FixtureRequest, eventually: Eventually) -> Iterator[Ears]:
    opened = Ears(
        Address("127.0.0.1", broker.port), request.node.name, request.param
    )  # a name of its own, as the broker keeps sessions
    assert eventually(lambda: not opened.away)
    yield opened
    opened.close()


def test_what_devices_say_is_heard_with_its_time(ears: Ears, voice: Any) -> None:
    voice.say(topics.availability("ears"), b"online", retain=False)
    voice.say(topics.snapshot("ears"), b"jpeg", retain=False)
    heard: list[Heard] = []
    while len(heard) < 2:
        heard += [one for one in ears.take(10, 5.0) if one.topic.startswith("sagui/ears/")]
    assert {(one.topic, one.payload) for one in heard} == {
        ("sagui/ears/availability", b"online"),
        ("sagui/ears/snapshot", b"jpeg"),
    }
    assert all(one.received_s > 0 for one in heard)


def test_what_waits_is_bounded_and_what_is_lost_counted(
    ears: Ears, voice: Any, monkeypatch: pytest.MonkeyPatch, eventually: Eventually
) -> None:
    while ears.take(1000, 0.3):  # what the broker had kept
        pass
    monkeypatch.setattr(module, "MOST_BYTES", 10_000)
    voice.says([(topics.health("ears"), b"x" * 1000)] * 20, retain=False)
    assert eventually(lambda: ears.overrun == 14)
    assert len(ears.take(100, 1.0)) == 6
    voice.say(topics.health("ears"), b"again", retain=False)  # and there is room again
    assert [one.payload for one in ears.take(1, 5.0)] == [b"again"]


def test_a_message_without_end_is_not_sent_to_us(
    broker: Any, voice: Any, monkeypatch: pytest.MonkeyPatch, eventually: Eventually
) -> None:
    monkeypatch.setattr(module, "LONGEST_BYTES", 100_000)
    ears = Ears(Address("127.0.0.1", broker.port), "test-long")
    assert eventually(lambda: not ears.away)
    voice.says([(topics.snapshot("long"), b"x" * length) for length in (90_000, 200_000, 5)], retain=False)
    heard: list[int] = []
    while 5 not in heard:
        heard += [len(one.payload) for one in ears.take(10, 5.0) if one.topic == topics.snapshot("long")]
    ears.close()
    assert heard == [90_000, 5]


def test_a_broker_that_is_not_there_is_told(eventually: Eventually) -> None:
    ears = Ears(Address("127.0.0.1", 1), "test-away")
    assert eventually(lambda: "mqtt://127.0.0.1:1 is not there: Connection refused" in str(ears.away))
    with pytest.raises(UnaskedError, match=r"porch was not asked.*is not there") as told:
        ears.order("porch", UpdateOrder(order="revert"))
    assert told.value.told(speak("pt")).startswith("porch não recebeu o pedido: mqtt://127.0.0.1:1 não está lá: conex")
    ears.close()
