"""The agent as a user runs it, in a process of its own, and a subscriber that hears it."""

import json
import subprocess
import sys
import threading
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from sagui.wire import Result, decode


class Agent:
    """`sagui run --json`, and what it says."""

    def __init__(self, *arguments: object, device: str = "porch") -> None:
        self.events: list[dict[str, Any]] = []
        self.process = subprocess.Popen(
            [sys.executable, "-m", "sagui.cli", "run", *map(str, arguments), "--device", device, "--json"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        for line in self.process.stdout or ():
            self.events.append(json.loads(line))

    def said(self, event: str) -> dict[str, Any] | None:
        return next((line for line in self.events if line["event"] == event), None)

    def wait(self) -> tuple[int, str]:
        status = self.process.wait(120)
        self._reader.join(5)
        return status, self.process.stderr.read() if self.process.stderr else ""


class Reader:
    """A subscriber; by default to everything that devices say."""

    def __init__(self, port: int, topic: str = "sagui/#") -> None:
        self.messages: list[mqtt.MQTTMessage] = []
        self.subscribed = threading.Event()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv311)
        self._client.on_connect = lambda client, *_: client.subscribe(topic, qos=1)
        self._client.on_subscribe = lambda *_: self.subscribed.set()
        self._client.on_message = lambda _client, _data, message: self.messages.append(message)
        self._client.reconnect_delay_set(1, 1)
        self._client.connect_async("127.0.0.1", port)
        self._client.loop_start()

    def payloads(self, topic: str) -> list[bytes]:
        return [bytes(message.payload) for message in self.messages if message.topic == topic]

    def results(self) -> list[Result]:
        return [decode(payload, Result) for payload in self.payloads("sagui/porch/result")]

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()
