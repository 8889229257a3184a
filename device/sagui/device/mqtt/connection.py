"""One connection to the broker, over paho-mqtt, and what happens to it.

It is never made again after it was lost: another is made instead. paho would send what it has in flight again by
itself, but behind what is published in `on_connect`; a client that knows nothing of before cannot upset the order.
"""

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from socket import SHUT_RDWR, socket

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, LogLevel, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from sagui.device.mqtt.address import Address
from sagui.device.mqtt.tls import find_alert, open_context
from sagui.wire import topics

WINDOW = 16
"""Results on their way at a time; paho's own limit is 20, and what is retained needs room too."""

_KEEPALIVE_S = 30
_GOODBYE_S = 2.0
_UNSUPPORTED_PROTOCOL = "Unsupported protocol version"
_LARGEST_PACKET_BYTES = 80_000


@dataclass(frozen=True)
class Opened:
    """The broker takes us.

    Attributes:
        window: How many messages may be on their way at a time.
    """

    window: int


@dataclass(frozen=True)
class Refused:
    """The broker does not take us.

    Attributes:
        unsupported: Because it does not speak this version of MQTT.
    """

    reason: str
    unsupported: bool


@dataclass(frozen=True)
class Lost:
    """The connection is no more.

    Attributes:
        alert: What the broker does not like about our side of TLS, if it told.
    """

    reason: str
    alert: str | None = None


@dataclass(frozen=True)
class Acknowledged:
    """A message arrived.

    Attributes:
        mid: As `Connection.publish` gave it.
        failure: Why the broker did not want it, if so.
    """

    mid: int
    failure: str | None = None


@dataclass(frozen=True)
class Deaf:
    """The broker does not let us listen to what we subscribed to."""

    reason: str


@dataclass(frozen=True)
class Received:
    """A message came.

    Attributes:
        retained: The broker had kept it: it can be old.
    """

    topic: str
    payload: bytes
    retained: bool


Happening = Opened | Refused | Lost | Acknowledged | Deaf | Received


class Connection:
    """A paho client that connects once."""

    def __init__(
        self,
        address: Address,
        device: str,
        version: MQTTProtocolVersion,
        tell: Callable[["Connection", Happening], None],
        boot: str = "0",
    ) -> None:
        """Prepares it.

        Args:
            address: The broker.
            device: The name in the topics.
            version: Of MQTT.
            tell: Called from paho's thread, which holds locks that `publish` needs: it must not wait for anything.
            boot: Sets the client id apart from another agent's: a broker throws out who comes with an id again.
        """
        self._address, self._version, self._tell = address, version, tell
        self._availability = topics.availability(device)
        self._paho: threading.Thread | None = None
        self._alert: str | None = None
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=f"sagui-{device}-{boot}",
            protocol=version,
            reconnect_on_failure=False,
        )
        if address.user is not None:
            client.username_pw_set(address.user, address.password)
        client.will_set(self._availability, topics.OFFLINE, qos=1, retain=True)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_publish = self._on_publish
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        self._client = client

    def open(self) -> None:
        """Connects to the broker's port, and asks it to take us; `Opened` or `Refused` tells its answer.

        Raises:
            BrokerError: A certificate or key of ours cannot be used.
            OSError: It is not there, or TLS failed.
        """
        if self._address.tls:
            # Read for each connection: certificates are renewed while the agent runs.
            self._client.tls_set_context(open_context(self._address.files))
            self._client.on_log = self._on_log
        properties = None
        if self._version == MQTTProtocolVersion.MQTTv5:
            properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho's
            properties.MaximumPacketSize = _LARGEST_PACKET_BYTES
        self._client.connect(self._address.host, self._address.port, keepalive=_KEEPALIVE_S, properties=properties)
        self._client.loop_start()

    @property
    def dead(self) -> bool:
        """Whether paho gave up without a word: what a broker says can be no MQTT at all."""
        return self._paho is not None and not self._paho.is_alive()

    def subscribe(self, topic: str) -> None:
        """Asks for what is said on a topic (QoS 1); `Received` brings it, and `Deaf` says that it will not.

        Raises:
            ValueError: The topic cannot be subscribed to.
        """
        self._client.subscribe(topic, qos=1)

    def publish(self, topic: str, payload: bytes, *, qos: int = 1, retain: bool = False) -> int:
        """Sends a message.

        Returns:
            What `Acknowledged` will call it.

        Raises:
            ValueError: The topic cannot be published to.
        """
        return self._client.publish(topic, payload, qos=qos, retain=retain).mid

    def say_online(self) -> None:
        """Says that the device is there."""
        self.publish(self._availability, topics.ONLINE, retain=True)

    def leave(self, *, silently: bool = False) -> None:
        """Disconnects, so that the last will is not published.

        Args:
            silently: Without a goodbye: another agent has the name.
        """
        if not silently:
            with suppress(RuntimeError, ValueError):  # the connection was just lost: the last will speaks
                goodbye = self._client.publish(self._availability, topics.OFFLINE, qos=1, retain=True)
                goodbye.wait_for_publish(_GOODBYE_S)
        self._client.disconnect()
        if self._paho:
            self._paho.join(_GOODBYE_S)
        self.drop()

    def drop(self) -> None:
        """Hangs up; nothing is waited for, because a broker that hangs would never let us go."""
        line = self._client.socket()
        if isinstance(line, socket):
            with suppress(OSError):
                # That of `SSLSocket` would first forget its keys, and paho's thread go on in plain text.
                socket.shutdown(line, SHUT_RDWR)

    # What follows is called by paho's thread.

    def _on_connect(
        self,
        _client: mqtt.Client,
        _data: object,
        _flags: object,
        reason: ReasonCode,
        properties: Properties | None,
    ) -> None:
        self._paho = threading.current_thread()
        self._client.on_log = None
        if reason.is_failure:
            name = reason.getName()
            self._tell(self, Refused(name, unsupported=name == _UNSUPPORTED_PROTOCOL))
            return
        self._tell(self, Opened(min(WINDOW, getattr(properties, "ReceiveMaximum", WINDOW))))

    def _on_disconnect(
        self,
        _client: mqtt.Client,
        _data: object,
        _flags: object,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        self._tell(self, Lost(reason.getName(), self._alert))

    def _on_publish(
        self,
        _client: mqtt.Client,
        _data: object,
        mid: int,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        self._tell(self, Acknowledged(mid, reason.getName() if reason.is_failure else None))

    def _on_subscribe(
        self,
        _client: mqtt.Client,
        _data: object,
        _mid: int,
        reasons: list[ReasonCode],
        _properties: Properties | None,
    ) -> None:
        for reason in reasons:
            if reason.is_failure:
                self._tell(self, Deaf(reason.getName()))

    def _on_message(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        with suppress(UnicodeDecodeError):  # a topic that is no text is none of ours
            self._tell(self, Received(message.topic, bytes(message.payload), message.retain))

    def _on_log(self, _client: mqtt.Client, _data: object, level: int, text: str) -> None:
        # paho tells nobody else why the socket failed.
        if level == LogLevel.MQTT_LOG_ERR:
            self._alert = find_alert(text) or self._alert
