import select
import socket
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from sagui.deploy.dashboard.live.line import MOST_PIECES, Line, Plain, plain

Eventually = Callable[..., bool]


class Heard:
    """A line, and what came over it on each of the two ways."""

    def __init__(self, port: int, version: MQTTProtocolVersion) -> None:
        self.plain: list[tuple[str, bytes, bool]] = []
        self.paho: list[tuple[str, bytes]] = []
        self.line = Line(CallbackAPIVersion.VERSION2, protocol=version)
        self.line.on_plain = lambda topic, payload, retained: self.plain.append((topic, payload, retained))
        self.line.on_message = self._on_message
        ready = threading.Event()
        self.line.on_subscribe = lambda *_: ready.set()
        self.line.connect("127.0.0.1", port)
        self.line.subscribe("line/#", qos=2)
        self.line.loop_start()
        assert ready.wait(60)

    def _on_message(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        self.paho.append((message.topic, bytes(message.payload)))

    def close(self) -> None:
        self.line.disconnect()
        self.line.loop_stop()


@pytest.fixture(params=[MQTTProtocolVersion.MQTTv5, MQTTProtocolVersion.MQTTv311], ids=["5", "3.1.1"])
def heard(broker: Any, request: pytest.FixtureRequest) -> Iterator[Heard]:
    opened = Heard(broker.port, request.param)
    yield opened
    opened.close()


@pytest.mark.parametrize("level", [0, 1])
def test_many_messages_at_once_are_all_heard_in_their_order(
    heard: Heard, voice: Any, eventually: Eventually, level: int
) -> None:
    sent = [(f"line/{number}", b"x" * (number * 37 % 3000)) for number in range(1500)]
    voice.says(sent, retain=False) if level else _say_at_level_0(voice, sent)
    assert eventually(lambda: len(heard.plain) == 1500)
    assert heard.plain == [(topic, payload, False) for topic, payload in sent]
    assert not heard.paho


def test_a_message_longer_than_what_is_read_at_once_is_heard(heard: Heard, voice: Any, eventually: Eventually) -> None:
    voice.says([("line/long", b"y" * 1_000_000), ("line/next", b"z")], retain=False)
    assert eventually(lambda: len(heard.plain) == 2)
    assert heard.plain == [("line/long", b"y" * 1_000_000, False), ("line/next", b"z", False)]


def test_everything_is_acknowledged(heard: Heard, voice: Any, eventually: Eventually) -> None:
    """mosquitto has 20 messages on their way at most: without answers, it would stop there."""
    voice.says([("line/a", b"")] * 500, retain=False)
    assert eventually(lambda: len(heard.plain) == 500)


def test_what_has_come_is_read_at_once(
    heard: Heard, voice: Any, eventually: Eventually, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else this paho asks for bytes in another way, and `Line` no longer helps."""
    reads, read = 0, mqtt.Client._sock_recv

    def counted(client: mqtt.Client, count: int) -> bytes:
        nonlocal reads
        reads += client is heard.line
        return read(client, count)

    monkeypatch.setattr(mqtt.Client, "_sock_recv", counted)
    voice.says([("line/a", b"b")] * 1000, retain=False)
    assert eventually(lambda: len(heard.plain) == 1000)
    assert 0 < reads < 2000  # of paho alone 4,000


def test_a_flood_does_not_keep_the_line_from_answering(monkeypatch: pytest.MonkeyPatch) -> None:
    """Packets of 228 bytes are cut by the end of nearly each piece, so there is always one to be ended."""
    count, publish = 40_000, b"\x30\xe1\x01\x00\x01a" + b"x" * 222
    pieces, heard, read = 0, 0, mqtt.Client._sock_recv

    def counted(client: mqtt.Client, most: int) -> bytes:
        nonlocal pieces
        pieces += 1
        return read(client, most)

    def hear(*_: object) -> None:
        nonlocal heard
        heard += 1

    monkeypatch.setattr(mqtt.Client, "_sock_recv", counted)
    with socket.create_server(("127.0.0.1", 0)) as server:
        line = Line(CallbackAPIVersion.VERSION2)
        line.on_plain = hear
        line.connect("127.0.0.1", server.getsockname()[1])
        line_end = line.socket()
        assert line_end
        connection, _ = server.accept()
        flood = threading.Thread(target=connection.sendall, args=(b"\x20\x02\x00\x00" + publish * count,))
        flood.start()
        most = 0
        while heard < count:
            select.select([line_end], [], [], 30)
            pieces = 0
            assert line.loop_read() == mqtt.MQTT_ERR_SUCCESS
            most = max(most, pieces)
        flood.join(30)
        connection.close()
        line.disconnect()
    assert heard == count
    assert 0 < most <= MOST_PIECES


def test_a_long_message_is_copied_once() -> None:
    packet = bytearray(b"\0\1a" + b"x" * 4_000_000)
    tracemalloc.start()
    try:
        found = plain(0x30, packet, has_properties=False)
        assert tracemalloc.get_traced_memory()[1] < 6_000_000
    finally:
        tracemalloc.stop()
    assert found == Plain("a", b"x" * 4_000_000, retained=False, packet_id=0)


def test_what_the_broker_had_kept_is_told_apart(broker: Any, voice: Any, eventually: Eventually) -> None:
    voice.say("line/kept", b"kept")
    opened = Heard(broker.port, MQTTProtocolVersion.MQTTv5)
    assert eventually(lambda: opened.plain == [("line/kept", b"kept", True)])
    opened.close()


def test_what_is_not_plain_is_left_to_paho(broker: Any, eventually: Eventually) -> None:
    opened = Heard(broker.port, MQTTProtocolVersion.MQTTv5)
    speaker = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
    speaker.connect("127.0.0.1", broker.port)
    speaker.loop_start()
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    properties.ContentType = "application/json"
    speaker.publish("line/properties", b"1", qos=1, properties=properties).wait_for_publish(30)
    speaker.publish("line/twice", b"2", qos=2).wait_for_publish(30)
    speaker.publish("line/plain", b"3", qos=1).wait_for_publish(30)
    assert eventually(lambda: len(opened.plain) == 1 and len(opened.paho) == 2)
    assert opened.plain == [("line/plain", b"3", False)]
    assert sorted(opened.paho) == [("line/properties", b"1"), ("line/twice", b"2")]
    speaker.disconnect()
    speaker.loop_stop()
    opened.close()


def test_without_a_taker_all_goes_to_paho(heard: Heard, voice: Any, eventually: Eventually) -> None:
    heard.line.on_plain = None
    voice.say("line/a", b"1", retain=False)
    assert eventually(lambda: heard.paho == [("line/a", b"1")])


def test_what_was_read_ahead_dies_with_its_connection() -> None:
    """Else the next connection would begin with it."""
    connack, publish, nonsense = b"\x20\x02\x00\x00", b"\x30\x05\x00\x01a42", b"\x00\x00"
    packets = [connack, publish, nonsense, publish]
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken: list[str] = []
        line = Line(CallbackAPIVersion.VERSION2)
        line.reconnect_delay_set(1, 1)
        line.on_plain = lambda _topic, payload, _retained: taken.append(payload.decode())
        line.connect_async("127.0.0.1", server.getsockname()[1])
        line.loop_start()
        for _ in range(2):
            connection, _ = server.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(b"".join(packets))
                connection.settimeout(10)
                while connection.recv(1000):
                    pass
        line.disconnect()
        line.loop_stop()
    assert taken == ["42", "42"]


@given(topic=st.text(min_size=1, max_size=30), payload=st.binary(max_size=50), level=st.integers(0, 1))
def test_what_is_packed_is_taken_apart(topic: str, payload: bytes, level: int) -> None:
    name = topic.encode(errors="replace")
    head = len(name).to_bytes(2) + name + (b"\x12\x34" if level else b"")
    wanted = Plain(name.decode(), payload, retained=True, packet_id=0x1234 if level else 0)
    assert plain(0x31 | level << 1, head + payload, has_properties=False) == wanted
    assert plain(0x31 | level << 1, head + b"\0" + payload, has_properties=True) == wanted
    assert plain(0x31 | level << 1, head + b"\3" + payload, has_properties=True) is None


@given(header=st.integers(0x30, 0x3F), packet=st.binary(max_size=20), has_properties=st.booleans())
def test_what_is_cut_off_or_no_text_is_not_plain(header: int, packet: bytes, has_properties: bool) -> None:  # noqa: FBT001
    found = plain(header, packet, has_properties=has_properties)
    if found is not None:
        level = header >> 1 & 3
        assert level <= 1
        assert len(packet) == 2 + len(found.topic.encode()) + 2 * level + has_properties + len(found.payload)


@pytest.mark.parametrize("packet", [b"", b"\0", b"\0\5abc", b"\0\1a", b"\0\1a\0", b"\0\1\xff\0\1"])
def test_broken_packets_are_not_plain(packet: bytes) -> None:
    assert plain(0x32, packet, has_properties=False) is None


def _say_at_level_0(voice: Any, messages: list[tuple[str, bytes]]) -> None:
    for topic, payload in messages:
        voice._client.publish(topic, payload, qos=0)
