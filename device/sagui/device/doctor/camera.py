"""Cameras: which the kernel shows, whether this user may open them, and who holds them."""

import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from sagui.device.doctor.probe import run_probe
from sagui.device.doctor.report import Finding, failed, ok, warning
from sagui.device.machine import Machine

# Nodes that are no cameras: the Raspberry Pi's codecs, its image signal processors and its scaler.
_NO_CAMERAS = ("bcm2835-codec", "bcm2835-isp", "rpi-hevc", "rpivid", "pispbe")
# Receivers of the ribbon cable; they appear once a sensor answers. Pi 4 and older, Pi 5.
_RIBBON = ("unicam", "rp1-cfe")
_PICAMERA2 = "sudo apt install python3-picamera2, and a venv made by: /usr/bin/python3 -m venv --system-site-packages"
_NUMPY_CHANGED = ("numpy.dtype size changed", "numpy.core.multiarray", "compiled using NumPy 1")


@dataclass(frozen=True)
class Node:
    """A video device.

    Attributes:
        name: Such as ``video0``.
        title: What its driver calls it.
    """

    name: str
    title: str

    @property
    def ribbon(self) -> bool:
        """Whether it is the receiver of a ribbon cable, which libcamera alone can work with."""
        return self.title.startswith(_RIBBON)


@dataclass(frozen=True)
class Holder:
    """A process that has a camera open.

    Attributes:
        name: The program.
        ours: Whether it is sagui.
    """

    process: int
    name: str
    ours: bool


def check_camera(machine: Machine) -> list[Finding]:
    """Looks for cameras."""
    nodes = list(find_nodes(machine))
    findings = [_check_usb(machine, node) for node in nodes if not node.ribbon]
    if any(node.ribbon for node in nodes):
        findings += _check_ribbon(machine, [node for node in nodes if node.ribbon])
    if findings:
        return findings
    mend = "plug a USB camera in and see: ls /dev/video*"
    if machine.is_raspberry_pi:
        mend += "; for one on the ribbon cable: rpicam-hello --list-cameras"
    return [warning("camera", "none is seen; folders, files and network cameras need none", mend)]


def find_nodes(machine: Machine) -> Iterator[Node]:
    """Finds the devices that give pictures."""
    for path in machine.below("sys/class/video4linux", "video*"):
        title = machine.text(f"{path}/name") or ""
        # A USB camera has a second node, index 1, for data about its pictures.
        if not title.startswith(_NO_CAMERAS) and machine.text(f"{path}/index") in {"0", None}:
            yield Node(path.rpartition("/")[2], title)


def find_holders(machine: Machine, devices: Collection[str]) -> tuple[list[Holder], bool]:
    """Finds who has one of the devices open.

    Returns:
        The processes, and whether all could be asked: a user other than root sees into his own alone.
    """
    found, complete = [], True
    for folder in machine.below("proc", "[0-9]*/fd"):
        opened = _open_files(machine.root / folder)
        if opened is None:
            complete = False
        elif not opened.isdisjoint(devices):
            found.append(_holder(machine, folder.split("/")[1]))
    return found, complete


def _open_files(folder: Path) -> set[str] | None:
    """What a process has open; None where that is not for us to know."""
    found = set()
    try:
        for link in folder.iterdir():
            found.add(os.readlink(link))  # noqa: PTH115 (what it gives may be no path)
    except (FileNotFoundError, ProcessLookupError):  # it ended, or closed the file
        return found
    except OSError:
        return None
    return found


def _holder(machine: Machine, process: str) -> Holder:
    words = (machine.text(f"proc/{process}/cmdline") or "").split("\0")
    name = machine.text(f"proc/{process}/comm") or Path(words[0]).name
    return Holder(int(process), name, any(Path(word).name in {"sagui", "sagui.cli"} for word in words))


def _check_usb(machine: Machine, node: Node) -> Finding:
    device = f"/dev/{node.name}"
    seen = f"{device} ({node.title})" if node.title else device
    path = machine.root / "dev" / node.name
    if not path.exists():
        return failed(
            "camera", f"{seen} has no device file", "sudo udevadm trigger; in a container: --device " + device
        )
    if not machine.may_use(path):
        return failed("camera", f"{seen}: this user may not open it", "sudo usermod -aG video $USER, then log in again")
    return _check_holders(machine, [device], seen)


def _check_holders(machine: Machine, devices: list[str], seen: str) -> Finding:
    holders, complete = find_holders(machine, devices)
    others = [one for one in holders if not one.ours]
    if others:
        who = ", ".join(f"{one.name} (process {one.process})" for one in others)
        kill = " ".join(str(one.process) for one in others)
        return failed("camera", f"{seen} is held by {who}", f"stop that program, or: kill {kill}")
    if holders:
        return ok("camera", f"{seen}, held by sagui (process {holders[0].process})")
    return ok("camera", f"{seen}, free" if complete else f"{seen}, free as far as this user sees; root sees all")


def _check_ribbon(machine: Machine, nodes: list[Node]) -> list[Finding]:
    """A camera on the ribbon cable is worked by libcamera, through picamera2."""
    seen = f"one on the ribbon cable ({nodes[0].title})"
    probed = run_probe(machine, "import", "picamera2")
    if not probed.error:
        return [_check_holders(machine, [f"/dev/{node.name}" for node in nodes], seen)]
    if any(mark in probed.error for mark in _NUMPY_CHANGED):
        mend = "pip install 'numpy>=1.26,<2' 'opencv-python-headless<4.12'"
        return [failed("camera", f"{seen}; picamera2 was built for another numpy: {probed.error}", mend)]
    return [failed("camera", f"{seen}; picamera2 cannot be imported: {probed.error}", _PICAMERA2)]
