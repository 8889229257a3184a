"""What the machine tells of itself. Each reader gives None where it does not tell."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

from sagui.device.machine import Machine, number

THROTTLED = ("under-voltage", "frequency-capped", "throttled", "soft-temperature-limit")
"""What the firmware's bits 0 to 3 mean; 16 to 19 mean the same, since the system started
(https://www.raspberrypi.com/documentation/computers/os.html#get_throttled)."""

UNDER_VOLTAGE, CAPPED, SLOWED, SOFT_LIMIT = (1 << bit for bit in range(len(THROTTLED)))

_NO_SIGNAL_DBM = -150.0  # drivers say -256 where there is none


def temperature_c(machine: Machine) -> float | None:
    """The processor's temperature, or the hottest zone's, if none says that it is the processor's."""
    zones = []
    for path in machine.below("sys/class/thermal", "thermal_zone*/temp"):
        value = number(machine.text(path))
        if value is not None:
            kind = machine.text(f"{path.rpartition('/')[0]}/type") or ""
            zones.append((kind.startswith(("cpu", "x86_pkg", "soc")), value / 1000))
    return max(zones)[1] if zones else None


def firmware_bits(machine: Machine) -> int | None:
    """What a Raspberry Pi's firmware says of power and heat; `THROTTLED` names the bits."""
    bits = _bits(machine.answer("vcgencmd", "get_throttled"))
    # The kernel keeps what it heard last, and calls the file deprecated in its log when it is read.
    return _bits(machine.text("sys/devices/platform/soc/soc:firmware/get_throttled")) if bits is None else bits


def voltage_alarm(machine: Machine) -> bool | None:
    """Whether the kernel's own driver sees under-voltage, for systems without ``vcgencmd``."""
    for path in machine.below("sys/class/hwmon", "hwmon*/name"):
        if machine.text(path) == "rpi_volt":
            alarm = number(machine.text(f"{path.rpartition('/')[0]}/in0_lcrit_alarm"))
            return None if alarm is None else bool(alarm)
    return None


def throttled(machine: Machine) -> tuple[str, ...] | None:
    """Names what is wrong with power and heat now; empty if nothing is."""
    bits = firmware_bits(machine)
    if bits is None:
        alarm = voltage_alarm(machine)
        if alarm is None:
            return None
        bits = UNDER_VOLTAGE * alarm
    return tuple(name for bit, name in enumerate(THROTTLED) if bits >> bit & 1)


def memory_bytes(machine: Machine) -> int | None:
    """The memory of this process that is in RAM."""
    return _kibibytes(machine.text("proc/self/status"), "VmRSS")


def memory_free_bytes(machine: Machine) -> int | None:
    """The memory that a new process can have, without pushing others out."""
    return _kibibytes(machine.text("proc/meminfo"), "MemAvailable")


def disk_free_bytes(folder: Path, usage: Callable[[Path], tuple[int, int, int]] = shutil.disk_usage) -> int | None:
    """The room for this user on the disk that a folder is on.

    Args:
        folder: It need not exist.
        usage: Gives total, used and free bytes.
    """
    try:
        return usage(nearest(folder))[2]
    except OSError:
        return None


def nearest(path: Path) -> Path:
    """The path, or what exists above it."""
    path = path.absolute()
    return next((one for one in (path, *path.parents) if one.exists()), Path("/"))


def wifi_dbm(machine: Machine) -> float | None:
    """The strongest Wi-Fi signal of all interfaces, by ``/proc/net/wireless`` (proc(5), wireless extensions)."""
    signals = []
    for line in (machine.text("proc/net/wireless") or "").splitlines():
        # wlan0: 0000   54.  -56.  -256        0      0      0      0      0        0
        words = line.partition(":")[2].split()
        level = number(words[2].rstrip(".")) if len(words) > 2 else None  # noqa: PLR2004 (status, link, level)
        if level is not None:
            # Old drivers write the byte without its sign.
            level = level - 256 if level > 0 else level
            signals.append(level)
    heard = [level for level in signals if _NO_SIGNAL_DBM < level < 0]
    return max(heard, default=None)


def _bits(answer: str | None) -> int | None:
    found = re.fullmatch(r"(?:throttled=)?(?:0x)?([0-9a-fA-F]{1,8})", (answer or "").strip())
    return int(found.group(1), 16) if found else None


def _kibibytes(content: str | None, key: str) -> int | None:
    """A number of the kernel's tables, which call it kB and mean 1024 bytes."""
    found = re.search(rf"^{key}:\s*([0-9]+) kB$", content or "", re.MULTILINE)
    return 1024 * int(found.group(1)) if found else None
