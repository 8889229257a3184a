"""What the link is told, and what it has the broker keep."""

import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from tests.conftest import free_port
from tests.device.said import Said

from sagui.device.mqtt import dialing
from sagui.device.mqtt import link as link_module
from sagui.device.mqtt.address import parse_address
from sagui.device.mqtt.inbox import LARGEST_BYTES, ROOM
from sagui.device.mqtt.link import Link

Eventually = Callable[..., bool]
COMMAND = "sagui/porch/command"
BOTH = pytest.mark.parametrize("protocol", ["5", "3.1.1"])


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_module, "_RETRY_MIN_S", 0.2)
    monkeypatch.setattr(link_module, "_RETRY_MAX_S", 0.3)
    monkeypatch.setattr(dialing, "ANSWER_S", 30.0)


class Person:
    """Says things to the device, and sees what the broker keeps."""

    def __init__(self, port: int) -> None:
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv311)
        self.kept: list[tuple[str, bytes, int]] = []
        self._client.on_message = self._take
        self._client.max_inflight_messages_set(1000)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def _take(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        if message.retain:
            self.kept.append((message.topic, bytes(message.payload), message.qos))

    def say(self, payload: bytes, topic: str = COMMAND, *, retain: bool = False) -> None:
        self._client.publish(topic, payload, qos=1, retain=retain).wait_for_publish(10)

    def look(self) -> None:
        self._client.subscribe("sagui/#", qos=1)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
def person(mosquitto: Any) -> Iterator[Person]:
    somebody = Person(mosquitto.port)
    yield somebody
    somebody.close()


@pytest.fixture
def make(mosquitto: Any) -> Iterator[Callable[..., Link]]:
    links: list[Link] = []

    def make_link(protocol: Any = "auto", said: Said | None = None) -> Link:
        links.append(Link(parse_address(mosquitto.url, {}), "porch", said or Said(), protocol))
        return links[-1]

    yield make_link
    for link in links:
        link.close()


@BOTH
def test_a_message_is_heard_in_the_links_own_thread(
    make: Any, person: Person, eventually: Eventually, protocol: str
) -> None:
    person.say(b"old", retain=True)
    link, heard, threads = make(protocol), list[tuple[str, bytes, bool]](), set[str]()

    def hear(topic: str, payload: bytes, retained: bool) -> None:  # noqa: FBT001 (as `Handler`)
        threads.add(threading.current_thread().name)
        heard.append((topic, payload, retained))

    link.subscribe(COMMAND, hear)
    link.open()
    assert eventually(lambda: heard == [(COMMAND, b"old", True)])
    person.say(b"new")
    assert eventually(lambda: heard[1:] == [(COMMAND, b"new", False)])
    assert threads == {"link"}


@BOTH
def test_a_subscription_can_come_late_and_outlives_the_connection(
    make: Any, mosquitto: Any, eventually: Eventually, protocol: str
) -> None:
    link, heard = make(protocol), list[bytes]()
    link.open()
    assert eventually(lambda: link.connected)
    link.subscribe("sagui/+/command", lambda _topic, payload, _retained: heard.append(payload))
    for number in range(2):
        person = Person(mosquitto.port)

        def is_heard(person: Person = person, number: int = number) -> bool:
            person.say(b"%d" % number)
            return b"%d" % number in heard

        assert eventually(is_heard)
        person.close()
        mosquitto.stop()
        assert eventually(lambda: not link.connected)
        mosquitto.start()
        assert eventually(lambda: link.connected)
    assert link.reconnections == 2


def test_a_handler_that_fails_breaks_nothing(make: Any, person: Person, eventually: Eventually) -> None:
    said = Said()
    link, heard = make(said=said), list[bytes]()

    def fail(*_: object) -> None:
        raise RuntimeError("no such luck")

    link.subscribe(COMMAND, fail)
    link.subscribe(COMMAND, lambda _topic, payload, _retained: heard.append(payload))
    link.open()
    assert eventually(lambda: link.connected)

    def is_heard() -> bool:
        person.say(b"x")
        return len(heard) >= 3

    assert eventually(is_heard)
    link.publish("sagui/porch/result", b"1")
    assert link.drain(10)
    assert link.failed_handlers == len(heard)
    assert said.events.count("warning") == 1
    assert "no such luck" in said.texts[said.events.index("warning")]


@BOTH
def test_what_is_too_large_is_not_handed_on(make: Any, person: Person, eventually: Eventually, protocol: str) -> None:
    link, sizes = make(protocol), list[int]()
    link.subscribe(COMMAND, lambda _topic, payload, _retained: sizes.append(len(payload)))
    link.open()

    def is_heard() -> bool:
        person.say(b"there?")
        return 6 in sizes

    assert eventually(is_heard)
    for size in (LARGEST_BYTES, LARGEST_BYTES + 1, 2_000_000):
        person.say(bytes(size))
    person.say(b"last")
    assert eventually(lambda: 4 in sizes)
    assert set(sizes) == {6, LARGEST_BYTES, 4}
    # Of MQTT 5 brokers we ask that they keep the largest to themselves.
    assert link.oversized == (1 if protocol == "5" else 2)
    assert link.reconnections == 0


def test_a_flood_is_dropped_and_counted_while_a_handler_is_slow(
    make: Any, person: Person, eventually: Eventually
) -> None:
    link, go, heard = make(), threading.Event(), list[bytes]()

    def hear(_topic: str, payload: bytes, _retained: object) -> None:
        heard.append(payload)
        go.wait(20)

    link.subscribe(COMMAND, hear)
    link.open()

    def is_heard() -> bool:
        person.say(b"first")
        return bool(heard)

    assert eventually(is_heard)
    for _ in range(ROOM + 100):
        person.say(b"more")
    assert eventually(lambda: link.overflowed > 0)
    assert len(link._inbox) <= ROOM
    go.set()
    link.publish("sagui/porch/result", b"1")
    assert link.drain(10)
    assert eventually(lambda: len(heard) >= ROOM)


def test_results_flow_through_a_flood(make: Any, person: Person, eventually: Eventually) -> None:
    link, stop = make(), threading.Event()
    link.subscribe(COMMAND, lambda *_: time.sleep(0.001))

    def flood() -> None:
        while not stop.is_set():
            person.say(b"x")

    link.open()
    flooding = threading.Thread(target=flood)
    flooding.start()
    for number in range(200):
        link.publish("sagui/porch/result", b"%d" % number)
    drained = link.drain(10)
    stop.set()
    flooding.join()
    assert drained


def test_a_topic_that_cannot_be_listened_to_is_said_once(make: Any) -> None:
    said = Said()
    link = make(said=said)
    for topic in ("a/#/b", "", "#b"):
        link.subscribe(topic, lambda *_: None)
    link.open()
    link.publish("sagui/porch/result", b"1")
    assert link.drain(10)
    assert said.events.count("deaf") == 1


def refuse_subscriptions(server: socket.socket) -> None:
    """A broker of MQTT 3.1.1 that lets everybody in, and tells nobody anything."""
    line, _ = server.accept()
    with line, line.makefile("rb") as packets:
        while head := packets.read(2):
            packet = packets.read(head[1])
            if head[0] == 0x10:
                line.sendall(b"\x20\x02\x00\x00")
            elif head[0] == 0x82:
                line.sendall(b"\x90\x03" + packet[:2] + b"\x80")


def test_a_broker_that_lets_us_not_listen_is_said_once(eventually: Eventually) -> None:
    said = Said()
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=refuse_subscriptions, args=[server], daemon=True).start()
        url = f"mqtt://127.0.0.1:{server.getsockname()[1]}"
        link = Link(parse_address(url, {}), "porch", said, "3.1.1")
        link.open()
        assert eventually(lambda: "deaf" in said.events)
        link.close()
    assert said.events == ["connected", "deaf"]
    assert "does not let us listen" in said.texts[1]


@BOTH
def test_what_is_kept_has_its_own_quality(make: Any, person: Person, eventually: Eventually, protocol: str) -> None:
    link = make(protocol)
    link.retain("sagui/porch/state", b"owl")
    link.retain("sagui/porch/telemetry", b"overtaken", qos=0)
    link.retain("sagui/porch/telemetry", b"newest", qos=0)
    link.open()
    link.publish("sagui/porch/result", b"1")
    assert link.drain(10)
    person.look()
    expected = {("sagui/porch/state", b"owl", 1), ("sagui/porch/telemetry", b"newest", 0)}
    assert eventually(lambda: set(person.kept) == expected)


def test_what_is_kept_can_be_said_again(make: Any, mosquitto: Any, eventually: Eventually) -> None:
    link, heard = make(), list[bytes]()
    link.subscribe("sagui/porch/state", lambda _topic, payload, _retained: heard.append(payload))
    link.retain("sagui/porch/state", b"owl")
    link.open()
    assert eventually(lambda: heard == [b"owl"])
    link.repeat()
    assert eventually(lambda: heard == [b"owl", b"owl"])


def test_a_broker_that_takes_results_and_nothing_else_is_said_once(
    tmp_path: Path, program: Callable[[str], str], eventually: Eventually
) -> None:
    (tmp_path / "access").write_text("topic readwrite sagui/porch/result\ntopic read sagui/#\n")
    port = free_port()
    settings = tmp_path / "mosquitto.conf"
    settings.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\nacl_file {tmp_path / 'access'}\nuser root\n")
    said = Said()
    with subprocess.Popen([program("mosquitto"), "-c", str(settings)], stderr=subprocess.DEVNULL) as broker:
        link = Link(parse_address(f"mqtt://127.0.0.1:{port}", {}), "porch", said, "5")
        link.open()
        link.ready()
        link.retain("sagui/porch/state", b"{}")
        link.publish("sagui/porch/result", b"1")
        assert link.drain(20)
        link.retain("homeassistant/device/porch/config", b"{}")
        assert eventually(lambda: "mute" in said.events)
        link.publish("sagui/porch/result", b"2")
        assert link.drain(20)
        link.close()
        broker.terminate()
    assert said.events.count("mute") == 1
    assert link.refused == 0
    assert "Not authorized" in said.texts[said.events.index("mute")]
