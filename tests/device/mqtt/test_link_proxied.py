"""A line that drops, delays and duplicates between the agent and a real broker."""

import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

import pytest
from tests.device.mqtt.test_link import TOPIC, Reader
from tests.device.said import Said

from sagui.device.mqtt.address import Address
from sagui.device.mqtt.link import Link, Protocol
from sagui.device.outbox import open_outbox

Eventually = Callable[..., bool]

_PUBLISH, _QOS_1, _DUP = 3, 0x02, 0x08
_MESSAGES = 400


class BadLine:
    """A proxy that knows where MQTT's packets begin, so that it can mistreat whole ones.

    It holds a packet up, sends a result twice (the second marked as a duplicate), swallows what the broker answers and
    hangs up a little later, or hangs up at once; each now and then, by a seeded chance.
    """

    def __init__(self, port: int, seed: int) -> None:
        self._port, self._random = port, Random(seed)  # noqa: S311 (a seed is what is wanted)
        self.counts = dict.fromkeys(("held up", "twice", "swallowed", "cut"), 0)
        self.good = threading.Event()
        """From now on the line is a good one."""
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._server.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._server.close()

    def _accept(self) -> None:
        while True:
            try:
                device, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._join, args=(device,), daemon=True).start()

    def _join(self, device: socket.socket) -> None:
        deaf = threading.Event()
        with device, suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", self._port)) as broker:
            back = threading.Thread(target=self._answers, args=(broker, device, deaf), daemon=True)
            back.start()
            with suppress(OSError):
                while packet := read_packet(device):
                    if not self._pass_on(packet, broker, deaf):
                        break
                    if deaf.is_set():
                        device.settimeout(0.2)
            for line in (device, broker):
                with suppress(OSError):
                    line.shutdown(socket.SHUT_RDWR)
            back.join(5)

    def _answers(self, broker: socket.socket, device: socket.socket, deaf: threading.Event) -> None:
        with suppress(OSError):
            while packet := read_packet(broker):
                if not deaf.is_set():
                    device.sendall(packet)

    def _pass_on(self, packet: bytes, broker: socket.socket, deaf: threading.Event) -> bool:
        """Sends a packet to the broker, or does worse; gives whether the line still stands."""
        is_result = packet[0] >> 4 == _PUBLISH and packet[0] & _QOS_1 and not packet[0] & 1
        chance = 1.0 if self.good.is_set() or not is_result else self._random.random()
        broker.sendall(packet)
        if chance < 0.02:
            self.counts["cut"] += 1
            return False
        if chance < 0.04:
            self.counts["swallowed"] += 1
            deaf.set()
        elif chance < 0.2:
            self.counts["twice"] += 1
            broker.sendall(bytes([packet[0] | _DUP]) + packet[1:])
        elif chance < 0.25:
            self.counts["held up"] += 1
            time.sleep(self._random.uniform(0, 0.05))
        return True


def read_packet(line: socket.socket) -> bytes:
    """One whole packet (MQTT 5, 2.1.4: the length is 7 bits a byte, the low ones first); empty at the end."""
    packet = exactly(line, 1)
    length = shift = 0
    while packet:
        packet += (byte := exactly(line, 1))
        length |= (byte[0] & 0x7F) << shift
        shift += 7
        if byte[0] < 0x80:
            return packet + exactly(line, length)
    return b""


def exactly(line: socket.socket, count: int) -> bytes:
    taken = b""
    while len(taken) < count:
        more = line.recv(count - len(taken))
        if not more:
            if taken or count > 1:
                raise OSError("cut in the middle")
            return b""
        taken += more
    return taken


@pytest.fixture
def quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sagui.device.mqtt.link._RETRY_MIN_S", 0.02)
    monkeypatch.setattr("sagui.device.mqtt.link._RETRY_MAX_S", 0.05)


@pytest.mark.usefixtures("quick_retries")
@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
@pytest.mark.parametrize("seed", [1, 2])
def test_on_a_bad_line_nothing_is_lost_and_the_order_is_kept(
    tmp_path: Path, mosquitto: Any, eventually: Eventually, protocol: Protocol, seed: int
) -> None:
    reader = Reader(mosquitto.port)
    assert reader.subscribed.wait(30)
    line = BadLine(mosquitto.port, seed)
    link = Link(
        Address("127.0.0.1", line.port), "porch", Said(), protocol, outbox=open_outbox(tmp_path / "outbox", Said())
    )
    link.open()
    link.ready()
    for number in range(_MESSAGES):
        link.publish(TOPIC, str(number).encode())
        time.sleep(0.002)
    assert eventually(lambda: min(line.counts.values()) > 0 or not link.waiting, 60)
    line.good.set()
    assert eventually(lambda: link.waiting == 0, 60)
    assert eventually(lambda: len(reader.numbers()) == _MESSAGES)
    assert reader.numbers() == list(range(_MESSAGES))
    assert len(reader.payloads) > _MESSAGES, "nothing came twice: the line was a good one"
    assert line.counts["cut"] > 0
    assert line.counts["twice"] > 0
    assert link.dropped == 0
    link.close()
    line.close()
    reader.close()
