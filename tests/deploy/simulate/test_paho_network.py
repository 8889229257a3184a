"""Simulated devices on a real broker, each with a connection of its own."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from tests.conftest import free_port

from sagui.deploy.broker.authority import found_authority
from sagui.deploy.rollout.address import Address
from sagui.deploy.simulate.acts import Dial, Say
from sagui.deploy.simulate.network import Connected, Happening, Heard, Lost
from sagui.deploy.simulate.paho_network import PahoNetwork

WILL = Say("sagui/one/availability", b"offline", retain=True)
DIAL = Dial("client-one", WILL, ("sagui/one/command",))


@pytest.fixture(params=[MQTTProtocolVersion.MQTTv5, MQTTProtocolVersion.MQTTv311], ids=["5", "3.1.1"])
def network(request: pytest.FixtureRequest, mosquitto: Any) -> Iterator[PahoNetwork]:
    made = PahoNetwork(Address("127.0.0.1", mosquitto.port), request.param)
    yield made
    made.close()


class Listener:
    """What another client of the broker hears."""

    def __init__(self, port: int) -> None:
        self.heard: list[tuple[str, bytes, bool]] = []
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2)
        self.client.on_message = lambda _client, _data, message: self.heard.append(
            (message.topic, bytes(message.payload), message.retain)
        )
        self.client.on_connect = lambda client, *_: client.subscribe("sagui/#", qos=1)
        subscribed = threading.Event()
        self.client.on_subscribe = lambda *_: subscribed.set()
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        assert subscribed.wait(20)

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


@pytest.fixture
def listener(mosquitto: Any) -> Iterator[Listener]:
    made = Listener(mosquitto.port)
    yield made
    made.close()


def until(
    network: PahoNetwork, condition: Callable[[list[Happening]], bool], timeout_s: float = 20.0
) -> list[Happening]:
    happened: list[Happening] = []
    end = time.monotonic() + timeout_s
    while not condition(happened):
        assert time.monotonic() < end, happened
        happened += network.listen(0.05)
    return happened


def connected(network: PahoNetwork, dial: Dial = DIAL) -> None:
    network.dial("one", dial)
    assert until(network, bool) == [Connected("one")]


def test_what_is_said_arrives_and_is_counted_when_it_did(network: PahoNetwork, listener: Listener) -> None:
    connected(network)
    for number in range(200):
        network.say("one", Say("sagui/one/result", b"%d" % number))
    until(network, lambda _: network.delivered == 200)
    until(network, lambda _: len(listener.heard) == 200)
    assert [payload for _, payload, _ in listener.heard] == [b"%d" % number for number in range(200)]


def test_a_device_hears_what_it_listens_to_and_what_the_broker_kept(network: PahoNetwork, listener: Listener) -> None:
    listener.client.publish("sagui/fleet/demo/desired", b"kept", 1, retain=True).wait_for_publish(10)
    network.dial("one", Dial("client-one", WILL, ("sagui/one/command", "sagui/fleet/demo/desired")))
    happened = until(network, lambda happened: len(happened) == 2)
    assert happened == [Connected("one"), Heard("one", "sagui/fleet/demo/desired", b"kept", retained=True)]
    listener.client.publish("sagui/two/command", b"not for it", 1)
    listener.client.publish("sagui/one/command", b"report", 1)
    assert until(network, bool) == [Heard("one", "sagui/one/command", b"report", retained=False)]


def test_who_leaves_has_said_all_and_its_will_is_not_said(network: PahoNetwork, listener: Listener) -> None:
    connected(network)
    # More than may be on their way at a time.
    said = [b"%d" % number for number in range(100)]
    for payload in said:
        network.say("one", Say("sagui/one/result", payload))
    network.say("one", Say(WILL.topic, b"", retain=True))
    network.leave("one")
    connected(network, Dial("client-one-again", Say("sagui/x", b"x"), ()))
    until(network, lambda _: len(listener.heard) == 101)
    assert network.listen(0.3) == []
    assert [payload for _, payload, _ in listener.heard] == [*said, b""]


def test_a_device_that_is_gone_says_nothing(network: PahoNetwork) -> None:
    network.say("one", Say("sagui/one/result", b"1"))
    network.leave("one")
    assert network.listen(0.05) == []
    assert network.delivered == 0


def test_a_broker_that_is_not_there_loses_all_and_is_found_again(
    network: PahoNetwork, mosquitto: Any, eventually: Callable[..., bool]
) -> None:
    connected(network)
    mosquitto.stop()
    (lost,) = until(network, bool)
    assert isinstance(lost, Lost)
    network.dial("one", DIAL)
    assert until(network, bool) == [Lost("one", "Connection refused")]
    mosquitto.start()
    connected(network)


def test_a_broker_that_wants_a_password_is_told_of(stopped_mosquitto: Any) -> None:
    config = stopped_mosquitto._config
    config.write_text(config.read_text().replace("allow_anonymous true", "allow_anonymous false"))
    stopped_mosquitto.start()
    network = PahoNetwork(Address("127.0.0.1", stopped_mosquitto.port))
    network.dial("one", DIAL)
    assert until(network, bool) == [Lost("one", "Not authorized")]
    network.close()


@pytest.fixture
def certificates(tmp_path: Path) -> Path:
    """A folder with an authority, and a server's certificate and key."""
    now = datetime.now(UTC)
    authority = found_authority("test", now)
    server = authority.server(["127.0.0.1"], now)
    for name, content in (("ca", authority.pem().certificate), ("crt", server.certificate), ("key", server.key)):
        (tmp_path / name).write_bytes(content)
    return tmp_path


def test_over_tls_everything_is_said_and_heard(stopped_mosquitto: Any, certificates: Path) -> None:
    port, config = free_port(), stopped_mosquitto._config
    files = f"cafile {certificates}/ca\ncertfile {certificates}/crt\nkeyfile {certificates}/key\n"
    config.write_text(f"user root\n{config.read_text()}listener {port} 127.0.0.1\n{files}")
    stopped_mosquitto.start()
    context = ssl.create_default_context(cafile=str(certificates / "ca"))
    network = PahoNetwork(Address("127.0.0.1", port, context))
    listener = Listener(stopped_mosquitto.port)
    try:
        connected(network)
        network.say("one", Say("sagui/one/result", b"x" * 50_000))
        until(network, lambda _: len(listener.heard) == 1)
        # Larger than what TLS decrypts at once.
        for number in range(20):
            listener.client.publish("sagui/one/command", b"%d" % number * 10_000, 1)
        happened = until(network, lambda happened: len(happened) == 20)
        assert [one.payload for one in happened if isinstance(one, Heard)] == [b"%d" % n * 10_000 for n in range(20)]
        network.leave("one")
    finally:
        listener.close()
        network.close()


def test_what_tls_decrypted_in_one_go_is_heard_in_one_go(certificates: Path) -> None:
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(certificates / "crt", certificates / "key")
    with socket.create_server(("127.0.0.1", 0)) as door:

        def serve() -> None:
            with server.wrap_socket(door.accept()[0], server_side=True) as line:
                line.recv(4096)
                accepted, topic = b"\x20\x03\x00\x00\x00", b"sagui/one/command"
                message = b"\x00" + bytes([len(topic)]) + topic + b"\x00" + b"report"
                line.sendall(accepted + 3 * (b"\x30" + bytes([len(message)]) + message))
                ended.wait(30)

        ended = threading.Event()
        thread = threading.Thread(target=serve)
        thread.start()
        context = ssl.create_default_context(cafile=str(certificates / "ca"))
        network = PahoNetwork(Address("127.0.0.1", door.getsockname()[1], context))
        network.dial("one", DIAL)
        happened = until(network, lambda happened: len(happened) == 4)
        assert happened == [Connected("one"), *3 * [Heard("one", "sagui/one/command", b"report", retained=False)]]
        ended.set()
        thread.join(30)
        network.close()


def test_a_broker_whose_authority_is_not_trusted_is_not_talked_to(mosquitto: Any) -> None:
    network = PahoNetwork(Address("127.0.0.1", mosquitto.port, ssl.create_default_context()))
    network.dial("one", DIAL)
    (lost,) = until(network, bool)
    assert isinstance(lost, Lost)
    network.close()
