"""What a mosquitto carries: simulated devices, a subscriber that hears all results, and the processor time of each.

``python -m tests.bench.fleet`` prints a table for docs/scale.md and writes rows to ``runs/bench.json``. It imports no
TensorFlow, so it does not go through ``python -m tests.bench``.
"""

import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass, fields
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from rich.console import Console
from rich.table import Table
from tests.bench.rows import Row, write_rows
from tests.conftest import answers, free_port, wait_until
from tests.deploy.simulate.running import Fleet

from sagui.deploy.simulate.limits import allow_connections
from sagui.progress.terminal import TerminalProgress
from sagui.wire import Result, decode

OUT = Path("runs/bench.json")
SIZES = (500, 1000, 2000, 5000)
RESULTS_PER_S = 0.4
"""Of each device: 5,000 of them say 2,000 each second, and leave the simulation room on a core that others use too."""

_ROUNDS = 3
_SECONDS = 12.0
_SETTLES_S, _RESTS_S = 3.0, 1.0
_CAUGHT_UP_S, _CATCHES_UP_S = 0.5, 30.0
_MIB = 2**20


@dataclass(frozen=True)
class Measured:
    """One fleet on one broker.

    Attributes:
        devices: Connections.
        said_per_s: Results that the devices said, each second.
        heard_per_s: Results that the subscriber was given, each second.
        lost: Results that it never got.
        p50_ms: From the device's decision to the subscriber, median.
        p99_ms: Likewise, 99th percentile.
        broker_cores: Processor time of mosquitto for each second.
        broker_mib: Its resident memory.
        simulator_cores: Processor time of the simulated devices for each second.
        late_s: How much too late the simulation was at most. Over a second it is the limit, not the broker.
    """

    devices: float
    said_per_s: float
    heard_per_s: float
    lost: float
    p50_ms: float
    p99_ms: float
    broker_cores: float
    broker_mib: float
    simulator_cores: float
    late_s: float


@contextmanager
def mosquitto(folder: Path) -> Iterator[tuple[int, int]]:
    """A real broker that queues as `deploy/mosquitto/sagui.conf` does.

    Yields:
        Its process, and its port.
    """
    port, config = free_port(), folder / "mosquitto.conf"
    config.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 1000000\n")
    with subprocess.Popen([_program("mosquitto"), "-c", config], stderr=subprocess.DEVNULL) as process:
        try:
            wait_until(lambda: answers(port))
            yield process.pid, port
        finally:
            process.terminate()


@contextmanager
def subscriber(port: int, heard: Path) -> Iterator[int]:
    """Writes down every result and when it came.

    Yields:
        Its process.
    """
    command = [_program("mosquitto_sub"), "-p", str(port), "-t", "sagui/+/result", "-q", "1", "-F", "%U %p"]
    with heard.open("wb") as file, subprocess.Popen(command, stdout=file) as process:
        try:
            time.sleep(0.5)
            yield process.pid
        finally:
            process.terminate()


def measure(devices: int, results_per_s: float = RESULTS_PER_S, seconds: float = _SECONDS) -> Measured:
    """Has so many devices say results to a subscriber for a while.

    Args:
        devices: How many.
        results_per_s: Of each.
        seconds: How long, after all are there.
    """
    allow_connections(devices)
    with TemporaryDirectory() as name, mosquitto(Path(name)) as (broker, port):
        heard = Path(name) / "heard"
        options = ("--devices", str(devices), "--results-per-s", str(results_per_s))
        with subscriber(port, heard) as reader:
            with Fleet(f"mqtt://127.0.0.1:{port}", *options) as fleet:
                fleet.until(lambda record: record["online"] == devices, 120)
                # A machine that is too slow never catches up; `late_s` then says so.
                wait_until(lambda: fleet.records[-1]["late_s"] < _CAUGHT_UP_S, _CATCHES_UP_S)
                time.sleep(_SETTLES_S)
                at, before = time.time(), (_cpu_s(broker), _cpu_s(fleet.process.pid), len(fleet.records))
                time.sleep(seconds)
                wait_until(lambda: len(fleet.records) >= before[2] + 2)
                took_s = time.time() - at
                broker_s, simulator_s = _cpu_s(broker) - before[0], _cpu_s(fleet.process.pid) - before[1]
                memory, during = _memory_mib(broker), fleet.records[before[2] :]
            said = fleet.records[-1]["results"]
            _rest(reader)
        arrived, delays_ms, ids = _read(heard)
    window = (arrived >= at) & (arrived < at + took_s)
    spoke_s = during[-1]["elapsed_s"] - during[0]["elapsed_s"]
    p50_ms, p99_ms = np.percentile(delays_ms[window], [50, 99])
    return Measured(
        devices,
        (during[-1]["results"] - during[0]["results"]) / spoke_s,
        float(window.sum()) / took_s,
        said - ids,
        float(p50_ms),
        float(p99_ms),
        broker_s / took_s,
        memory,
        simulator_s / took_s,
        max(record["late_s"] for record in during),
    )


def median(rounds: list[Measured]) -> Measured:
    """Takes the median of each number."""
    return Measured(*(statistics.median(values) for values in zip(*map(astuple, rounds), strict=True)))


def rows(measured: Measured) -> list[Row]:
    """Puts what a fleet came to beside what was asked of it."""
    name = f"fleet_{measured.devices:.0f}"
    one = "mosquitto, in cores; against the devices' own"
    return [
        Row(f"{name}_results", measured.heard_per_s, "results/s", "said by the devices", measured.said_per_s),
        Row(f"{name}_broker", measured.broker_cores, "cores", one, measured.simulator_cores),
        Row(f"{name}_p99", measured.p99_ms, "ms", "the median", measured.p50_ms),
    ]


def _program(name: str) -> str:
    path = shutil.which(name, path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
    if path is None:
        sys.exit(f"make bench-fleet needs {name}: apt-get install mosquitto mosquitto-clients")
    return path


def _cpu_s(pid: int) -> float:
    """Processor time of a process so far, in seconds (proc(5))."""
    # The name, in brackets, may hold spaces.
    numbers = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(numbers[11]) + int(numbers[12])) / os.sysconf("SC_CLK_TCK")


def _rest(pid: int) -> None:
    """Waits until a process has nothing more to do."""
    before = -1.0
    while before != (before := _cpu_s(pid)):
        time.sleep(_RESTS_S)


def _memory_mib(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / _MIB


def _read(heard: Path) -> tuple[np.ndarray, np.ndarray, int]:
    """Gives when results came (Unix time), how late each was (milliseconds), and how many different ones there are."""
    arrived, delays_ms, ids = [], [], set()
    for line in heard.read_bytes().splitlines():
        when, _, payload = line.partition(b" ")
        result = decode(payload, Result)
        arrived.append(float(when))
        # The wire's times are cut to milliseconds, so this is up to one too many.
        delays_ms.append(1000 * (arrived[-1] - datetime.fromisoformat(result.time).timestamp()))
        ids.add(result.id)
    return np.array(arrived), np.array(delays_ms), len(ids)


def main() -> None:
    """Measures and reports; the sizes may be named."""
    sizes = tuple(map(int, sys.argv[1:])) or SIZES
    found: dict[int, list[Measured]] = {size: [] for size in sizes}
    # Round by round, so that what else the machine does meets all sizes.
    with TerminalProgress().task("devices", total=_ROUNDS * len(sizes)) as advance:
        for size in _ROUNDS * sizes:
            found[size].append(measure(size))
            advance(note=f"{size}")
            write_rows(rows(median(found[size])), OUT)
    table = Table(*(field.name for field in fields(Measured)))
    for rounds in found.values():
        table.add_row(*(f"{value:,.0f}" if value >= 100 else f"{value:.2f}" for value in astuple(median(rounds))))
    Console(width=140).print(table)


if __name__ == "__main__":
    main()
