"""A fake board, and cards to compare."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sagui.bundle.metrics import proportion
from sagui.convert.bench.card import (
    Board,
    Card,
    Condition,
    Energy,
    FrameFacts,
    Latency,
    Measured,
    Memory,
    ModelFacts,
    accuracy_of,
)


@pytest.fixture
def pi(tmp_path: Path) -> Path:
    """The files by which a Raspberry Pi 5 tells of itself."""
    root = tmp_path / "pi"
    cores = "".join(f"processor\t: {core}\nCPU implementer\t: 0x41\nCPU part\t: 0xd0b\n\n" for core in range(4))
    policy, zone = "sys/devices/system/cpu/cpufreq/policy0", "sys/class/thermal/thermal_zone0"
    files = {
        "proc/cpuinfo": cores,
        "proc/meminfo": "MemTotal:        8245504 kB\nMemFree:         1000000 kB\n",
        "proc/loadavg": "0.42 0.30 0.10 1/123 4567\n",
        "proc/stat": "cpu  1000 200 300 90000 50 7 8 9 0 0\ncpu0 1 2 3 4 5 6 7 8 0 0\n",
        "proc/device-tree/model": "Raspberry Pi 5 Model B Rev 1.0\0",
        f"{policy}/scaling_governor": "ondemand\n",
        f"{policy}/scaling_cur_freq": "1500000\n",
        f"{policy}/cpuinfo_max_freq": "2400000\n",
        f"{zone}/type": "cpu-thermal\n",
        f"{zone}/temp": "61350\n",
    }
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content)
    return root


def one_measured(threads: int = 1, p50_ms: float = 10.0, **changes: Any) -> Measured:
    times = Latency(p50_ms=p50_ms, p90_ms=1.1 * p50_ms, p99_ms=1.5 * p50_ms)
    small = Latency(p50_ms=0.1, p90_ms=0.1, p99_ms=0.2)
    measured = Measured(
        threads=threads,
        runs=500,
        runtime="litert 2.3.0",
        load_ms=20.0,
        first_ms=2 * p50_ms,
        end_to_end=times,
        preprocess=small,
        invoke=times,
        rest=small,
        frames_per_second=1000 / p50_ms,
        memory=Memory(before_load_bytes=50_000_000, resident_bytes=60_000_000, peak_bytes=70_000_000),
        energy=Energy(source="RAPL (the processor)", watts=5.0, idle_watts=3.0, millijoules=5 * p50_ms, frames=300),
        other_cores=0.02,
        after=Condition(),
    )
    return msgspec.structs.replace(measured, **changes)


def one_board(**before: Any) -> Board:
    return Board(
        name="Raspberry Pi 5 Model B Rev 1.0",
        cpu="Cortex-A76",
        cores=4,
        architecture="aarch64",
        system="Linux 6.12, Python 3.13",
        memory_bytes=8_000_000_000,
        before=Condition(**before),
    )


def one_card(**changes: Any) -> Card:
    card = Card(
        created="2026-01-02T03:04:05Z",
        model=ModelFacts(name="cells", version="1.0.0", quantization="int8", bytes=4_000_000, sha256="0" * 64),
        frame=FrameFacts(source="golden", about="a golden frame", height=480, width=640),
        board=one_board(),
        measured=(one_measured(1), one_measured(4, 4.0)),
        accuracy=accuracy_of(proportion(880, 1000), proportion(884, 1000)),
    )
    return msgspec.structs.replace(card, **changes)


@pytest.fixture(scope="session")
def make_card() -> Callable[..., Card]:
    return one_card


@pytest.fixture(scope="session")
def make_measured() -> Callable[..., Measured]:
    return one_measured


@pytest.fixture(scope="session")
def make_board() -> Callable[..., Board]:
    return one_board
