"""How much memory `sagui dashboard` holds while results come, and where that leads to in an hour."""

import time
from dataclasses import dataclass

import numpy as np
from tests.bench.dashboard.stage import (
    SIZE,
    Server,
    bare_page,
    chromium,
    dashboard,
    mosquitto,
    new_folder,
    publisher,
    said,
)

_HOUR_S = 3600.0
_WARM_UP = 1 / 3
"""This share of the time is left out of the slope: caches fill."""

_SAMPLES = 60


@dataclass(frozen=True)
class Memory:
    """What was seen.

    Attributes:
        first_mib: After the first third of the time.
        last_mib: At the end.
        hour_mib: After an hour, if it goes on as it did in the last two thirds.
        bare_mib: Of NiceGUI with one word on its page, which is open.
        cores: Processor time of the dashboard each second.
    """

    first_mib: float
    last_mib: float
    hour_mib: float
    bare_mib: float
    cores: float


def memory(seconds: float = 180, per_s: float = 500, devices: int = 100) -> Memory:
    """Watches the dashboard with its page open.

    Args:
        seconds: How long.
        per_s: Results of all devices together each second.
        devices: How many.
    """
    count = round(per_s * seconds / devices)
    with new_folder() as folder, mosquitto(folder) as port, chromium() as browser:
        with bare_page() as bare:
            browser.new_page().goto(bare.url)
            bare_mib = bare.memory_mib()
        with dashboard(port, folder) as server:
            browser.new_page(viewport=SIZE).goto(server.url)
            before_s = server.cpu_s()
            with publisher(port, devices, per_s, count) as process:
                times_s, held_mib = _sample(server, seconds)
                said(process)
            cores = (server.cpu_s() - before_s) / seconds
    slope, start = np.polyfit(times_s, held_mib, 1)
    return Memory(held_mib[0], held_mib[-1], float(start + slope * _HOUR_S), bare_mib, cores)


def _sample(server: Server, seconds: float) -> tuple[list[float], list[float]]:
    """Gives memory and the times since the beginning, of the time after the warm-up."""
    start, times_s, held_mib = time.monotonic(), [], []
    time.sleep(_WARM_UP * seconds)
    for _ in range(_SAMPLES):
        time.sleep((1 - _WARM_UP) * seconds / _SAMPLES)
        times_s.append(time.monotonic() - start)
        held_mib.append(server.memory_mib())
    return times_s, held_mib
