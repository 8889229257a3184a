"""The clock: a Raspberry Pi has none of its own that lasts, and certificates and results need the right time."""

from datetime import UTC, datetime

from sagui.device.doctor.report import Finding, failed, ok, warning
from sagui.device.machine import Machine

EARLIEST = datetime(2026, 1, 1, tzinfo=UTC)
"""No clock is right that says less: sagui is younger."""

LATEST = datetime(2076, 1, 1, tzinfo=UTC)
_SET = "sudo timedatectl set-ntp true, and a network that lets UDP port 123 through"


def check_clock(machine: Machine, now: datetime) -> list[Finding]:
    """Looks at the time, and at whether the network tells it.

    Args:
        machine: Where.
        now: What its clock says.
    """
    said = f"{now:%Y-%m-%d %H:%M:%S} UTC"
    if not EARLIEST <= now < LATEST:
        return [failed("clock", f"{said} cannot be: certificates look expired or not yet valid", _SET)]
    synchronized, service = _synchronized(machine)
    if synchronized:
        return [ok("clock", f"{said}, kept right by the network")]
    if synchronized is None:
        return [warning("clock", f"{said}; whether the network keeps it right is not known", "timedatectl")]
    if service:
        mend = "wait a minute; then: systemctl status systemd-timesyncd"
        return [warning("clock", f"{said}; the network has not told the time yet", mend)]
    return [warning("clock", f"{said}; nothing keeps it right", _SET)]


def _synchronized(machine: Machine) -> tuple[bool | None, bool]:
    """Whether the clock follows the network (None: not known), and whether a service is to see to it."""
    # The kernel's own flag, which any service sets: timesyncd, chrony or ntpd.
    shown = machine.answer("timedatectl", "show", "--property=NTPSynchronized", "--property=NTP")
    values = dict(line.split("=", 1) for line in (shown or "").splitlines() if "=" in line)
    if "NTPSynchronized" in values:
        return values["NTPSynchronized"] == "yes", values.get("NTP") == "yes"
    if machine.text("run/systemd/timesync/synchronized") is not None:
        return True, True
    return None, False
