"""Telemetry as it goes on the wire."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sagui.device.cameras import Frame
from sagui.device.telemetry.measure import Meter
from sagui.device.telemetry.report import Reporter
from sagui.wire import ModelRef, OutboxCounts, Percentiles, Telemetry, decode, encode

COUNTS = OutboxCounts(waiting=3, acknowledged=40, dropped=1)


class Reported:
    """A reporter whose clock a test moves."""

    def __init__(self, machine: Any, folder: Path) -> None:
        self.now = 0.0
        self.meter = Meter(clock=lambda: self.now)
        self.reporter = Reporter(self.meter, machine, folder, lambda: COUNTS, lambda: 1_790_000_000.25)
        self._index = 0

    def look(self, frames: int) -> None:
        for _ in range(frames):
            self.meter.add(Frame(np.zeros((1, 1, 3), np.uint8), self._index), 12.3456, 1.23456)
            self._index += 1


@pytest.fixture
def reported(tree: Any, tmp_path: Path) -> Reported:
    return Reported(tree.machine, tmp_path)


def test_all_that_is_known_is_told(reported: Reported, tree: Any) -> None:
    tree.put("sys/class/thermal/thermal_zone0/type", "cpu-thermal\n")
    tree.put("sys/class/thermal/thermal_zone0/temp", "48312\n")
    tree.put("sys/devices/platform/soc/soc:firmware/get_throttled", "1\n")
    tree.put("proc/self/status", "VmRSS:\t   1 kB\n")
    tree.put("proc/meminfo", "MemAvailable:  2 kB\n")
    tree.put("proc/net/wireless", "a\nb\n wlan0: 0000   54.  -56.  -256 0 0 0 0 0 0\n")
    reported.look(20)
    reported.now = 10.0
    model = ModelRef(name="cats", version="1.2.0")
    telemetry = reported.reporter.report("safe", ignored_commands=2, model=model)
    assert telemetry.disk_free_bytes
    assert telemetry == Telemetry(
        time="2026-09-21T14:13:20.250Z",
        uptime_s=10.0,
        mode="safe",
        frames=20,
        fps=2.0,
        latency_ms=Percentiles(p50=12.346, p95=12.346, p99=12.346),
        frame_age_ms=1.235,
        dropped_frames=0,
        temperature_c=48.312,
        throttled=("under-voltage",),
        memory_bytes=1024,
        memory_free_bytes=2048,
        disk_free_bytes=telemetry.disk_free_bytes,
        wifi_dbm=-56.0,
        outbox=COUNTS,
        ignored_commands=2,
        model=model,
    )
    assert decode(encode(telemetry), Telemetry) == telemetry


def test_what_a_machine_does_not_tell_is_null(reported: Reported) -> None:
    telemetry = reported.reporter.report()
    assert telemetry.mode == "normal"
    assert (telemetry.frames, telemetry.fps, telemetry.latency_ms, telemetry.frame_age_ms) == (0, 0.0, None, None)
    assert telemetry.temperature_c is None
    assert telemetry.throttled is None
    assert telemetry.memory_bytes is None
    assert telemetry.wifi_dbm is None
    assert telemetry.model is None
    assert decode(encode(telemetry), Telemetry) == telemetry


def test_the_rate_is_that_since_the_report_before(reported: Reported) -> None:
    rates = []
    for frames, seconds in ((100, 10.0), (5, 10.0), (0, 10.0), (30, 1.0)):
        reported.look(frames)
        reported.now += seconds
        rates.append(reported.reporter.report().fps)
    assert rates == [10.0, 0.5, 0.0, 30.0]


def test_a_report_right_after_another_tells_its_rate_and_leaves_the_frames_to_the_next(reported: Reported) -> None:
    rates = []
    for frames, seconds in ((1, 0.0), (100, 10.0), (0, 0.0), (1, 0.001), (9, 0.999), (0, 0.05)):
        reported.look(frames)
        reported.now += seconds
        rates.append(reported.reporter.report().fps)
    assert rates == [0.0, 10.1, 10.1, 10.1, 10.0, 10.0]
