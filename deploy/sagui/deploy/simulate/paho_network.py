"""A network over paho-mqtt: a real connection for each device, all driven by one loop in one thread.

paho's own loop is a thread for each client; a thousand of them would measure the scheduler.
"""

import selectors
import ssl
from collections.abc import Sequence
from contextlib import suppress
from time import monotonic
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from sagui.deploy.rollout.address import Address
from sagui.deploy.simulate.acts import Dial, Say
from sagui.deploy.simulate.network import Connected, Happening, Heard, Lost

_KEEPALIVE_S = 30
_CONNECT_S = 5.0
_LOOK_AFTER_S = 5.0
"""How often paho is given time for keep-alives."""

_GOODBYE_S, _GOODBYE_EACH_S = 10.0, 0.01


class _Line:
    """A device's connection."""

    __slots__ = ("client", "device", "leaving", "reason", "waiting")

    def __init__(self, device: str, client: mqtt.Client) -> None:
        self.device, self.client = device, client
        self.waiting, self.leaving, self.reason = 0, False, ""


class PahoNetwork:
    """See `Network`."""

    def __init__(self, address: Address, version: MQTTProtocolVersion = MQTTProtocolVersion.MQTTv5) -> None:
        """Prepares it.

        Args:
            address: The broker.
            version: Of MQTT.
        """
        self._address, self._version = address, version
        self._selector = selectors.DefaultSelector()
        self._lines: dict[str, _Line] = {}
        self._leaving: set[_Line] = set()
        self._happenings: list[Happening] = []
        self._look_after_at = monotonic() + _LOOK_AFTER_S
        self._delivered = 0

    @property
    def delivered(self) -> int:
        """See `Network.delivered`."""
        return self._delivered

    def dial(self, device: str, dial: Dial) -> None:
        """See `Network.dial`. Opening the socket blocks; what comes after does not."""
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2, dial.client, protocol=self._version, reconnect_on_failure=False
        )
        line = _Line(device, client)
        self._lines[device] = line
        self._prepare(client, line, dial)
        try:
            client.connect(self._address.host, self._address.port, _KEEPALIVE_S)
        except OSError as error:
            self._end(line, error.strerror or str(error))

    def leave(self, device: str) -> None:
        """See `Network.leave`. Hangs up when the broker acknowledged all that was said."""
        line = self._lines.pop(device, None)
        if line is not None:
            line.leaving = True
            self._leaving.add(line)
            self._hang_up_if_done(line)

    def say(self, device: str, say: Say) -> None:
        """See `Network.say`."""
        line = self._lines.get(device)
        if line is None:
            return
        line.waiting += 1
        line.client.publish(say.topic, say.payload, say.qos, say.retain)
        self._watch(line)

    def listen(self, longest_s: float) -> Sequence[Happening]:
        """See `Network.listen`."""
        for key, events in self._selector.select(0 if self._happenings else longest_s):
            line: _Line = key.data
            if events & selectors.EVENT_WRITE:
                line.client.loop_write()
            if events & selectors.EVENT_READ:
                self._read(line)
            if line.leaving:
                self._hang_up_if_done(line)
            self._watch(line)
        self._look_after()
        happened, self._happenings = self._happenings, []
        return happened

    def close(self) -> None:
        """See `Network.close`."""
        for device in tuple(self._lines):
            self.leave(device)
        until = monotonic() + _GOODBYE_S + len(self._leaving) * _GOODBYE_EACH_S
        while self._leaving and monotonic() < until:
            self.listen(0.1)
        for line in tuple(self._leaving):
            line.client.disconnect()
        self._selector.close()

    def _prepare(self, client: mqtt.Client, line: _Line, dial: Dial) -> None:
        client.user_data_set((line, dial.topics))
        client.connect_timeout = _CONNECT_S
        if self._address.tls is not None:
            client.tls_set_context(self._address.tls)
        if self._address.user is not None:
            client.username_pw_set(self._address.user, self._address.password)
        client.will_set(dial.will.topic, dial.will.payload, dial.will.qos, dial.will.retain)
        client.on_socket_open = self._on_socket_open
        client.on_socket_close = self._on_socket_close
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_publish = self._on_publish
        client.on_message = self._on_message

    def _read(self, line: _Line) -> None:
        while line.client.loop_read() == MQTTErrorCode.MQTT_ERR_SUCCESS:
            socket = line.client.socket()
            # What TLS has decrypted already wakes no selector.
            if not isinstance(socket, ssl.SSLSocket) or not socket.pending():
                return

    def _watch(self, line: _Line) -> None:
        """Waits for room in the socket where paho has something left to write."""
        socket = line.client.socket()
        if socket is None:
            return
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if line.client.want_write() else 0)
        if self._selector.get_key(socket).events != events:
            self._selector.modify(socket, events, line)

    def _look_after(self) -> None:
        if monotonic() < self._look_after_at:
            return
        self._look_after_at = monotonic() + _LOOK_AFTER_S
        for line in (*self._lines.values(), *self._leaving):
            if line.client.socket() is not None:
                line.client.loop_misc()

    def _hang_up_if_done(self, line: _Line) -> None:
        if line.waiting == 0 or not line.client.is_connected():
            self._leaving.discard(line)
            line.client.disconnect()

    def _end(self, line: _Line, reason: str) -> None:
        self._leaving.discard(line)
        if self._lines.get(line.device) is line:
            del self._lines[line.device]
            self._happenings.append(Lost(line.device, line.reason or reason))

    # What follows is called by paho, in our thread. It holds locks: nothing is published from here.

    def _on_socket_open(self, _client: mqtt.Client, data: Any, socket: Any) -> None:  # noqa: ANN401 (paho's)
        self._selector.register(socket, selectors.EVENT_READ, data[0])

    def _on_socket_close(self, _client: mqtt.Client, _data: Any, socket: Any) -> None:  # noqa: ANN401 (paho's)
        with suppress(KeyError, ValueError):  # paho tells of a socket's end twice where a handshake fails
            self._selector.unregister(socket)

    def _on_connect(
        self,
        client: mqtt.Client,
        data: Any,  # noqa: ANN401 (paho's)
        _flags: object,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        line, topics = data
        if reason.is_failure:
            line.reason = reason.getName()
            return
        if topics:
            client.subscribe([(topic, 1) for topic in topics])
        if not line.leaving:
            self._happenings.append(Connected(line.device))

    def _on_disconnect(
        self,
        _client: mqtt.Client,
        data: Any,  # noqa: ANN401 (paho's)
        _flags: object,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        self._end(data[0], reason.getName())

    def _on_publish(
        self,
        _client: mqtt.Client,
        data: Any,  # noqa: ANN401 (paho's)
        _mid: int,
        _reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        data[0].waiting -= 1
        self._delivered += 1

    def _on_message(self, _client: mqtt.Client, data: Any, message: mqtt.MQTTMessage) -> None:  # noqa: ANN401 (paho's)
        line: _Line = data[0]
        if not line.leaving:
            self._happenings.append(Heard(line.device, message.topic, bytes(message.payload), retained=message.retain))
