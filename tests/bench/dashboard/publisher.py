"""Says results as simulated devices would, and takes next to no time for it: the machine is for what is measured.

A client library spends more on a message than the broker does, so the few packets that are needed are made here (MQTT
3.1.1, https://docs.oasis-open.org/mqtt/mqtt/v3.1.1/os/mqtt-v3.1.1-os.html): CONNECT, and PUBLISH with QoS 1. Each
device has a connection of its own. ``python -m tests.bench.dashboard.publisher PORT DEVICES PER_S COUNT`` says when it
begins, and prints what it did.
"""

import json
import socket
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from sagui.wire import Frame, LabelScore, Latency, ModelRef, Result, encode, timestamp, topics

BEGINS = "begins"
"""The first line that is printed."""

_SLICES = 5
_TICK_S = 0.05
_BATCH = 50
_PACKET_BYTES = 4
"""Of a CONNACK, and of a PUBACK: all that the broker says."""

_CONNECT, _PUBLISH_QOS_1 = 0x10, 0x32
_CLEAN_SESSION = 2
_PACKET_IDS = 65_535
_LABELS = ("defective", "functional", "unknown")


@dataclass(frozen=True)
class Said:
    """What a publisher did.

    Attributes:
        count: Results that the broker acknowledged.
        took_s: From the first to the last acknowledgement.
        late_s: How far it was behind its schedule at most. Over a second it could not say what it should.
        cpu_s: Processor time.
    """

    count: int
    took_s: float
    late_s: float
    cpu_s: float


class Device:
    """One connection, and the results of one device."""

    def __init__(self, port: int, name: str) -> None:
        """Connects.

        Args:
            port: The broker's, on the loopback.
            name: In the topics.
        """
        self.acknowledged = -1  # the first word is that of the connection
        self._topic, self._number, self._bytes = _text(topics.result(name)), 0, 0
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        hello = _text("MQTT") + bytes((4, _CLEAN_SESSION, 0, 0)) + _text(f"bench-{name}")
        self._socket.sendall(_packet(_CONNECT, hello))

    def say(self, count: int) -> None:
        """Says so many results; they are on their way when this is done."""
        now = timestamp(time.time())
        self._socket.sendall(b"".join(self._publish(now) for _ in range(count)))
        self.listen(wait=False)

    def listen(self, *, wait: bool) -> None:
        """Counts the broker's acknowledgements."""
        self._bytes += len(self._receive(wait=wait))
        self.acknowledged = self._bytes // _PACKET_BYTES - 1

    @property
    def said(self) -> int:
        """Results that were said."""
        return self._number

    def _publish(self, now: str) -> bytes:
        self._number += 1
        packet_id = (self._number % _PACKET_IDS + 1).to_bytes(2, "big")
        return _packet(_PUBLISH_QOS_1, self._topic + packet_id + _payload(self._number, now))

    def _receive(self, *, wait: bool) -> bytes:
        try:
            received = self._socket.recv(2**16, 0 if wait else socket.MSG_DONTWAIT)
        except BlockingIOError:
            return b""
        if not received:
            raise ConnectionError("the broker hung up")
        return received


def names(devices: int) -> list[str]:
    """The devices' names."""
    return [f"bench-{number:03d}" for number in range(devices)]


def result_id(number: int) -> str:
    """The id of a device's result, counted from 1."""
    return f"9f86d081884c-{number}"


def speak(port: int, devices: int, per_s: float, count: int, begins: Callable[[], None] = lambda: None) -> Said:
    """Says results, and waits until the broker has acknowledged all.

    Args:
        port: The broker's.
        devices: How many.
        per_s: Results of all together each second; 0 for as fast as the broker takes them.
        count: Results of each device.
        begins: Called when all are connected.
    """
    speakers = [Device(port, name) for name in names(devices)]
    begins()
    start = time.monotonic()
    late_s = _pace(speakers, per_s / devices, count, start) if per_s else _pour(speakers, count)
    for one in speakers:
        while one.acknowledged < one.said:
            one.listen(wait=True)
    return Said(sum(one.acknowledged for one in speakers), time.monotonic() - start, late_s, time.process_time())


def _pace(speakers: Sequence[Device], per_s: float, count: int, start: float) -> float:
    """Says as many as are due; devices take turns within a tick. Gives the longest delay."""
    late_s, turn = 0.0, 0
    while any(one.said < count for one in speakers):
        due_s = start + (turn + 1) * _TICK_S / _SLICES
        if (early_s := due_s - time.monotonic()) > 0:
            time.sleep(early_s)
        late_s = max(late_s, -early_s)
        for one in speakers[turn % _SLICES :: _SLICES]:
            if due := min(count, round((due_s - start) * per_s)) - one.said:
                one.say(due)
        turn += 1
    return late_s


def _pour(speakers: Sequence[Device], count: int) -> float:
    for first in range(0, count, _BATCH):
        for one in speakers:
            one.say(min(_BATCH, count - first))
    return 0.0


def _payload(number: int, now: str) -> bytes:
    best = 0.5 + number % 50 / 100
    return _TEMPLATE % (result_id(number).encode(), now.encode(), _LABELS[number % 3].encode(), best, number)


def _packet(kind: int, content: bytes) -> bytes:
    length, rest = bytearray(), len(content)
    while True:
        rest, low = divmod(rest, 128)
        length.append(low | (128 if rest else 0))
        if not rest:
            return bytes((kind,)) + bytes(length) + content


def _text(text: str) -> bytes:
    return len(text).to_bytes(2, "big") + text.encode()


def _template() -> bytes:
    """A result of the agent, with gaps for its id, time, label, score and frame."""
    example = Result(
        id="ID",
        time="TIME",
        label="LABEL",
        score=0.125,
        top=tuple(LabelScore(label=label, score=0.25) for label in _LABELS),
        model=ModelRef(name="elpv-solar-cells", version="1.0.0"),
        frame=Frame(index=77),
        latency_ms=Latency(preprocess=0.31, infer=4.02, total=4.41),
    )
    gaps = {b'"ID"': b'"%s"', b'"TIME"': b'"%s"', b'"LABEL"': b'"%s"', b"0.125": b"%.2f", b"77": b"%d"}
    written = encode(example)
    for word, gap in gaps.items():
        written = written.replace(word, gap)
    return written


_TEMPLATE = _template()


def main() -> None:
    """Speaks as it is told."""
    port, devices, per_s, count = sys.argv[1:]
    done = speak(int(port), int(devices), float(per_s), int(count), lambda: _write(BEGINS))
    _write(json.dumps(asdict(done)))


def _write(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
