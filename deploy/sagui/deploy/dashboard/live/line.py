"""A client of paho that hears many messages a second.

paho asks the system three times for the header of a packet and once for the rest, and looks for the next one only when
it has answered this one; each time Python's lock goes to another thread, which may keep it for milliseconds. For each
message it then makes objects for properties that the message does not have. Here all that has come is read at once, and
a message without properties is taken apart in place. Everything else is paho's.
"""

from collections.abc import Callable
from dataclasses import dataclass

import paho.mqtt.client as mqtt
from paho.mqtt.enums import MQTTErrorCode, MQTTProtocolVersion

MOST_PIECES = 4
"""So many pieces are read before what waits to be sent has its turn."""

_READ_BYTES = 2**16
_NO_PROPERTIES = b"\0"


@dataclass(frozen=True, slots=True)
class Plain:
    """A message without properties, of QoS 0 or 1.

    Attributes:
        packet_id: What an acknowledgement names; 0 where none is wanted.
    """

    topic: str
    payload: bytes
    retained: bool
    packet_id: int


def plain(header: int, packet: bytes | bytearray, *, has_properties: bool) -> Plain | None:
    """Takes a PUBLISH apart (MQTT 5, section 3.3).

    Args:
        header: The packet's first byte.
        packet: What follows the remaining length.
        has_properties: Whether it is of MQTT 5.

    Returns:
        None for one that is not plain, or not right.
    """
    level = header >> 1 & 3
    end = 2 + int.from_bytes(packet[:2])
    start = end + 2 * level + has_properties
    if level > 1 or start > len(packet) or (has_properties and packet[start - 1 : start] != _NO_PROPERTIES):
        return None
    try:
        topic = packet[2:end].decode()
    except UnicodeDecodeError:
        return None
    packet_id = int.from_bytes(packet[end : end + 2]) if level else 0
    return Plain(topic, bytes(memoryview(packet)[start:]), bool(header & 1), packet_id)  # copied once


class Line(mqtt.Client):
    """See above. With a paho that no longer asks what is defined here, it is as slow as that one.

    Attributes:
        on_plain: Takes topic, payload and whether the broker had kept it, of plain messages; those go to `on_message`
            while there is none, as all others do.
    """

    on_plain: Callable[[str, bytes, bool], None] | None = None
    _ahead = b""
    _at = 0
    _pieces = 0

    def reconnect(self) -> MQTTErrorCode:
        """Begins anew: what was read ahead is of the connection before."""
        self._ahead, self._at = b"", 0
        return super().reconnect()

    def loop_read(self, max_packets: int = 1) -> MQTTErrorCode:
        """Handles all packets that were read ahead, and not only one.

        It returns also where more comes without end: answers and orders are written after it.
        """
        self._pieces = 0
        code = super().loop_read(max_packets)
        while code == MQTTErrorCode.MQTT_ERR_SUCCESS and self._at < len(self._ahead):
            code = super().loop_read(max_packets)
        return code

    def _sock_recv(self, bufsize: int) -> bytes:
        if self._at >= len(self._ahead):
            if self._pieces >= MOST_PIECES:
                raise BlockingIOError  # paho keeps the part of a packet that it has, and asks again
            self._ahead, self._at = super()._sock_recv(_READ_BYTES), 0
            self._pieces += 1
        piece = self._ahead[self._at : self._at + bufsize]
        self._at += len(piece)
        return piece

    def _handle_publish(self) -> MQTTErrorCode:
        is_newest = self._protocol == MQTTProtocolVersion.MQTTv5
        found = plain(self._in_packet["command"], self._in_packet["packet"], has_properties=is_newest)
        if found is None or self.on_plain is None:
            return super()._handle_publish()
        self.on_plain(found.topic, found.payload, found.retained)
        return self._send_puback(found.packet_id) if found.packet_id else MQTTErrorCode.MQTT_ERR_SUCCESS
