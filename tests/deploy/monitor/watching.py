"""`sagui monitor` as a process, and fleets to show it."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from tests.deploy.watch.saying import NOON_S, state

from sagui.deploy.watch import Fleet
from sagui.wire import topics

_CODE = """
from sagui import cli
cli.COMMANDS["monitor"] = cli._Entry("sagui.deploy.monitor.command", "monitor", "deploy", "")
cli.main()
"""
AS_FOR_A_PERSON = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
MONITOR = [sys.executable, "-c", _CODE, "monitor"]


def fleet_of(said: dict[str, bytes], now_s: float = NOON_S) -> Fleet:
    """A fleet that said so, by topics below ``sagui/``."""
    fleet = Fleet()
    for topic, payload in said.items():
        fleet.take(f"sagui/{topic}", payload, now_s, retained=False)
    return fleet


def crowd(count: int) -> dict[str, bytes]:
    """So many devices that are well."""
    said = {f"cam-{number}/availability": topics.ONLINE for number in range(count)}
    return said | {f"cam-{number}/state": state(label="cat") for number in range(count)}


class Voice:
    """Devices at a real broker, over one connection."""

    def __init__(self, port: int) -> None:
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2)
        self._client.max_queued_messages_set(0)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def say(self, said: dict[str, bytes], *, retain: bool = True) -> None:
        """Says it, by topics below ``sagui/``; the broker has it then."""
        told = [self._client.publish(f"sagui/{topic}", payload, 1, retain) for topic, payload in said.items()]
        for one in told:
            one.wait_for_publish(20)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


class Watching:
    """`sagui monitor`; it is ended with the block."""

    def __init__(self, broker: str, *options: str, **environment: str) -> None:
        command = [*MONITOR, "--broker", broker, *options]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(
            command, stdout=pipe, stderr=pipe, text=True, env={**AS_FOR_A_PERSON, **environment}
        )
        self.lines: list[str] = []
        self.aside: list[str] = []
        for stream, kept in ((self.process.stdout, self.lines), (self.process.stderr, self.aside)):
            threading.Thread(target=self._read, args=(stream, kept), daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(10)

    def until(self, condition: Callable[[str], bool], timeout_s: float = 30.0) -> str:
        """Waits for a line, of either stream, that is so."""
        end = time.monotonic() + timeout_s
        while time.monotonic() < end:
            for line in (*self.lines, *self.aside):
                if condition(line):
                    return line
            time.sleep(0.02)
        raise AssertionError(f"no such line: {self.lines[-3:]} {self.aside[-3:]}")

    def end(self, number: int = signal.SIGINT) -> int:
        """Ends it, and gives its status."""
        self.process.send_signal(number)
        return self.process.wait(20)

    def _read(self, stream: Any, kept: list[str]) -> None:
        # One at a time: it is looked at meanwhile.
        while line := stream.readline():
            kept.append(line)
