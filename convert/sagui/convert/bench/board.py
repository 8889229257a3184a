"""What machine this is and how it fares, as Linux and the Raspberry Pi's firmware tell it."""

import os
import platform
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sagui.convert.bench.card import Board, Condition

_PATIENCE_S = 2.0
# /proc/cpuinfo of 64-bit Arm has numbers only; these are in Arm's Technical Reference Manuals, register MIDR_EL1.
_ARM = 0x41
_ARM_PARTS = {
    0xD03: "Cortex-A53",
    0xD04: "Cortex-A35",
    0xD05: "Cortex-A55",
    0xD07: "Cortex-A57",
    0xD08: "Cortex-A72",
    0xD09: "Cortex-A73",
    0xD0A: "Cortex-A75",
    0xD0B: "Cortex-A76",
    0xD0C: "Neoverse N1",
    0xD40: "Neoverse V1",
    0xD41: "Cortex-A78",
    0xD49: "Neoverse N2",
    0xD4F: "Neoverse V2",
}
_CPU_ZONES = ("cpu", "x86_pkg", "soc")
_CPU_SENSORS = ("coretemp", "k10temp", "cpu_thermal")


def vcgencmd(command: str) -> str | None:
    """Asks the Raspberry Pi's firmware; None where there is none, or it does not answer."""
    program = shutil.which("vcgencmd")
    if program is None:
        return None
    try:
        asked = subprocess.run(  # noqa: S603 (our own constants)
            [program, command], capture_output=True, text=True, timeout=_PATIENCE_S, check=True
        )
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return None
    return asked.stdout


@dataclass(frozen=True)
class Machine:
    """Where a machine is asked.

    Attributes:
        root: Below it lie ``proc`` and ``sys``.
        ask: Gives the firmware's answer to a command, or None.
    """

    root: Path = Path("/")
    ask: Callable[[str], str | None] = vcgencmd

    def board(self) -> Board:
        """What machine it is, and how it fares now."""
        return Board(
            name=self._name(),
            cpu=cpu_name(self.text("proc/cpuinfo") or ""),
            cores=usable_cores(),
            architecture=platform.machine(),
            system=f"{platform.system()} {platform.release()}, Python {platform.python_version()}",
            memory_bytes=kibibytes(self.text("proc/meminfo") or "", "MemTotal"),
            before=self.condition(),
        )

    def condition(self) -> Condition:
        """How it fares now; the clock is read first, because it falls soon after the work ends."""
        clock = self._highest("scaling_cur_freq")
        return Condition(
            clock_mhz=clock,
            max_clock_mhz=self._highest("cpuinfo_max_freq"),
            governor=self._governor(),
            temperature_c=self._temperature(),
            throttled=throttled_bits(self.ask("get_throttled") or ""),
            throttle_count=self._throttle_count(),
            load=_number((self.text("proc/loadavg") or "").partition(" ")[0]),
        )

    def busy_seconds(self) -> float | None:
        """How long all cores together have worked since the system's start, for anyone."""
        words = (self.text("proc/stat") or "").partition("\n")[0].split()
        if len(words) < 9 or words[0] != "cpu" or not all(word.isdecimal() for word in words[1:9]):  # noqa: PLR2004
            return None
        # user, nice, system, idle, iowait, irq, softirq, steal: proc_stat(5)
        user, nice, system, _idle, _wait, irq, softirq, steal = map(int, words[1:9])
        return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")

    def text(self, path: str) -> str | None:
        """Reads a small file below the root; None if it is not there or not for us."""
        try:
            return (self.root / path).read_text("utf-8").strip("\0 \n")
        except (OSError, UnicodeDecodeError):
            return None

    def _name(self) -> str | None:
        return self.text("proc/device-tree/model") or self.text("sys/class/dmi/id/product_name") or None

    def _highest(self, key: str) -> float | None:
        """The highest of all cores' clocks, which the kernel gives in kHz."""
        clocks = [clock for clock in map(_number, self._each_policy(key)) if clock is not None]
        return max(clocks) / 1000 if clocks else None

    def _governor(self) -> str | None:
        return ", ".join(sorted(set(self._each_policy("scaling_governor")))) or None

    def _each_policy(self, key: str) -> Iterator[str]:
        for path in self._below("sys/devices/system/cpu/cpufreq", f"policy*/{key}"):
            if content := self.text(path):
                yield content

    def _throttle_count(self) -> int | None:
        paths = self._below("sys/devices/system/cpu", "cpu*/thermal_throttle/*_throttle_count")
        counts = [_number(self.text(path) or "") for path in paths]
        known = [int(count) for count in counts if count is not None]
        return sum(known) if known else None

    def _temperature(self) -> float | None:
        """The processor's; the hottest zone, if none says that it is the processor's."""
        zones = {}
        for path in self._below("sys/class/thermal", "thermal_zone*/temp"):
            zones[path] = (self.text(f"{path.rpartition('/')[0]}/type") or "", _number(self.text(path) or ""))
        own = [value for kind, value in zones.values() if value is not None and kind.startswith(_CPU_ZONES)]
        found = own or self._sensors() or [value for _, value in zones.values() if value is not None]
        return max(found) / 1000 if found else None

    def _sensors(self) -> list[float]:
        """Of processors whose driver has no thermal zone, such as AMD's."""
        found = []
        for path in self._below("sys/class/hwmon", "hwmon*/name"):
            if self.text(path) in _CPU_SENSORS:
                inputs = self._below(path.rpartition("/")[0], "temp*_input")
                found += [value for value in (_number(self.text(one) or "") for one in inputs) if value is not None]
        return found

    def _below(self, folder: str, pattern: str) -> list[str]:
        return [path.relative_to(self.root).as_posix() for path in sorted((self.root / folder).glob(pattern))]


def usable_cores() -> int:
    """How many cores this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not Linux
        return os.cpu_count() or 1


def cpu_name(cpuinfo: str) -> str | None:
    r"""Finds the processor's name in ``/proc/cpuinfo``.

    >>> cpu_name("processor\t: 0\nCPU implementer\t: 0x41\nCPU part\t: 0xd0b\n")
    'Cortex-A76'
    """
    if named := re.search(r"^model name\s*: *(\S.*)$", cpuinfo, re.MULTILINE):
        return named.group(1).strip()
    found = re.findall(
        r"^CPU implementer\s*: *(0x[0-9a-fA-F]+)$|^CPU part\s*: *(0x[0-9a-fA-F]+)$", cpuinfo, re.MULTILINE
    )
    makers = {int(maker, 16) for maker, _ in found if maker}
    parts = {int(part, 16) for _, part in found if part}
    known = _ARM_PARTS if makers == {_ARM} else {}
    return " and ".join(known.get(part, f"CPU part 0x{part:03x}") for part in sorted(parts)) or None


def kibibytes(content: str, key: str) -> int | None:
    r"""Finds a size in ``/proc/meminfo`` or ``/proc/self/status``, in bytes.

    >>> kibibytes("VmHWM:\t    2048 kB\n", "VmHWM")
    2097152
    """
    found = re.search(rf"^{re.escape(key)}:\s*([0-9]+) kB$", content, re.MULTILINE)
    return int(found.group(1)) * 1024 if found else None


def throttled_bits(answer: str) -> int | None:
    r"""Reads what ``vcgencmd get_throttled`` answers.

    >>> throttled_bits("throttled=0x50005\n")
    327685
    """
    found = re.fullmatch(r"throttled=0x([0-9a-fA-F]{1,8})", answer.strip())
    return int(found.group(1), 16) if found else None


def _number(content: str) -> float | None:
    return float(content) if re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", content) else None
