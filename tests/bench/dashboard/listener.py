"""The most that any Python program could hear: paho that counts what comes, and does nothing else with it.

``python -m tests.bench.dashboard.listener PORT COUNT`` says when it listens, and prints what it heard.
"""

import json
import sys
import threading
import time
from dataclasses import asdict, dataclass

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from tests.bench.dashboard.publisher import BEGINS

from sagui.wire import topics

_PATIENCE_S = 300.0


@dataclass(frozen=True)
class Heard:
    """What a listener heard.

    Attributes:
        per_s: Results each second, from the first to the last.
        cpu_us: Processor time for each, microseconds.
    """

    per_s: float
    cpu_us: float


def listen(port: int, count: int) -> Heard:
    """Hears so many results.

    Raises:
        TimeoutError: Fewer came.
    """
    times, done, ready = [0.0, 0.0], threading.Event(), threading.Event()
    left = count

    def take(_client: mqtt.Client, _data: object, _message: mqtt.MQTTMessage) -> None:
        nonlocal left
        if left == count:
            times[0] = time.monotonic()
        left -= 1
        if not left:
            times[1] = time.monotonic()
            done.set()

    client = mqtt.Client(CallbackAPIVersion.VERSION2)
    client.on_message = take
    client.on_subscribe = lambda *_: ready.set()
    client.connect("127.0.0.1", port)
    client.subscribe(topics.every("result"), qos=1)
    client.loop_start()
    ready.wait()
    sys.stdout.write(f"{BEGINS}\n")
    sys.stdout.flush()
    before_s = time.process_time()
    if not done.wait(_PATIENCE_S):
        raise TimeoutError(f"{left} of {count} results did not come")
    used_s = time.process_time() - before_s
    client.disconnect()
    client.loop_stop()
    return Heard(count / (times[1] - times[0]), 1e6 * used_s / count)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asdict(listen(int(sys.argv[1]), int(sys.argv[2])))) + "\n")
