"""The feed from a real broker, over paho-mqtt. It connects in the background, and again when the connection is lost."""

import socket
import ssl
import struct
import threading
from collections.abc import Sequence
from contextlib import suppress
from random import Random, SystemRandom
from secrets import token_hex
from time import monotonic, time
from typing import Literal

import paho.mqtt.client as mqtt
from paho.mqtt import MQTTException
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from sagui.deploy.monitor.feed import Away, Behind, Connected, Happening, Heard
from sagui.deploy.monitor.waiting import Waiting
from sagui.deploy.rollout.address import Address, remedy
from sagui.deploy.rollout.client import make_client
from sagui.deploy.rollout.errors import BrokerError

Protocol = Literal["auto", "5", "3.1.1"]

_KEEPALIVE_S = 30
_RETRY_MIN_S, _RETRY_MAX_S = 1.0, 30.0
_SECOND_LOOK_S = 10.0
"""What the broker keeps is asked for again at most so often."""

_LONGEST_BYTES = 16 * 1024 * 1024
"""A broker on MQTT 5 sends nothing longer; what is longer than a device may say is still counted."""

_NOT_SPOKEN = "Unsupported protocol version"
_PASSING = frozenset({"Server unavailable", "Server busy", "Quota exceeded", "Connection rate exceeded"})
"""Refusals that are not about us."""

_HANG_UPS = 3
"""A broker with TLS that hangs up so often before it answers, and never answered, does not want our certificate."""


def pause_s(attempt: int, random: Random) -> float:
    """How long to wait before connecting again: full jitter, with a bound that doubles from 1 second to 30.

    See Marc Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.

    Args:
        attempt: How many failed before, from 0.
        random: Where chance comes from.
    """
    return random.uniform(0, min(_RETRY_MAX_S, _RETRY_MIN_S * 2 ** min(attempt, 16)))


class MqttFeed:
    """See `sagui.deploy.monitor.feed.Feed`.

    It listens with QoS 0: a broker throws away what a slow subscriber has not acknowledged, and all but results is kept
    and can be asked for again.
    """

    def __init__(self, address: Address, filters: Sequence[str], protocol: Protocol = "auto") -> None:
        """Begins to connect.

        Args:
            address: The broker.
            filters: What to listen to.
            protocol: MQTT's version; ``auto`` tries 5, and 3.1.1 with a broker that does not speak it.
        """
        self._address, self._filters = address, tuple(filters)
        self._random = SystemRandom()
        self._auto, self._version = protocol == "auto", "5" if protocol == "auto" else protocol
        self._waiting = Waiting()
        self._closing = threading.Event()
        self._client: mqtt.Client | None = None
        self._stage: Literal["dialing", "refused", "open"] = "dialing"
        self._wanted = False
        self._attempt, self._hang_ups = 0, 0
        self._told_lost, self._looked_at = 0, monotonic()
        threading.Thread(target=self._run, name="feed", daemon=True).start()

    def listen(self, longest_s: float) -> Sequence[Happening]:
        """See `Feed.listen`."""
        happened = self._waiting.take(longest_s)
        if self._waiting.lost > self._told_lost and monotonic() >= self._looked_at + _SECOND_LOOK_S:
            self._told_lost, self._looked_at = self._waiting.lost, monotonic()
            if self._client is not None:
                self._subscribe(self._client)
            happened.append(Behind(self._told_lost))
        return happened

    def close(self) -> None:
        """See `Feed.close`."""
        self._closing.set()
        if self._client is not None:
            self._client.disconnect()

    def _subscribe(self, client: mqtt.Client) -> None:
        client.subscribe([(one, 0) for one in self._filters])

    # What follows is done by the feed's own thread, paho's callbacks included.

    def _run(self) -> None:
        while not self._closing.is_set():
            self._stage = "dialing"
            self._client = self._make()
            self._hold(self._client)
            self._closing.wait(pause_s(self._attempt, self._random))
            self._attempt += 1

    def _hold(self, client: mqtt.Client) -> None:
        """Has a connection, to its end."""
        properties = _limits() if self._version == "5" else None
        try:
            client.connect(self._address.host, self._address.port, _KEEPALIVE_S, properties=properties)
            client.loop_forever()
        except ssl.SSLCertVerificationError as error:
            why = error.verify_message or error.reason
            self._refuse(f"no TLS that we trust: {why}; --ca names whom to trust")
        except ssl.SSLError as error:
            self._refuse(f"no TLS: {error.reason or error}; mqtt:// is without")
        except OSError as error:
            self._tell_away(_reason(error))
        except (MQTTException, ValueError, IndexError, struct.error) as error:
            client.disconnect()
            self._tell_away(f"it says what is no MQTT: {error}")

    def _make(self) -> mqtt.Client:
        client = make_client(self._address, f"sagui-monitor-{token_hex(6)}", self._version, mqtt.Client)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        return client

    def _refuse(self, why: str) -> None:
        """Ends all, if the broker never wanted us; one that did may come to its senses."""
        if self._wanted:
            self._tell_away(why)
            return
        self._closing.set()
        self._waiting.put(BrokerError(f"{self._address}: {why}"))

    def _tell_away(self, why: str) -> None:
        self._waiting.put(Away(why))

    def _on_connect(
        self, client: mqtt.Client, _data: object, _flags: object, reason: ReasonCode, _properties: Properties | None
    ) -> None:
        if not reason.is_failure:
            self._stage = "open"
            self._subscribe(client)
            return
        self._stage, why = "refused", reason.getName()
        if why == _NOT_SPOKEN and self._auto and self._version == "5":
            self._version = "3.1.1"
        elif why in _PASSING:
            self._tell_away(why)
        else:
            self._refuse(f"refuses the connection: {why}{'; try --mqtt 3.1.1' if why == _NOT_SPOKEN else remedy(why)}")

    def _on_subscribe(
        self,
        client: mqtt.Client,
        _data: object,
        _mid: int,
        reasons: list[ReasonCode],
        _properties: Properties | None,
    ) -> None:
        refused = [one for one, reason in zip(self._filters, reasons, strict=False) if reason.is_failure]
        if len(refused) == len(self._filters):
            self._stage = "refused"
            self._refuse(f"does not let us read {refused[0]}: {reasons[0].getName()}; the user needs the right to")
            client.disconnect()
            return
        self._wanted, self._attempt, self._hang_ups = True, 0, 0
        self._waiting.put(Connected(tuple(refused)))

    def _on_disconnect(
        self, _client: mqtt.Client, _data: object, _flags: object, reason: ReasonCode, _properties: Properties | None
    ) -> None:
        if self._closing.is_set() or self._stage == "refused":
            return
        if self._stage == "open":
            self._tell_away(f"the connection is lost ({reason.getName()})")
            return
        self._hang_ups += 1
        if self._auto:  # some hang up on what they do not speak
            self._version = "3.1.1" if self._version == "5" else "5"
        if self._address.tls is not None and self._hang_ups >= _HANG_UPS:
            self._refuse("hangs up before it answers: it may want a certificate, or another one; see --certificate")
        else:
            self._tell_away("it hangs up before it answers")

    def _on_message(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        with suppress(UnicodeDecodeError):  # a topic that is no text is none of ours
            self._waiting.put(Heard(message.topic, bytes(message.payload), time(), message.retain))


def _limits() -> Properties:
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    properties.MaximumPacketSize = _LONGEST_BYTES
    return properties


def _reason(error: OSError) -> str:
    if isinstance(error, socket.gaierror | ConnectionError):
        return error.strerror or str(error)
    return str(error) or type(error).__name__
