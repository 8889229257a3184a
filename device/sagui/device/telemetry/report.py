"""Telemetry as it goes on the wire: the agent's own numbers and the machine's."""

import time
from collections.abc import Callable
from pathlib import Path

from sagui.device.machine import Machine
from sagui.device.telemetry.measure import Measured, Meter
from sagui.device.telemetry.readers import (
    disk_free_bytes,
    memory_bytes,
    memory_free_bytes,
    temperature_c,
    throttled,
    wifi_dbm,
)
from sagui.wire import Mode, ModelRef, OutboxCounts, Percentiles, Telemetry, timestamp

LEAST_S = 0.1
"""A rate is one of so much time at least: a report sooner after another repeats its rate."""


class Reporter:
    """Writes reports. It remembers the one before, for the frames a second since: make one for each reader."""

    def __init__(
        self,
        meter: Meter,
        machine: Machine,
        folder: Path,
        counts: Callable[[], OutboxCounts],
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Puts the sources together.

        Args:
            meter: Counts the frames.
            machine: Where temperature, memory and the others are read.
            folder: The state folder, whose disk may fill.
            counts: Gives what became of the results.
            clock: Unix time, in seconds.
        """
        self._meter, self._machine, self._folder = meter, machine, folder
        self._counts, self._clock = counts, clock
        self._before, self._rate = (0.0, 0), 0.0

    def report(self, mode: Mode = "normal", *, ignored_commands: int = 0, model: ModelRef | None = None) -> Telemetry:
        """Measures now. It may take some milliseconds, and more where ``vcgencmd`` must be asked.

        Args:
            mode: Whether camera and model are in use.
            ignored_commands: Commands that made no sense.
            model: The model in use.
        """
        measured, machine = self._meter.read(), self._machine
        return Telemetry(
            time=timestamp(self._clock()),
            uptime_s=round(measured.time_s, 1),
            mode=mode,
            frames=measured.frames,
            fps=round(self._fps(measured), 3),
            latency_ms=_percentiles(measured),
            frame_age_ms=None if measured.frame_age_ms is None else round(measured.frame_age_ms, 3),
            dropped_frames=measured.dropped,
            temperature_c=temperature_c(machine),
            throttled=throttled(machine),
            memory_bytes=memory_bytes(machine),
            memory_free_bytes=memory_free_bytes(machine),
            disk_free_bytes=disk_free_bytes(self._folder),
            wifi_dbm=wifi_dbm(machine),
            outbox=self._counts(),
            ignored_commands=ignored_commands,
            model=model,
        )

    def _fps(self, measured: Measured) -> float:
        time_s, frames = self._before
        lasted_s = measured.time_s - time_s
        if lasted_s >= LEAST_S:
            self._before = (measured.time_s, measured.frames)
            self._rate = (measured.frames - frames) / lasted_s
        return self._rate


def _percentiles(measured: Measured) -> Percentiles | None:
    if measured.percentiles_ms is None:
        return None
    p50, p95, p99 = (round(value, 3) for value in measured.percentiles_ms)
    return Percentiles(p50=p50, p95=p95, p99=p99)
