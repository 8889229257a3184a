"""The agent killed at random moments, as a power cut would: nothing that was durable is lost, and the order is kept.

``SAGUI_TORTURE=200`` kills it so many times.
"""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

ROUNDS = int(os.environ.get("SAGUI_TORTURE", "5"))
Eventually = Callable[..., bool]


class Reader:
    """Notes every result, in the order of its first arrival."""

    def __init__(self, port: int) -> None:
        self.results: dict[str, bytes] = {}
        self.differing: list[str] = []
        self.repeated = 0
        self.subscribed = threading.Event()
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2, "reader", clean_session=False, protocol=MQTTProtocolVersion.MQTTv311
        )
        self._client.on_connect = lambda client, *_: client.subscribe("sagui/porch/result", qos=1)
        self._client.on_subscribe = lambda *_: self.subscribed.set()
        self._client.on_message = self._take
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def _take(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        payload = bytes(message.payload)
        name = json.loads(payload)["id"]
        if name in self.results:
            self.repeated += 1
            if self.results[name] != payload:
                self.differing.append(name)
            return
        self.results[name] = payload

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


def start(bundle: Path, colours: Path, url: str, outbox: Path, *more: str) -> subprocess.Popen[str]:
    where = ["--camera", str(colours), "--broker", url, "--device", "porch", "--outbox", str(outbox)]
    return subprocess.Popen(
        [sys.executable, "-m", "sagui.cli", "run", str(bundle), *where, "--json", *more],
        stdout=subprocess.PIPE,
        text=True,
    )


def first_result(agent: subprocess.Popen[str]) -> None:
    assert agent.stdout
    assert any('"first-result"' in line for line in agent.stdout), "the agent ended before its first result"
    # What it says later must not fill the pipe.
    threading.Thread(target=agent.stdout.read, daemon=True).start()


def on_disk(outbox: Path) -> list[str]:
    """The ids that wait, read as the next start will."""
    with closing(sqlite3.connect(outbox / "outbox.db")) as database:
        rows = database.execute("SELECT payload FROM message ORDER BY seq").fetchall()
    return [json.loads(payload)["id"] for (payload,) in rows]


@pytest.mark.timeout(60 + 10 * ROUNDS)
def test_kills_at_random_moments_lose_nothing_and_keep_the_order(
    toy_bundle: Path, colours: Path, stopped_mosquitto: Any, tmp_path: Path, eventually: Eventually
) -> None:
    # The broker must not drop what the reader is too slow for.
    with stopped_mosquitto._config.open("a") as config:
        config.write("max_queued_messages 0\n")
    stopped_mosquitto.start()
    reader = Reader(stopped_mosquitto.port)
    assert reader.subscribed.wait(30)
    chance, outbox = Random(ROUNDS), tmp_path / "outbox"  # noqa: S311
    durable: list[str] = []
    for number in range(ROUNDS):
        agent = start(toy_bundle, colours, stopped_mosquitto.url, outbox, "--loop", "--fps", "500")
        first_result(agent)
        time.sleep(chance.uniform(0, 0.4))
        if number % 2:
            # Killed while the broker hangs: what comes in the meantime is on disk alone.
            stopped_mosquitto._process.send_signal(signal.SIGSTOP)
            time.sleep(chance.uniform(0, 0.2))
        agent.kill()
        agent.wait()
        durable += on_disk(outbox)
        stopped_mosquitto._process.send_signal(signal.SIGCONT)
    last = start(toy_bundle, colours, stopped_mosquitto.url, outbox)
    assert last.wait(60) == 0
    assert on_disk(outbox) == []
    assert eventually(lambda: not set(durable) - set(reader.results)), "what was on disk never arrived"
    killed = {name.partition("-")[0] for name in durable}
    assert eventually(lambda: sum(name.partition("-")[0] not in killed for name in list(reader.results)) >= 6)
    reader.close()
    assert not reader.differing
    assert len(durable) > 0
    assert_whole(list(reader.results), starts=ROUNDS + 1)


def assert_whole(names: list[str], starts: int) -> None:
    """Each start's results came without a gap from its first, one start after the other."""
    counted: dict[str, int] = {}
    newest = ""
    for name in names:
        boot, _, index = name.partition("-")
        if boot != newest:
            assert boot not in counted, "results of an earlier start came after those of a later one"
            newest = boot
        assert int(index) == counted.get(boot, 0), f"a gap or a wrong order before {name}"
        counted[boot] = int(index) + 1
    # One killed within moments of its first result, before that was durable, leaves nothing.
    assert starts // 2 < len(counted) <= starts
    assert counted[newest] == 6, "the last start's six photos, after which it ended by itself"
