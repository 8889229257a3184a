"""A subscriber: what a dashboard does."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from time import monotonic, sleep
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from sagui.deploy.demo.errors import DemoError
from sagui.device.mqtt.address import Address
from sagui.wire import Result, WireError, decode, topics

_CONNECT_SECONDS = 10.0
_FORGET_SECONDS = 2.0
_STEP_S = 0.05

_RETAINED = (
    topics.availability,
    topics.state,
    topics.health,
    topics.telemetry,
    topics.update_state,
    topics.snapshot,
)


class Listener:
    """Counts and hands on the results of one device."""

    def __init__(self, on_result: Callable[[Result], None]) -> None:
        self._on_result = on_result
        self._seen: set[str] = set()
        self.subscribed = threading.Event()
        self.unreadable = 0

    @property
    def received(self) -> int:
        """How many different results came."""
        return len(self._seen)

    def wait_for(self, count: int, timeout_s: float) -> bool:
        """Waits until so many different results came."""
        until = monotonic() + timeout_s
        while self.received < count and monotonic() < until:
            sleep(_STEP_S)
        return self.received >= count

    def on_subscribe(
        self,
        _client: mqtt.Client,
        _data: object,
        _mid: int,
        reasons: list[ReasonCode],
        _properties: Properties | None,
    ) -> None:
        """Called by paho; a broker may also say no."""
        if not any(reason.is_failure for reason in reasons):
            self.subscribed.set()

    def on_message(self, _client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:  # noqa: ANN401
        """Called by paho."""
        try:
            result = decode(bytes(message.payload), Result)
        except WireError:
            self.unreadable += 1
            return
        if result.id not in self._seen:  # QoS 1 may say a thing twice
            self._seen.add(result.id)
            self._on_result(result)


@contextmanager
def listening(address: Address, device: str, on_result: Callable[[Result], None]) -> Iterator[Listener]:
    """Subscribes to a device's results as long as the block; then forgets what the broker kept of it.

    Raises:
        DemoError: The broker is not there.
    """
    listener = Listener(on_result)
    client = _client(address)
    client.on_message = listener.on_message
    client.on_connect = lambda client, *_: client.subscribe(topics.result(device), qos=1)
    client.on_subscribe = listener.on_subscribe
    client.connect_async(address.host, address.port)
    client.loop_start()
    try:
        if not listener.subscribed.wait(_CONNECT_SECONDS):
            raise DemoError(f"no broker answers at {address}; is it running, and may this user subscribe to sagui/#?")
        yield listener
        _forget(client, device)
    finally:
        client.disconnect()
        client.loop_stop()


def forget(address: Address, devices: Sequence[str]) -> None:
    """Has the broker forget what it kept of devices; one that is gone has forgotten it."""
    client, connected = _client(address), threading.Event()
    client.on_connect = lambda *_: connected.set()
    client.connect_async(address.host, address.port)
    client.loop_start()
    try:
        if connected.wait(_FORGET_SECONDS):
            for device in devices:
                _forget(client, device)
    finally:
        client.disconnect()
        client.loop_stop()


def _client(address: Address) -> mqtt.Client:
    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv311)
    if address.tls:
        client.tls_set()
    if address.user is not None:
        client.username_pw_set(address.user, address.password)
    return client


def _forget(client: mqtt.Client, device: str) -> None:
    for topic_of in _RETAINED:
        with suppress(RuntimeError, ValueError):  # the broker is gone, and what it kept with it
            client.publish(topic_of(device), b"", qos=1, retain=True).wait_for_publish(_FORGET_SECONDS)
