"""The connection to the broker, over paho-mqtt.

It connects in the background, keeps trying, and goes down from MQTT 5 to 3.1.1 by itself when the broker asks for it.
What is published meanwhile waits, up to `MAX_WAITING` messages.
"""

import threading
from collections import deque
from contextlib import suppress
from queue import Empty, SimpleQueue
from random import SystemRandom
from time import monotonic, sleep
from typing import Literal

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from sagui.device.address import Address
from sagui.device.events import Events
from sagui.wire import topics

Protocol = Literal["auto", "5", "3.1.1"]

MAX_WAITING = 10_000
"""Messages kept while the broker is away; past that the oldest is dropped, and counted."""

_KEEPALIVE_S = 30
_RETRY_MIN_S, _RETRY_MAX_S, _RETRY_JITTER_S = 1, 30, 15
_RANDOM = SystemRandom()
_ANSWER_S = 2.0
_DRAIN_STEP_S = 0.02
_GOODBYE_S = 2.0
_UNSUPPORTED_PROTOCOL = "Unsupported protocol version"


class Link:
    """A device's place on a broker."""

    def __init__(self, address: Address, device: str, events: Events, protocol: Protocol = "auto") -> None:
        """Prepares the connection; `open` makes it.

        Args:
            address: The broker.
            device: The name in the topics, and the client id.
            events: Told of what happens to the connection.
            protocol: ``auto`` tries MQTT 5 first.
        """
        self._address, self._device, self._events = address, device, events
        self._protocol = protocol
        # paho holds a lock of its own while it calls `_on_publish`, and takes it in `publish`. So acknowledgements go
        # through a queue: waiting for our lock there could wait for ever.
        self._lock = threading.Lock()
        self._puback: SimpleQueue[int] = SimpleQueue()
        self._waiting: deque[tuple[str, bytes]] = deque()
        self._retained: dict[str, bytes] = {}
        self._in_flight: set[int] = set()
        self._connected = False
        self._told_away = False
        self._told_dropped = False
        self._ready = False
        self._closing = False
        self._may_fall_back = protocol == "auto"
        self._falling_back = False
        self._unanswered: threading.Timer | None = None
        self.published = 0
        self.acknowledged = 0
        self.dropped = 0
        self._client = self._new_client(
            MQTTProtocolVersion.MQTTv311 if protocol == "3.1.1" else MQTTProtocolVersion.MQTTv5
        )

    def open(self) -> None:
        """Starts connecting, in the background."""
        self._start(self._client)

    def ready(self) -> None:
        """Says ``online``, now and after every reconnection: the device is about to publish."""
        with self._lock:
            self._ready = True
            if self._connected:
                self._say_online(self._client)

    def publish(self, topic: str, payload: bytes) -> None:
        """Sends a message once (QoS 1), now or when the broker is there."""
        with self._lock:
            self.published += 1
            if self._connected:
                self._send(topic, payload)
                return
            if len(self._waiting) >= MAX_WAITING:
                self._waiting.popleft()
                self.dropped += 1
            self._waiting.append((topic, payload))
            first_drop = self.dropped == 1 and not self._told_dropped
            self._told_dropped = self._told_dropped or first_drop
        if first_drop:
            self._events.say("dropped", f"more than {MAX_WAITING} results wait for the broker: dropping the oldest")

    def retain(self, topic: str, payload: bytes) -> None:
        """Sends a message that the broker keeps; said again after every reconnection, because brokers forget."""
        with self._lock:
            self._retained[topic] = payload
            if self._connected:
                self._client.publish(topic, payload, qos=1, retain=True)

    def drain(self, timeout_s: float) -> bool:
        """Waits until the broker has acknowledged every message sent once.

        Returns:
            Whether it did; not, if any was dropped while the broker was away.
        """
        until = monotonic() + timeout_s
        while True:
            with self._lock:
                self._count_acknowledged()
                if not self._waiting and not self._in_flight:
                    return self.dropped == 0
            remaining = until - monotonic()
            if remaining <= 0:
                return False
            sleep(min(_DRAIN_STEP_S, remaining))

    def close(self) -> None:
        """Says goodbye, if the broker is there, and disconnects."""
        with self._lock:
            self._closing = True
            goodbye = None
            if self._connected:
                topic = topics.availability(self._device)
                goodbye = self._client.publish(topic, topics.OFFLINE, qos=1, retain=True)
            client = self._client
        if goodbye is not None:
            with suppress(RuntimeError, ValueError):  # the connection was just lost: the last will speaks
                goodbye.wait_for_publish(_GOODBYE_S)
        client.disconnect()
        client.loop_stop()

    def _new_client(self, version: MQTTProtocolVersion) -> mqtt.Client:
        client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=f"sagui-{self._device}", protocol=version)
        if self._address.tls:
            client.tls_set()
        if self._address.user is not None:
            client.username_pw_set(self._address.user, self._address.password)
        client.will_set(topics.availability(self._device), topics.OFFLINE, qos=1, retain=True)
        # Some jitter, so that the devices of a house do not all come back in the same second.
        client.reconnect_delay_set(_RETRY_MIN_S, _RETRY_MAX_S + _RANDOM.randrange(_RETRY_JITTER_S))
        client.on_socket_open = self._on_socket_open
        client.on_connect = self._on_connect
        client.on_connect_fail = self._on_connect_fail
        client.on_disconnect = self._on_disconnect
        client.on_publish = self._on_publish
        return client

    def _start(self, client: mqtt.Client) -> None:
        client.connect_async(self._address.host, self._address.port, keepalive=_KEEPALIVE_S)
        client.loop_start()

    def _send(self, topic: str, payload: bytes) -> None:
        self._in_flight.add(self._client.publish(topic, payload, qos=1).mid)
        self._count_acknowledged()

    def _count_acknowledged(self) -> None:
        with suppress(Empty):
            while True:
                mid = self._puback.get_nowait()
                if mid in self._in_flight:
                    self._in_flight.remove(mid)
                    self.acknowledged += 1

    # What follows is called by paho's thread.

    def _on_socket_open(self, _client: mqtt.Client, _data: object, _socket: object) -> None:
        if self._may_fall_back:
            # Some brokers that know only 3.1.1 wait for ever for the rest of what they take MQTT 5 for.
            self._unanswered = threading.Timer(_ANSWER_S, self._fall_back, ["does not answer MQTT 5"])
            self._unanswered.daemon = True
            self._unanswered.start()

    def _on_connect(
        self,
        client: mqtt.Client,
        _data: object,
        _flags: object,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        if client is not self._client:
            return
        self._answered()
        if reason.is_failure:
            self._refused(reason)
            return
        self._may_fall_back = False
        version = "5" if client.protocol == MQTTProtocolVersion.MQTTv5 else "3.1.1"
        self._events.say("connected", f"connected to {self._address} (MQTT {version})", protocol=version)
        with self._lock:
            self._connected, self._told_away = True, False
            for topic, payload in self._retained.items():
                client.publish(topic, payload, qos=1, retain=True)
            while self._waiting:
                self._send(*self._waiting.popleft())
            if self._ready:
                self._say_online(client)

    def _say_online(self, client: mqtt.Client) -> None:
        client.publish(topics.availability(self._device), topics.ONLINE, qos=1, retain=True)

    def _answered(self) -> None:
        if self._unanswered is not None:
            self._unanswered.cancel()

    def _refused(self, reason: ReasonCode) -> None:
        if self._may_fall_back and reason.getName() == _UNSUPPORTED_PROTOCOL:
            self._fall_back_soon("does not speak MQTT 5")
            return
        self._may_fall_back = False  # it understood MQTT 5, and does not want us
        if not self._told_away:
            self._told_away = True
            self._events.say("refused", f"{self._address} refuses the connection: {reason.getName()}; trying again")

    def _fall_back_soon(self, why: str) -> None:
        # In a thread of its own, because a client cannot be stopped from its own. A refusal is followed by a hang-up:
        # the first reason is the one to tell.
        if not self._falling_back:
            self._falling_back = True
            threading.Thread(target=self._fall_back, args=[why], daemon=True).start()

    def _fall_back(self, why: str) -> None:
        with self._lock:
            if not self._may_fall_back or self._closing:
                return
            self._may_fall_back = False
            old, self._client = self._client, self._new_client(MQTTProtocolVersion.MQTTv311)
            new = self._client
        self._events.say("fallback", f"{self._address} {why}: going on with MQTT 3.1.1")
        old.disconnect()
        old.loop_stop()
        self._start(new)

    def _on_connect_fail(self, _client: mqtt.Client, _data: object) -> None:
        self._say_away(f"{self._address} is away; trying again until it is there")

    def _on_disconnect(
        self,
        client: mqtt.Client,
        _data: object,
        _flags: object,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        with self._lock:
            if client is not self._client or self._closing:
                return
            was_connected, self._connected = self._connected, False
        self._answered()
        if self._may_fall_back:
            self._fall_back_soon("hangs up on MQTT 5")
        if not was_connected:
            return
        self._say_away(f"the connection to {self._address} is lost ({reason.getName()}); reconnecting")

    def _say_away(self, text: str) -> None:
        if not self._told_away and not self._closing:
            self._told_away = True
            self._events.say("away", text)

    def _on_publish(
        self,
        _client: mqtt.Client,
        _data: object,
        mid: int,
        _reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        self._puback.put(mid)
