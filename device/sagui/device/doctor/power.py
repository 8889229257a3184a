"""Power and heat: what slows a board down, or makes it fail at night."""

from sagui.device.doctor.report import Finding, failed, ok, warning
from sagui.device.machine import Machine
from sagui.device.telemetry.readers import (
    CAPPED,
    SLOWED,
    SOFT_LIMIT,
    UNDER_VOLTAGE,
    firmware_bits,
    temperature_c,
    voltage_alarm,
)

HOT_C = 80.0
"""Where a Raspberry Pi begins to slow down, by its documentation; at 85 it slows down hard."""

_SUPPLY = "use the board's own power supply (Pi 5: 5.1 V 5 A, Pi 4: 5.1 V 3 A) and a short, thick cable"
_COOL = "give it a heat sink, a fan, or shade"
_SINCE_BOOT = 16


def check_power(machine: Machine) -> list[Finding]:
    """Looks at the supply, and at what the firmware did to the clock."""
    bits = firmware_bits(machine)
    if bits is not None:
        return explain(bits)
    alarm = voltage_alarm(machine)
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
    if bits & UNDER_VOLTAGE:
        findings.append(failed("power", "under-voltage now", _SUPPLY))
    elif before & UNDER_VOLTAGE:
        findings.append(warning("power", "under-voltage since the system started", _SUPPLY))
    slow = CAPPED | SLOWED | SOFT_LIMIT
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
