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
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from sagui.device.address import Address
from sagui.wire import topics

WINDOW = 16
"""Results on their way at a time; paho's own limit is 20, and what is retained needs room too."""

_KEEPALIVE_S = 30
_GOODBYE_S = 2.0
_UNSUPPORTED_PROTOCOL = "Unsupported protocol version"


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
    """The connection is no more."""

    reason: str


@dataclass(frozen=True)
class Acknowledged:
    """A message arrived.

    Attributes:
        mid: As `Connection.publish` gave it.
        failure: Why the broker did not want it, if so.
    """

    mid: int
    failure: str | None = None


Happening = Opened | Refused | Lost | Acknowledged


class Connection:
    """A paho client that connects once."""

    def __init__(
        self,
        address: Address,
        device: str,
        version: MQTTProtocolVersion,
        tell: Callable[["Connection", Happening], None],
    ) -> None:
        """Prepares it.

        Args:
            address: The broker.
            device: The name in the topics, and the client id.
            version: Of MQTT.
            tell: Called from paho's thread, which holds locks that `publish` needs: it must not wait for anything.
        """
        self._address, self._tell = address, tell
        self._availability = topics.availability(device)
        self._paho: threading.Thread | None = None
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=f"sagui-{device}",
            protocol=version,
            reconnect_on_failure=False,
        )
        if address.tls:
            client.tls_set()
        if address.user is not None:
            client.username_pw_set(address.user, address.password)
        client.will_set(self._availability, topics.OFFLINE, qos=1, retain=True)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_publish = self._on_publish
        self._client = client

    def open(self) -> None:
        """Connects to the broker's port, and asks it to take us; `Opened` or `Refused` tells its answer.

        Raises:
            OSError: It is not there, or TLS failed.
        """
        self._client.connect(self._address.host, self._address.port, keepalive=_KEEPALIVE_S)
        self._client.loop_start()

    @property
    def dead(self) -> bool:
        """Whether paho gave up without a word: what a broker says can be no MQTT at all."""
        return self._paho is not None and not self._paho.is_alive()

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> int:
        """Sends a message (QoS 1).

        Returns:
            What `Acknowledged` will call it.

        Raises:
            ValueError: The topic cannot be published to.
        """
        return self._client.publish(topic, payload, qos=1, retain=retain).mid

    def say_online(self) -> None:
        """Says that the device is there."""
        self.publish(self._availability, topics.ONLINE, retain=True)

    def leave(self) -> None:
        """Says goodbye and disconnects."""
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
                line.shutdown(SHUT_RDWR)

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
        self._tell(self, Lost(reason.getName()))

    def _on_publish(
        self,
        _client: mqtt.Client,
        _data: object,
        mid: int,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        self._tell(self, Acknowledged(mid, reason.getName() if reason.is_failure else None))
