"""The link against real brokers that are killed, restarted, paused and slow: nothing lost, order kept."""

import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from tests.device.said import Said

from sagui.device.mqtt import dialing
from sagui.device.mqtt import link as link_module
from sagui.device.mqtt.address import Address, parse_address
from sagui.device.mqtt.connection import Connection, Happening, Lost, Opened
from sagui.device.mqtt.link import Link, pause_s
from sagui.device.mqtt.window import Window
from sagui.device.outbox import Limits, MemoryOutbox, Outbox, open_outbox

TOPIC = "sagui/porch/result"
Eventually = Callable[..., bool]


class Reader:
    """A subscriber with a session that the broker keeps; it notes what comes, in order."""

    def __init__(self, port: int) -> None:
        self.payloads: list[bytes] = []
        self.availability: list[bytes] = []
        self.subscribed = threading.Event()
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2, "reader", clean_session=False, protocol=MQTTProtocolVersion.MQTTv311
        )
        self._client.on_connect = lambda client, *_: client.subscribe("sagui/#", qos=1)
        self._client.on_subscribe = lambda *_: self.subscribed.set()
        self._client.on_message = self._take
        self._client.reconnect_delay_set(1, 1)
        self._client.connect_async("127.0.0.1", port)
        self._client.loop_start()

    def _take(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        kept = self.payloads if message.topic == TOPIC else self.availability
        kept.append(bytes(message.payload))

    def numbers(self) -> list[int]:
        """What a reader that drops what it knows is left with."""
        return [int(payload) for payload in dict.fromkeys(self.payloads)]

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
def reader(mosquitto: Any) -> Iterator[Reader]:
    subscriber = Reader(mosquitto.port)
    assert subscriber.subscribed.wait(30)
    yield subscriber
    subscriber.close()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reconnects within moments: how long is waited is another test's."""
    monkeypatch.setattr(link_module, "_RETRY_MIN_S", 0.2)
    monkeypatch.setattr(link_module, "_RETRY_MAX_S", 0.3)


def opened(url: str, outbox: Outbox | None = None, said: Said | None = None, protocol: Any = "auto") -> Link:
    link = Link(parse_address(url, {}), "porch", said or Said(), protocol, outbox)
    link.open()
    link.ready()
    return link


def publish(link: Link, numbers: range) -> None:
    for number in numbers:
        link.publish(TOPIC, b"%d" % number)


def test_a_result_is_on_disk_before_the_broker_has_it_and_gone_after(
    mosquitto: Any, reader: Reader, tmp_path: Path, eventually: Eventually
) -> None:
    outbox = open_outbox(tmp_path / "outbox", Said())
    link = opened(mosquitto.url, outbox)
    publish(link, range(500))
    assert link.drain(10)
    assert (link.published, link.acknowledged, link.dropped, link.waiting) == (500, 500, 0, 0)
    link.close()
    assert eventually(lambda: reader.payloads == [b"%d" % number for number in range(500)])
    again = open_outbox(tmp_path / "outbox", Said())
    assert again.counts.inherited == 0
    again.close()


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_what_waited_over_a_restart_comes_first(
    stopped_mosquitto: Any, tmp_path: Path, eventually: Eventually, protocol: str
) -> None:
    before = opened(stopped_mosquitto.url, open_outbox(tmp_path / "outbox", Said()), protocol=protocol)
    publish(before, range(300))
    assert not before.drain(0.1)
    before.close()
    stopped_mosquitto.start()
    reader = Reader(stopped_mosquitto.port)
    assert reader.subscribed.wait(30)
    after = Link(
        parse_address(stopped_mosquitto.url, {}), "porch", Said(), outbox=open_outbox(tmp_path / "outbox", Said())
    )
    publish(after, range(300, 400))
    after.open()
    assert after.drain(10)
    assert (after.published, after.acknowledged) == (100, 400)
    after.close()
    assert eventually(lambda: len(reader.numbers()) == 400)
    assert reader.numbers() == list(range(400))
    reader.close()


def test_a_broker_that_is_killed_again_and_again_gets_all_in_order(
    stopped_mosquitto: Any, tmp_path: Path, eventually: Eventually
) -> None:
    # What the broker acknowledged and forgot in its own death is not ours to answer for: what we resend is.
    stopped_mosquitto.start()
    arrived: list[list[int]] = []
    link = opened(stopped_mosquitto.url, open_outbox(tmp_path / "outbox", Said()))
    stop = threading.Event()
    sent = iter(range(1_000_000))

    def talk() -> None:
        while not stop.wait(0.002):
            link.publish(TOPIC, b"%d" % next(sent))

    talking = threading.Thread(target=talk)
    talking.start()
    for life in range(4):
        reader = Reader(stopped_mosquitto.port)
        assert reader.subscribed.wait(30)
        count = link.acknowledged
        assert eventually(lambda count=count: link.acknowledged > count + 40)
        if life == 3:
            stop.set()
            talking.join()
            assert link.drain(10)
            last = next(sent) - 1
            assert eventually(lambda reader=reader, last=last: reader.numbers()[-1:] == [last])
        acknowledged = link.acknowledged
        stopped_mosquitto.stop()
        assert acknowledged > 0
        arrived.append(reader.numbers())
        reader.close()
        if life < 3:
            stopped_mosquitto.start()
    link.close()
    for numbers in arrived:
        assert numbers == list(range(numbers[0], numbers[-1] + 1)), "a gap or a wrong order within one broker's life"
    for earlier, later in pairwise(arrived):
        assert later[0] > earlier[0]


def test_a_broker_that_is_paused_gets_all_in_order(
    mosquitto: Any, reader: Reader, tmp_path: Path, eventually: Eventually
) -> None:
    link = opened(mosquitto.url, open_outbox(tmp_path / "outbox", Said()))
    publish(link, range(50))
    assert link.drain(10)
    mosquitto._process.send_signal(signal.SIGSTOP)
    publish(link, range(50, 900))
    assert not link.drain(0.3)
    assert link.acknowledged == 50
    mosquitto._process.send_signal(signal.SIGCONT)
    assert link.drain(10)
    link.close()
    assert eventually(lambda: len(reader.payloads) == 900)
    assert reader.numbers() == list(range(900))


def test_closing_does_not_wait_for_a_broker_that_hangs(mosquitto: Any, tmp_path: Path, eventually: Eventually) -> None:
    said = Said()
    link = opened(mosquitto.url, open_outbox(tmp_path / "outbox", Said()), said)
    assert eventually(lambda: "connected" in said.events)
    mosquitto._process.send_signal(signal.SIGSTOP)
    publish(link, range(100))
    closing = threading.Thread(target=link.close)
    closing.start()
    closing.join(9)
    hangs = closing.is_alive()
    mosquitto._process.send_signal(signal.SIGCONT)
    assert not hangs
    assert link.waiting == 100


class Cutting:
    """A proxy before a broker that hangs up after so many bytes of either side's, a little later each time."""

    def __init__(self, port: int, random: Random) -> None:
        self._port, self._random = port, random
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"mqtt://127.0.0.1:{self._server.getsockname()[1]}"
        self.cuts = 0
        self.kind = False
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                near, _ = self._server.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self._port))
            budget = None if self.kind else self._random.randrange(200, 4000)
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._pump, args=[source, sink, budget], daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, budget: int | None) -> None:
        try:
            while data := source.recv(512):
                if budget is not None:
                    data, budget = data[:budget], budget - len(data)
                sink.sendall(data)
                if budget is not None and budget <= 0:
                    self.cuts += 1
                    break
        except OSError:
            pass
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._server.close()


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_a_connection_that_is_cut_anywhere_loses_nothing(
    mosquitto: Any, reader: Reader, tmp_path: Path, eventually: Eventually, protocol: str
) -> None:
    proxy = Cutting(mosquitto.port, Random(5))  # noqa: S311
    link = opened(proxy.url, open_outbox(tmp_path / "outbox", Said()), protocol=protocol)
    publish(link, range(400))
    assert eventually(lambda: proxy.cuts >= 8 or link.waiting == 0)
    proxy.kind = True
    assert link.drain(15)
    link.close()
    proxy.close()
    assert eventually(lambda: len(reader.numbers()) == 400)
    assert reader.numbers() == list(range(400))


def test_a_fallback_to_3_1_1_keeps_the_order(tmp_path: Path, eventually: Eventually) -> None:
    from sagui.deploy.demo.broker import local_broker

    with local_broker() as url:
        port = int(url.rpartition(":")[2])
        reader = Reader(port)
        assert reader.subscribed.wait(30)
        said = Said()
        link = Link(parse_address(url, {}), "porch", said, outbox=open_outbox(tmp_path / "outbox", said))
        publish(link, range(50))
        link.open()
        publish(link, range(50, 100))
        assert link.drain(15)
        link.close()
        assert eventually(lambda: len(reader.payloads) == 100)
        reader.close()
    assert reader.payloads == [b"%d" % number for number in range(100)]
    assert "fallback" in said.events


def test_a_broker_that_hung_up_while_it_started_is_asked_for_mqtt_5_again(
    stopped_mosquitto: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dialing, "ANSWER_S", 30.0)
    said = Said()
    with socket.create_server(("127.0.0.1", stopped_mosquitto.port)) as server:
        link = opened(stopped_mosquitto.url, said=said)
        for level in (5, 4):
            line, _ = server.accept()
            with line:
                assert line.recv(1024)[8] == level
    assert "fallback" in said.events
    stopped_mosquitto.start()
    publish(link, range(3))
    assert link.drain(10)
    assert said.fields[said.events.index("connected")] == {"protocol": "5"}
    link.close()


def test_past_the_limit_the_oldest_is_dropped_and_owned_up_to(
    mosquitto: Any, reader: Reader, eventually: Eventually
) -> None:
    said = Said()
    link = Link(parse_address(mosquitto.url, {}), "porch", said, outbox=MemoryOutbox(said, Limits(rows=2)))
    publish(link, range(4))
    link.open()
    assert not link.drain(5)
    assert eventually(lambda: reader.numbers() == [2, 3])
    assert (link.published, link.acknowledged, link.dropped) == (4, 2, 2)
    assert said.events.count("dropped") == 1
    link.close()


def test_online_is_said_before_a_long_queue_and_after_what_is_retained(
    mosquitto: Any, reader: Reader, eventually: Eventually
) -> None:
    link = Link(parse_address(mosquitto.url, {}), "porch", Said())
    publish(link, range(300))
    link.retain("sagui/porch/state", b"kept")
    link.ready()
    link.open()
    assert link.drain(10)
    assert eventually(lambda: reader.availability[:2] == [b"kept", b"online"])
    link.close()
    assert eventually(lambda: reader.availability[-1] == b"offline")


def test_a_topic_that_cannot_be_published_to_blocks_nothing(
    mosquitto: Any, reader: Reader, eventually: Eventually
) -> None:
    said = Said()
    link = opened(mosquitto.url, said=said)
    link.publish("sagui/#", b"nonsense")
    publish(link, range(3))
    assert not link.drain(10)
    assert (link.waiting, link.acknowledged, link.dropped) == (0, 3, 1)
    assert eventually(lambda: reader.numbers() == [0, 1, 2])
    assert said.events.count("result-refused") == 1
    link.close()


def test_what_a_broker_does_not_want_is_given_up_and_said(
    stopped_mosquitto: Any, tmp_path: Path, eventually: Eventually
) -> None:
    (tmp_path / "acl").write_text("topic write sagui/porch/availability\n")
    with stopped_mosquitto._config.open("a") as config:
        config.write(f"user root\nacl_file {tmp_path}/acl\n")  # a broker that root starts would become another
    stopped_mosquitto.start()
    said = Said()
    link = opened(stopped_mosquitto.url, open_outbox(tmp_path / "outbox", said), said, "5")
    publish(link, range(3))
    assert not link.drain(10)
    assert (link.acknowledged, link.dropped, link.waiting) == (0, 3, 0)
    assert [text for text in said.texts if "Not authorized" in text and "given up" in text]
    link.close()


def test_a_connection_is_never_made_again(mosquitto: Any, eventually: Eventually) -> None:
    happened: list[Happening] = []
    connection = Connection(
        parse_address(mosquitto.url, {}), "porch", MQTTProtocolVersion.MQTTv5, lambda _, what: happened.append(what)
    )
    connection.open()
    assert eventually(lambda: bool(happened))
    assert happened == [Opened(window=16)]
    assert not connection.dead
    mosquitto.stop()
    assert eventually(lambda: connection.dead)
    assert isinstance(happened[-1], Lost)


def test_a_server_that_speaks_nonsense_is_left(eventually: Eventually) -> None:
    said = Said()
    connects: list[int] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                connects.append(1)
                connection.recv(1024)
                connection.sendall(b"\x20\x03\x00\x00\x00" + b"\x40\x01\x00\xff\xff\xff\xff\xff\xff")

        threading.Thread(target=serve, daemon=True).start()
        link = Link(Address("127.0.0.1", server.getsockname()[1]), "porch", said, "5")
        link.open()
        assert eventually(lambda: len(connects) >= 2)
        link.close()


@given(st.integers(0, 100), st.integers(0, 2**32))
def test_pauses_are_spread_and_bounded(attempt: int, seed: int) -> None:
    assert 0 <= pause_s(attempt, Random(seed)) <= 30  # noqa: S311


def test_pauses_double() -> None:
    class Longest(Random):
        def uniform(self, a: float, b: float) -> float:  # noqa: ARG002
            return b

    assert [pause_s(attempt, Longest()) for attempt in (0, 1, 2)] == [
        min(link_module._RETRY_MAX_S, link_module._RETRY_MIN_S * factor) for factor in (1, 2, 4)
    ]


@given(st.permutations(list(range(8))), st.integers(0, 8))
def test_messages_are_let_go_of_in_order(order: list[int], count: int) -> None:
    window = Window(8)
    for mid in range(8):
        assert not window.full
        window.send(mid, 100 + mid)
    assert window.full
    done = []
    for mid in order[:count]:
        done += window.acknowledge(mid)
        assert window.acknowledge(1000) == []
    arrived = set(order[:count])
    prefix = next((mid for mid in range(8) if mid not in arrived), 8)
    assert done == list(range(100, 100 + prefix))


def test_time_is_not_wasted_on_a_link_that_was_never_opened() -> None:
    start = time.monotonic()
    Link(Address("127.0.0.1", 1), "porch", Said()).close()
    assert time.monotonic() - start < 5
