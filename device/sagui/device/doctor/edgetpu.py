"""The Coral Edge TPU: seen, on which bus, with which driver and library."""

from sagui.device.doctor.report import Finding, failed, ok, warning
from sagui.device.machine import Machine, number

# Before and after its firmware is loaded: Global Unichip's number, then Google's.
_USB = {("1a6e", "089a"), ("18d1", "9302")}
_PCIE = ("0x1ac1", "0x089a")
_USB3_MBIT = 5000.0
_LIBRARIES = ("lib", "usr/lib", "usr/local/lib")
_INSTALL = "sudo apt install libedgetpu1-std, from the repository that https://coral.ai/software names"


def check_edgetpu(machine: Machine) -> list[Finding]:
    """Looks for an Edge TPU and what it needs."""
    findings = _check_usb(machine) + _check_pcie(machine)
    if not findings:
        return [ok("edgetpu", "none is seen: models run on the CPU")]
    library = find_library(machine)
    if library is None:
        text = "its library, libedgetpu.so.1, is missing: models run on the CPU"
        return [*findings, warning("edgetpu", text, _INSTALL)]
    return [*findings, ok("edgetpu", f"its library is {library}")]


def find_library(machine: Machine) -> str | None:
    """Finds ``libedgetpu.so.1`` where the loader looks for it."""
    for folder in _LIBRARIES:
        for pattern in ("libedgetpu.so.1", "*-linux-gnu*/libedgetpu.so.1"):
            for path in machine.below(folder, pattern):
                return f"/{path}"
    return None


def _check_usb(machine: Machine) -> list[Finding]:
    findings = []
    for path in machine.below("sys/bus/usb/devices", "*/idVendor"):
        folder = path.rpartition("/")[0]
        if (machine.text(path), machine.text(f"{folder}/idProduct")) in _USB:
            findings.append(_check_usb_device(machine, folder))
    return findings


def _check_usb_device(machine: Machine, folder: str) -> Finding:
    place = folder.rpartition("/")[2]
    bus, device = (number(machine.text(f"{folder}/{key}")) for key in ("busnum", "devnum"))
    if bus is not None and device is not None:
        node = machine.root / f"dev/bus/usb/{int(bus):03d}/{int(device):03d}"
        if node.exists() and not machine.may_use(node):
            mend = "sudo usermod -aG plugdev $USER, then log in again and plug it in anew"
            return failed("edgetpu", f"on USB {place}: this user may not open it", mend)
    speed = number(machine.text(f"{folder}/speed"))
    if speed is None:
        return ok("edgetpu", f"on USB {place}; its speed is not known")
    if speed < _USB3_MBIT:
        mend = "plug it into a blue USB 3 port, with a USB 3 cable; a Zero 2 W and a Pi 3 have none"
        return warning("edgetpu", f"on USB 2 ({speed:g} Mbit/s): every photo takes longer to reach it", mend)
    return ok("edgetpu", f"on USB 3 ({speed:g} Mbit/s)")


def _check_pcie(machine: Machine) -> list[Finding]:
    found = [
        path
        for path in machine.below("sys/bus/pci/devices", "*/vendor")
        if (machine.text(path), machine.text(f"{path.rpartition('/')[0]}/device")) == _PCIE
    ]
    node = machine.root / "dev/apex_0"
    if not node.exists():
        mend = "sudo apt install gasket-dkms, then restart"
        return [failed("edgetpu", "on PCIe without a driver: no /dev/apex_0", mend)] if found else []
    if not machine.may_use(node):
        mend = "sudo usermod -aG apex $USER, then log in again"
        return [failed("edgetpu", "/dev/apex_0: this user may not open it", mend)]
    return [ok("edgetpu", "on PCIe (/dev/apex_0)")]
