"""What the agent is put through: floods, clocks that jump, mounts that change; and what its results then look like."""

import json
import resource
import sqlite3
import struct
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from tests.device.running import Agent, Reader

Eventually = Callable[..., bool]

YEAR_S = 365.25 * 86_400

COLLECTING = "[collect]\nfolder = '{folder}'\nbelow = 1.0\nmargin = 1.0\nevery_s = 0\n"


def ended(agent: Agent) -> None:
    agent.process.terminate()
    status, errors = agent.wait()
    assert status == 0, errors


def goes_on(reader: Reader, eventually: Eventually, count: int = 5) -> bool:
    seen = len(reader.results())
    return eventually(lambda: len(reader.results()) >= seen + count)


def numbers(reader: Reader) -> list[int]:
    """The counters of the results' ids: of one start, they are to be 0, 1, 2 and so on."""
    assert len({result.id.partition("-")[0] for result in reader.results()}) <= 1
    return [int(result.id.partition("-")[2]) for result in reader.results()]


def resident_bytes(agent: Agent) -> int:
    pages = Path(f"/proc/{agent.process.pid}/statm").read_text().split()[1]
    return int(pages) * resource.getpagesize()


def waiting(state: Path) -> int:
    """How many results wait on disk."""
    try:
        with closing(sqlite3.connect(f"file:{state / 'outbox.db'}?mode=ro", uri=True)) as database:
            return int(database.execute("SELECT count(*) FROM message").fetchone()[0])
    except sqlite3.Error:
        return 0  # it is just being made


class Flood:
    """Somebody who may publish, and means no good."""

    def __init__(self, port: int) -> None:
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv311)
        self._client.max_inflight_messages_set(1000)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def pour(self, topic: str, payloads: list[bytes]) -> None:
        for payload in payloads:
            last = self._client.publish(topic, payload, qos=1)
        last.wait_for_publish(60)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


def garbage(count: int) -> list[bytes]:
    """Payloads of every kind of wrong, none of which is a command or a claim."""
    rng = np.random.default_rng(5)
    kinds: list[Callable[[], bytes]] = [
        lambda: rng.bytes(int(rng.integers(0, 200))),
        lambda: b"[" * int(rng.integers(1, 60_000)),
        lambda: b'{"command":' * 80,
        lambda: json.dumps({"command": rng.bytes(8).hex(), "id": None}).encode(),
        lambda: json.dumps({"boot": 7, "up_s": -1.0, "host": [], "command": {"v": 2}}).encode(),
        lambda: b'{"command": "snapshot", "id": "' + b"x" * 65 + b'"}',
        lambda: b"",
        lambda: b"online\0",
    ]
    return [kinds[number % len(kinds)]() for number in range(count)]


class Clock:
    """The wall clock of the agents that it starts; their other clocks, and those of all others, stay as they are."""

    def __init__(self, compiler: str, folder: Path, start: Callable[..., Agent]) -> None:
        library, self._file = folder / "wall_clock.so", folder / "offset"
        source = Path(__file__).with_name("wall_clock.c")
        subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source], check=True)
        self._start = start
        self._environment = {"LD_PRELOAD": str(library), "WALL_CLOCK_OFFSET": str(self._file)}
        self._file.write_bytes(struct.pack("=q", 0))

    def start(self, *arguments: object) -> Agent:
        with pytest.MonkeyPatch.context() as environment:
            for name, value in self._environment.items():
                environment.setenv(name, value)
            return self._start(*arguments)

    def jump(self, years: int) -> None:
        """Sets it to so many years from now."""
        with self._file.open("r+b") as file:  # in its place: the agent has it mapped
            file.write(struct.pack("=q", round(years * YEAR_S)))


def unshared(script: str) -> tuple[str, ...]:
    """Gives a command that runs what follows it where a script of root's has changed the mounts, for it alone."""
    command = ("unshare", "--mount", "--propagation", "private", "sh", "-c", f'set -e; {script}; exec "$@"', "sh")
    tried = subprocess.run([*command, "true"], capture_output=True, text=True, check=False)
    if tried.returncode:
        pytest.skip(f"only root may mount, and not in every container: {tried.stderr.strip()}")
    return command


def run_once(
    bundle: Path, photos: Path, broker: str, *more: object, wrapped: tuple[str, ...] = (), stdout: Any = subprocess.PIPE
) -> subprocess.CompletedProcess[str]:
    """Runs the agent until its folder of photos ends."""
    given = (bundle, "--camera", photos, "--broker", broker, "--device", "porch", "--json", *more)
    command = [*wrapped, sys.executable, "-m", "sagui.cli", "run", *map(str, given)]
    return subprocess.run(command, stdout=stdout, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
