"""Power and heat: what slows a board down, or makes it fail at night."""

import re

from sagui.device.doctor.machine import Machine, number
from sagui.device.doctor.report import Finding, failed, ok, warning

HOT_C = 80.0
"""Where a Raspberry Pi begins to slow down, by its documentation; at 85 it slows down hard."""

_SUPPLY = "use the board's own power supply (Pi 5: 5.1 V 5 A, Pi 4: 5.1 V 3 A) and a short, thick cable"
_COOL = "give it a heat sink, a fan, or shade"
_UNDER_VOLTAGE, _CAPPED, _THROTTLED, _SOFT_LIMIT = 1, 2, 4, 8
_SINCE_BOOT = 16


def check_power(machine: Machine) -> list[Finding]:
    """Looks at the supply, and at what the firmware did to the clock."""
    bits = _firmware(machine)
    if bits is not None:
        return explain(bits)
    alarm = _voltage_alarm(machine)
    if alarm is not None:
        if alarm:
            return [failed("power", "under-voltage now", _SUPPLY)]
        return [ok("power", "no under-voltage now; the kernel does not tell of before")]
    if machine.is_raspberry_pi:
        mend = "sudo apt install raspi-utils, and: sudo usermod -aG video $USER"
        return [warning("power", "under-voltage and throttling are not known: vcgencmd does not answer", mend)]
    return []


def explain(bits: int) -> list[Finding]:
    """Tells what the firmware's bits mean.

    Args:
        bits: What ``vcgencmd get_throttled`` answers: bits 0 to 3 for now, 16 to 19 since the start of the system
            (https://www.raspberrypi.com/documentation/computers/os.html#get_throttled).
    """
    before = bits >> _SINCE_BOOT
    findings = []
    if bits & _UNDER_VOLTAGE:
        findings.append(failed("power", "under-voltage now", _SUPPLY))
    elif before & _UNDER_VOLTAGE:
        findings.append(warning("power", "under-voltage since the system started", _SUPPLY))
    slow = _CAPPED | _THROTTLED | _SOFT_LIMIT
    # Under-voltage slows the clock by itself: then the supply is to be mended, not the heat.
    cure = _SUPPLY if findings else _COOL
    if bits & slow:
        findings.append(warning("power", "the processor is slowed down now", cure))
    elif before & slow:
        findings.append(warning("power", "the processor was slowed down since the system started", cure))
    return findings or [ok("power", "no under-voltage and no throttling since the system started")]


def check_temperature(machine: Machine) -> list[Finding]:
    """Looks at the processor's temperature; nothing where the machine does not tell."""
    celsius = temperature_c(machine)
    if celsius is None:
        return []
    if celsius >= HOT_C:
        return [warning("temperature", f"{celsius:.0f} °C: the processor slows down from {HOT_C:.0f} °C", _COOL)]
    return [ok("temperature", f"{celsius:.0f} °C")]


def temperature_c(machine: Machine) -> float | None:
    """The processor's temperature, or the hottest zone's, if none says that it is the processor's."""
    zones = []
    for path in machine.below("sys/class/thermal", "thermal_zone*/temp"):
        value = number(machine.text(path))
        if value is not None:
            kind = machine.text(f"{path.rpartition('/')[0]}/type") or ""
            zones.append((kind.startswith(("cpu", "x86_pkg", "soc")), value / 1000))
    return max(zones)[1] if zones else None


def _firmware(machine: Machine) -> int | None:
    for answer in (
        machine.answer("vcgencmd", "get_throttled"),
        machine.text("sys/devices/platform/soc/soc:firmware/get_throttled"),
    ):
        found = re.fullmatch(r"(?:throttled=)?(?:0x)?([0-9a-fA-F]{1,8})", (answer or "").strip())
        if found:
            return int(found.group(1), 16)
    return None


def _voltage_alarm(machine: Machine) -> bool | None:
    """The kernel's own driver, for systems without ``vcgencmd``."""
    for path in machine.below("sys/class/hwmon", "hwmon*/name"):
        if machine.text(path) == "rpi_volt":
            alarm = number(machine.text(f"{path.rpartition('/')[0]}/in0_lcrit_alarm"))
            return None if alarm is None else bool(alarm)
    return None
