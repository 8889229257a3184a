"""One name, two agents, and a ghost: real links at a real broker."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from tests.device.said import Said

from sagui.device.mqtt import conversation, dialing
from sagui.device.mqtt import link as link_module
from sagui.device.mqtt import presence as presence_module
from sagui.device.mqtt.address import parse_address
from sagui.device.mqtt.link import Link
from sagui.wire import Claim, decode, encode, topics

Eventually = Callable[..., bool]
AVAILABILITY = "sagui/porch/availability"
RESULT = "sagui/porch/result"
BOTH = pytest.mark.parametrize("protocol", ["5", "3.1.1"])


class Listener:
    """Notes all that is said, by topic."""

    def __init__(self, port: int) -> None:
        self.heard: list[tuple[str, bytes]] = []
        self._subscribed = threading.Event()
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv311)
        self.client.on_subscribe = lambda *_: self._subscribed.set()
        self.client.on_message = lambda _c, _d, message: self.heard.append((message.topic, bytes(message.payload)))
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        self.client.subscribe("sagui/#", qos=1)
        assert self._subscribed.wait(30)

    def on(self, topic: str) -> list[bytes]:
        return [payload for where, payload in self.heard if where == topic]

    def say(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        self.client.publish(topic, payload, qos=1, retain=retain).wait_for_publish(10)


@pytest.fixture
def listener(mosquitto: Any) -> Iterator[Listener]:
    listening = Listener(mosquitto.port)
    yield listening
    listening.client.disconnect()
    listening.client.loop_stop()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_module, "_RETRY_MIN_S", 0.2)
    monkeypatch.setattr(link_module, "_RETRY_MAX_S", 0.3)
    monkeypatch.setattr(dialing, "ANSWER_S", 30.0)
    monkeypatch.setattr(conversation, "POLL_S", 0.05)
    monkeypatch.setattr(presence_module, "CLAIM_EVERY_S", 0.2)
    monkeypatch.setattr(presence_module, "ONLINE_EVERY_S", 0.2)
    monkeypatch.setattr(presence_module, "RESTATE_AFTER_S", 0.5)


@pytest.fixture
def start(mosquitto: Any) -> Iterator[Callable[..., tuple[Link, Said]]]:
    links: list[Link] = []

    def open_link(
        protocol: Any = "auto", up_s: float = 0.0, url: str = mosquitto.url, **more: Any
    ) -> tuple[Link, Said]:
        said = Said()
        link = Link(parse_address(url, {}), "porch", said, protocol, **more)
        link._presence._started_s -= up_s
        links.append(link)
        link.open()
        link.ready()
        return link, said

    yield open_link
    for link in links:
        link.close()


@BOTH
def test_the_second_agent_says_so_and_stops(
    start: Any, listener: Listener, eventually: Eventually, protocol: str
) -> None:
    first, first_said = start(protocol, up_s=60)
    first.retain(topics.state("porch"), b"of the first")
    first.publish(RESULT, b"1")
    assert first.drain(10)
    reasons: list[str] = []
    second, second_said = start(protocol, on_yield=reasons.append)
    second.retain(topics.state("porch"), b"of the second")
    assert eventually(lambda: second.yielded is not None)
    assert f"on {socket.gethostname()}, up for 6" in second.yielded
    assert eventually(lambda: reasons == [second.yielded])
    assert second_said.events[-1] == "second-agent"
    assert not second.connected
    before = list(listener.on(RESULT))
    second.publish(RESULT, b"of the second")
    assert not second.drain(5)
    assert second.waiting == 1
    second.close()
    first.publish(RESULT, b"2")
    assert first.drain(10)
    assert first.connected
    assert eventually(lambda: listener.on(RESULT) == [*before, b"2"])
    assert b"offline" not in listener.on(AVAILABILITY), "the name is the first's, and it is there"
    assert first_said.events == ["connected"], "the first is not disturbed"
    # What the second said for the broker to keep is said over.
    assert eventually(lambda: listener.on(topics.state("porch"))[-1] == b"of the first")


def test_one_that_is_younger_yields_though_it_came_first(start: Any, eventually: Eventually) -> None:
    young, _ = start()
    assert eventually(lambda: young.connected)
    old, _ = start(up_s=3600)
    assert eventually(lambda: young.yielded is not None)
    assert old.yielded is None
    assert old.connected


def test_of_two_of_one_age_the_boot_decides(start: Any, eventually: Eventually) -> None:
    one, _ = start(boot="bbb")
    other, _ = start(boot="aaa", up_s=time.monotonic() - one._presence._started_s)
    assert eventually(lambda: one.yielded is not None)
    assert other.yielded is None


def test_a_reconnection_is_no_second_agent(
    start: Any, mosquitto: Any, listener: Listener, eventually: Eventually
) -> None:
    link, said = start()
    assert eventually(lambda: link.connected)
    assert link.reconnections == 0
    mosquitto.stop()
    assert eventually(lambda: not link.connected)
    mosquitto.start()
    assert eventually(lambda: link.connected)
    link.publish(RESULT, b"1")
    assert link.drain(10)
    assert (link.reconnections, link.yielded) == (1, None)
    assert said.events.count("connected") == 2


@BOTH
def test_each_connection_claims_the_name(start: Any, listener: Listener, eventually: Eventually, protocol: str) -> None:
    link, _ = start(protocol, boot="0f")
    assert eventually(lambda: len(listener.on(topics.claim("porch"))) == 1)
    said = decode(listener.on(topics.claim("porch"))[0], Claim)
    assert (said.boot, said.host) == ("0f", socket.gethostname())
    assert 0 <= said.up_s < 60
    assert link.yielded is None


def test_claims_that_make_no_sense_and_floods_of_them_stop_nothing(
    start: Any, listener: Listener, eventually: Eventually
) -> None:
    begun = time.monotonic()
    link, _ = start(up_s=60)
    assert eventually(lambda: len(listener.on(topics.claim("porch"))) == 1)
    for payload in (b"", b"\xff\xfe", b"{}", b"[" * 5000, b'{"v":1,"boot":"x","up_s":"never","host":"y"}'):
        listener.say(topics.claim("porch"), payload)
    assert eventually(lambda: link.ignored_claims == 5)
    for number in range(300):
        listener.say(topics.claim("porch"), encode(Claim(boot=f"f{number}", up_s=1, host="x")))
    link.publish(RESULT, b"1")
    assert link.drain(10)

    def own() -> int:
        return sum(link.boot.encode() in payload for payload in listener.on(topics.claim("porch")))

    assert eventually(lambda: own() >= 2)
    assert own() <= 1 + (time.monotonic() - begun) / 0.2
    assert link.yielded is None


@BOTH
def test_a_ghosts_last_will_is_answered(
    start: Any, mosquitto: Any, listener: Listener, eventually: Eventually, protocol: str
) -> None:
    # The session of an agent that lost its power: the broker learns of it late.
    ghost = mqtt.Client(CallbackAPIVersion.VERSION2, "sagui-porch-before", protocol=MQTTProtocolVersion.MQTTv311)
    ghost.will_set(AVAILABILITY, b"offline", qos=1, retain=True)
    ghost.connect("127.0.0.1", mosquitto.port)
    ghost.loop_start()
    assert eventually(ghost.is_connected)
    link, _ = start(protocol)
    assert eventually(lambda: listener.on(AVAILABILITY) == [b"online"])
    line = ghost.socket()
    assert isinstance(line, socket.socket)
    line.shutdown(socket.SHUT_RDWR)
    assert eventually(lambda: listener.on(AVAILABILITY)[:3] == [b"online", b"offline", b"online"])
    assert link.reconnections == 0
    late = Listener(mosquitto.port)
    assert eventually(lambda: late.on(AVAILABILITY) == [b"online"]), "it is what the broker keeps"
    late.client.disconnect()
    late.client.loop_stop()
    ghost.loop_stop()


def test_a_flood_of_offline_is_answered_at_a_pace(start: Any, listener: Listener, eventually: Eventually) -> None:
    start()
    assert eventually(lambda: listener.on(AVAILABILITY) == [b"online"])
    begun = time.monotonic()
    for _ in range(200):
        listener.say(AVAILABILITY, b"offline", retain=True)
    assert eventually(lambda: listener.on(AVAILABILITY)[-1] == b"online")
    assert listener.on(AVAILABILITY).count(b"online") <= 4 + (time.monotonic() - begun) / 0.2


def test_a_clean_stop_still_says_offline(start: Any, listener: Listener, eventually: Eventually) -> None:
    link, _ = start()
    assert eventually(lambda: listener.on(AVAILABILITY) == [b"online"])
    link.close()
    assert eventually(lambda: listener.on(AVAILABILITY) == [b"online", b"offline"])
