"""What the work draws, where the board tells: RAPL on a PC, the power chip of a Raspberry Pi 5."""

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from sagui.convert.bench.board import Machine
from sagui.convert.bench.card import Energy

IDLE_S = 2.0
"""How long nothing is done, to know what the board draws anyway."""

_SAMPLE_S = 0.25


class EnergyMeter(Protocol):
    """Counts energy."""

    @property
    def source(self) -> str:
        """Who tells, and what it covers."""

    def start(self) -> None:
        """Begins to count."""

    def stop(self) -> float | None:
        """Joules since `start`; None if the board stopped telling."""


def find_meter(machine: Machine) -> EnergyMeter | None:
    """Finds what tells of energy here; None if nothing does, or only to root."""
    packages = rapl_packages(machine)
    if packages:
        return RaplMeter(machine, packages)
    if pmic_watts(machine.ask("pmic_read_adc") or "") is not None:
        return PmicMeter(machine.ask)
    return None


def measure_energy(
    meter: EnergyMeter, work: Callable[[], object], seconds: float, idle_s: float = IDLE_S
) -> Energy | None:
    """Does some work again and again under a meter.

    Args:
        meter: It.
        work: Names one frame.
        seconds: How long to work.
        idle_s: How long to do nothing before.

    Returns:
        None if the meter does not answer.
    """
    idle, idled_s, _ = _counted(meter, lambda: time.sleep(idle_s), 0.0)
    drawn, worked_s, frames = _counted(meter, work, seconds)
    if idle is None or drawn is None:
        return None
    return Energy(
        source=meter.source,
        watts=drawn / worked_s,
        idle_watts=idle / idled_s,
        millijoules=1000 * drawn / frames,
        frames=frames,
    )


def _counted(meter: EnergyMeter, work: Callable[[], object], seconds: float) -> tuple[float | None, float, int]:
    """Joules, seconds and how often the work was done: once, and again until the time is over."""
    meter.start()
    start, times = time.perf_counter(), 0
    while not times or time.perf_counter() - start < seconds:
        work()
        times += 1
    elapsed = time.perf_counter() - start
    return meter.stop(), elapsed, times


@dataclass(frozen=True)
class RaplPackage:
    """A processor's energy counter, in microjoules.

    https://www.kernel.org/doc/html/latest/power/powercap/powercap.html

    Attributes:
        path: Of the counter, below the machine's root.
        range: It starts again at 0 after this.
    """

    path: str
    range: int


def rapl_packages(machine: Machine) -> tuple[RaplPackage, ...]:
    """The counters of all processors that this process may read; their parts are within them and left out."""
    found = []
    for folder in sorted((machine.root / "sys/class/powercap").glob("intel-rapl:*")):
        zone = folder.relative_to(machine.root).as_posix()
        limit = machine.text(f"{zone}/max_energy_range_uj") or ""
        whole = (machine.text(f"{zone}/name") or "").startswith("package")
        if whole and limit.isdecimal() and (machine.text(f"{zone}/energy_uj") or "").isdecimal():
            found.append(RaplPackage(f"{zone}/energy_uj", int(limit)))
    return tuple(found)


@dataclass
class RaplMeter:
    """Reads the processors' own counters."""

    machine: Machine
    packages: tuple[RaplPackage, ...]
    source: str = "RAPL (the processor)"
    _begun: list[str] = field(default_factory=list)

    def start(self) -> None:
        """See `EnergyMeter.start`."""
        self._begun = self._counters()

    def stop(self) -> float | None:
        """See `EnergyMeter.stop`."""
        pairs = list(zip(self._begun, self._counters(), self.packages, strict=True))
        if not all(begin.isdecimal() and end.isdecimal() for begin, end, _ in pairs):
            return None
        return sum(counted(int(begin), int(end), package.range) for begin, end, package in pairs) / 1e6

    def _counters(self) -> list[str]:
        return [self.machine.text(package.path) or "" for package in self.packages]


def counted(begin: int, end: int, limit: int) -> int:
    """How far a counter went that starts again at 0 after ``limit``.

    >>> counted(10, 30, 100), counted(90, 10, 100)
    (20, 21)
    """
    return end - begin if end >= begin else end - begin + limit + 1


class PmicMeter:
    """Asks the power chip of a Raspberry Pi 5 four times a second, from a thread of its own."""

    source = "the Pi 5's power chip (its rails; not its own loss, nor what hangs on USB)"

    def __init__(self, ask: Callable[[str], str | None], interval_s: float = _SAMPLE_S) -> None:
        self._ask = ask
        self._interval_s = interval_s
        self._watts: list[float] = []
        self._over = threading.Event()
        self._thread = threading.Thread()
        self._start = 0.0

    def start(self) -> None:
        """See `EnergyMeter.start`."""
        self._watts, self._over = [], threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._thread.start()
        self._start = time.perf_counter()

    def stop(self) -> float | None:
        """See `EnergyMeter.stop`: the mean power, times the time."""
        elapsed = time.perf_counter() - self._start
        self._over.set()
        self._thread.join()
        return elapsed * sum(self._watts) / len(self._watts) if self._watts else None

    def _sample(self) -> None:
        while True:
            watts = pmic_watts(self._ask("pmic_read_adc") or "")
            if watts is not None:
                self._watts.append(watts)
            if self._over.wait(self._interval_s):
                return


def pmic_watts(answer: str) -> float | None:
    r"""Adds up what ``vcgencmd pmic_read_adc`` says of the rails whose voltage and current it knows.

    https://www.raspberrypi.com/documentation/computers/os.html#pmic_read_adc

    >>> pmic_watts("VDD_CORE_A current(7)=2.00000000A\n EXT5V_V volt(24)=5.1V\n VDD_CORE_V volt(15)=0.75000000V\n")
    1.5
    """
    found = re.findall(r"^\s*(\S+)_([AV]) (?:current|volt)\([0-9]+\)=([0-9]+(?:\.[0-9]+)?)[AV]$", answer, re.MULTILINE)
    amperes = {rail: float(number) for rail, unit, number in found if unit == "A"}
    volts = {rail: float(number) for rail, unit, number in found if unit == "V"}
    rails = amperes.keys() & volts.keys()
    return sum(amperes[rail] * volts[rail] for rail in sorted(rails)) if rails else None
