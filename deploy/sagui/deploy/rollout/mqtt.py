"""The line to a real broker, over paho-mqtt. It connects once; when it is lost, another is opened."""

import queue
import socket
import ssl
import threading
from collections.abc import Sequence
from contextlib import suppress
from secrets import token_hex
from time import monotonic
from typing import Literal

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from sagui.deploy.rollout.address import Address
from sagui.deploy.rollout.client import ANSWER_S, make_client
from sagui.deploy.rollout.errors import BrokerError, LostError
from sagui.deploy.rollout.port import Heard

Protocol = Literal["5", "3.1.1"]

_KEEPALIVE_S = 30
_LOOK_S = 0.5
_SESSION_S = 600
_LARGEST_BYTES = 64 * 1024


def new_name() -> str:
    """A client's name that nobody else has."""
    return f"sagui-operator-{token_hex(6)}"


class MqttLine:
    """See `sagui.deploy.rollout.port.Line`.

    It listens with QoS 0: a broker holds back what a subscriber has not acknowledged, and throws away what is more than
    it will hold (mosquitto: 1,000 messages), without a word. What was lost is read again from what is kept.
    """

    def __init__(self, address: Address, protocol: Protocol = "5", name: str | None = None) -> None:
        """Connects.

        Args:
            address: The broker.
            protocol: The version of MQTT.
            name: The client's, by which the broker knows us again; None takes a new one.

        Raises:
            BrokerError: It is not there, is not trusted, or does not want us.
        """
        self._address = address
        self._heard: queue.SimpleQueue[Heard | None] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[tuple[str, str]] = queue.SimpleQueue()
        self._lost = threading.Event()
        self._protocol = protocol
        self._client = self._make(name or new_name())
        self._remembers: bool | None = None
        self._open()

    @property
    def remembers(self) -> bool | None:
        """See `Line.remembers`. By the session, which a broker keeps and loses together with what is retained."""
        return self._remembers

    def subscribe(self, filters: Sequence[str]) -> None:
        """See `Line.subscribe`."""
        # The answer to the last, once more, comes behind what is kept below all of them.
        for one in (*filters, *filters[-1:]):
            self._client.subscribe(one, qos=0)
            if why := self._answer("subscribe"):
                raise BrokerError(f"{self._address} does not let us read {one}: {why}; the user needs the right to")

    def hear(self, timeout_s: float) -> Heard | None:
        """See `Line.hear`."""
        until = monotonic() + timeout_s
        while True:
            with suppress(queue.Empty):
                return self._heard.get(timeout=max(0.0, min(_LOOK_S, until - monotonic())))
            self._check()
            if monotonic() >= until:
                return None

    def keep(self, topic: str, payload: bytes) -> None:
        """See `Line.keep`."""
        self._check()
        self._client.publish(topic, payload, qos=1, retain=True)
        if why := self._answer("publish"):
            raise BrokerError(f"{self._address} does not let us write {topic}: {why}; the user needs the right to")

    def close(self) -> None:
        """See `Line.close`."""
        self._client.disconnect()
        self._client.loop_stop()

    def _make(self, name: str) -> mqtt.Client:
        client = make_client(self._address, name, self._protocol, mqtt.Client)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = self._on_subscribe
        client.on_publish = self._on_publish
        client.on_message = self._on_message
        return client

    def _open(self) -> None:
        try:
            self._connect()
        except (ssl.SSLEOFError, ConnectionResetError) as error:
            raise LostError(f"{self._address}: the connection is closed at once{self._maybe()}") from error
        except ssl.SSLError as error:
            if error.reason == "WRONG_VERSION_NUMBER":
                raise BrokerError(f"{self._address} does not speak TLS{self._maybe()}") from error
            why = getattr(error, "verify_message", "") or error.reason or error
            raise BrokerError(f"{self._address}: no TLS that we trust: {why}; --ca names whom to trust") from error
        except OSError as error:
            why = error.strerror if isinstance(error, socket.gaierror | ConnectionError) else error
            raise LostError(f"{self._address} is not there: {why}; sagui doctor --broker URL tells more") from error
        self._client.loop_start()
        try:
            why = self._answer("connect")
        except BrokerError as error:
            self.close()
            if self._lost.is_set():
                raise LostError(f"{self._address}: the connection is closed at once{self._maybe()}") from error
            raise
        if why:
            self.close()
            hint = "; try --mqtt 3.1.1" if why == "Unsupported protocol version" else ""
            raise BrokerError(f"{self._address} refuses the connection: {why}{hint}")

    def _connect(self) -> None:
        place = self._address.host, self._address.port, _KEEPALIVE_S
        if self._protocol == "3.1.1":
            # There a session would never end by itself.
            self._client.connect(*place)
            return
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = _SESSION_S
        self._client.connect(*place, clean_start=False, properties=properties)

    def _maybe(self) -> str:
        """What is often the cause where a broker hangs up without a word."""
        place = f"{self._address.host}:{self._address.port}"
        if self._address.tls is None:
            return f"; the port may speak TLS: mqtts://{place}"
        return f"; the port may be one without TLS, mqtt://{place}, or want a certificate, --certificate"

    def _answer(self, to: str) -> str:
        """Waits for the broker's answer; gives why it says no, or nothing."""
        until = monotonic() + ANSWER_S
        while (left_s := until - monotonic()) > 0:
            with suppress(queue.Empty):
                what, why = self._answers.get(timeout=min(_LOOK_S, left_s))
                if what == to:
                    return why
                continue
            self._check()
        raise LostError(f"{self._address} does not answer; sagui doctor --broker URL tells more")

    def _check(self) -> None:
        if self._lost.is_set():
            raise LostError(f"{self._address}: the connection is lost")

    # What follows is called by paho's thread.

    def _on_connect(
        self,
        _client: mqtt.Client,
        _data: object,
        flags: mqtt.ConnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        if self._protocol == "5":
            self._remembers = flags.session_present
        self._answers.put(("connect", _failure(reason)))

    def _on_disconnect(
        self, _client: mqtt.Client, _data: object, _flags: object, _reason: ReasonCode, _properties: Properties | None
    ) -> None:
        self._lost.set()

    def _on_subscribe(
        self,
        _client: mqtt.Client,
        _data: object,
        _mid: int,
        reasons: list[ReasonCode],
        _properties: Properties | None,
    ) -> None:
        self._answers.put(("subscribe", next(filter(None, map(_failure, reasons)), "")))

    def _on_publish(
        self, _client: mqtt.Client, _data: object, _mid: int, reason: ReasonCode, _properties: Properties | None
    ) -> None:
        self._answers.put(("publish", _failure(reason)))

    def _on_message(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        with suppress(UnicodeDecodeError):  # a topic that is no text is none of ours
            self._heard.put(Heard(message.topic, bytes(message.payload[:_LARGEST_BYTES]), message.retain))


def _failure(reason: ReasonCode) -> str:
    return reason.getName() if reason.is_failure else ""
