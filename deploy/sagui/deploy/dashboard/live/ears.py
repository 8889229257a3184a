"""The line to the broker: hears the fleet in paho's thread, and asks devices to update."""

import sys
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from time import time

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from sagui.deploy.dashboard.errors import UnaskedError
from sagui.deploy.dashboard.live.absence import Absence, Kind
from sagui.deploy.dashboard.live.line import Line
from sagui.deploy.dashboard.live.plans import EVERY
from sagui.deploy.rollout.address import Address
from sagui.deploy.rollout.client import ANSWER_S, make_client
from sagui.deploy.watch.fleet import TOPICS
from sagui.wire import UpdateOrder, encode, topics

MOST_BYTES = 64 * 2**20
"""So much waits to be read; what comes on top is counted and lost."""

LONGEST_BYTES = 16 * 2**20
"""The broker is asked to send no longer message; only one of MQTT 5 can be asked."""

_ROW_BYTES = 500
_SESSION_S = 3600
_IN_FLIGHT = 1000


@dataclass(frozen=True, slots=True)
class Heard:
    """A message.

    Attributes:
        received_s: When it came; Unix time.
    """

    topic: str
    payload: bytes
    received_s: float
    retained: bool


class Ears:
    """Connects, and connects again; `take` gives what was heard.

    The broker keeps a session for an hour: results that come while the dashboard restarts are not missed.

    Attributes:
        away: Why there is no connection; None while there is.
        overrun: Messages that were lost because too much waited.
    """

    def __init__(self, address: Address, client_id: str, protocol: str = "5") -> None:
        """Begins to connect, and returns.

        Args:
            address: The broker.
            client_id: The same at the next start, and no other dashboard's.
            protocol: The version of MQTT.
        """
        self._address = address
        self.away: Absence | None = Absence("awaited", str(address))
        self.overrun = 0
        self._guard = threading.Condition()
        self._waiting: deque[Heard] = deque()
        self._bytes = 0
        self._client = make_client(address, client_id, protocol, Line, lasting=True)
        self._client.on_connect = self._on_connect
        self._client.on_connect_fail = self._on_connect_fail
        self._client.on_disconnect = self._on_disconnect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_message = self._on_message
        self._client.on_plain = self._hear
        self._client.reconnect_delay_set(1, 10)
        self._connect(protocol)
        self._client.loop_start()

    def take(self, most: int, timeout_s: float) -> list[Heard]:
        """Gives what was heard, oldest first; waits for the first.

        Args:
            most: So many at most.
            timeout_s: So long at most.
        """
        with self._guard:
            self._guard.wait_for(lambda: bool(self._waiting), timeout_s)
            heard = [self._waiting.popleft() for _ in range(min(most, len(self._waiting)))]
            self._bytes -= sum(_size(one) for one in heard)
        return heard

    def order(self, device: str, order: UpdateOrder) -> None:
        """Asks a device about its model; waits until the broker has it.

        Raises:
            UnaskedError: The broker is away, or does not take it.
        """
        if away := self.away:  # paho's thread may change it
            raise UnaskedError(device, away.told)
        said = self._client.publish(topics.update_set(device), encode(order), qos=1)
        with suppress(ValueError, RuntimeError):
            said.wait_for_publish(ANSWER_S)
        if not said.is_published():
            raise UnaskedError(device, Absence("silent", str(self._address)).told)

    def close(self) -> None:
        """Hangs up; the broker keeps the session."""
        self._client.disconnect()
        self._client.loop_stop()

    def _connect(self, protocol: str) -> None:
        host, port = self._address.host, self._address.port
        if protocol != "5":
            self._client.connect_async(host, port, keepalive=30)
            return
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = _SESSION_S
        properties.ReceiveMaximum = _IN_FLIGHT
        properties.MaximumPacketSize = LONGEST_BYTES
        self._client.connect_async(host, port, keepalive=30, clean_start=False, properties=properties)

    # What follows is called by paho's thread.

    def _on_connect(
        self, client: mqtt.Client, _data: object, _flags: object, reason: ReasonCode, _properties: Properties | None
    ) -> None:
        if reason.is_failure:
            self._lacks("refused", reason.getName())
            return
        client.subscribe(list(_filters()))

    def _on_connect_fail(self, _client: mqtt.Client, _data: object) -> None:
        # It is called while paho handles the failure.
        error = sys.exception()
        why = getattr(error, "verify_message", "") or getattr(error, "strerror", "") or error or "no answer"
        self._lacks("missing", str(why))

    def _on_disconnect(
        self, _client: mqtt.Client, _data: object, _flags: object, reason: ReasonCode, _properties: Properties | None
    ) -> None:
        if not self.away:
            self._lacks("lost", reason.getName())

    def _on_subscribe(
        self, _client: mqtt.Client, _data: object, _mid: int, reasons: list[ReasonCode], _properties: Properties | None
    ) -> None:
        refused = next((reason for reason in reasons if reason.is_failure), None)
        if refused:
            self._lacks("deaf", refused.getName())
        else:
            self.away = None

    def _lacks(self, kind: Kind, why: str) -> None:
        self.away = Absence(kind, str(self._address), why)

    def _on_message(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        with suppress(UnicodeDecodeError):  # a topic that is no text is none of ours
            self._hear(message.topic, bytes(message.payload), message.retain)

    def _hear(self, topic: str, payload: bytes, retained: bool) -> None:  # noqa: FBT001 (called by position)
        heard = Heard(topic, payload, time(), retained)
        with self._guard:
            if self._bytes + _size(heard) > MOST_BYTES:
                self.overrun += 1
                return
            self._bytes += _size(heard)
            self._waiting.append(heard)
            self._guard.notify()


def _filters() -> Iterator[tuple[str, int]]:
    for name in TOPICS:
        yield topics.every(name), 0 if name == "telemetry" else 1
    yield topics.every("snapshot"), 0
    yield EVERY, 1


def _size(heard: Heard) -> int:
    return len(heard.payload) + len(heard.topic) + _ROW_BYTES
