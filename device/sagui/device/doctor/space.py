"""Room: on the disk, in the state folder, and in memory."""

import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from sagui.device.doctor.report import Finding, failed, ok, warning
from sagui.device.machine import Machine
from sagui.device.telemetry.readers import memory_free_bytes, nearest

_MIB = 1 << 20
LOW_DISK_BYTES, NO_DISK_BYTES = 500 * _MIB, 50 * _MIB
LOW_MEMORY_BYTES, NO_MEMORY_BYTES = 200 * _MIB, 100 * _MIB
_FREE_DISK = "sudo apt clean; sudo journalctl --vacuum-size=50M; du -xh / | sort -h | tail"
_FREE_MEMORY = (
    "stop what you do not need: ps aux --sort=-rss | head; a desktop: sudo raspi-config nonint do_boot_behaviour B1"
)


def default_state(environment: Mapping[str, str]) -> Path:
    """Gives the folder where the agent keeps what must survive: systemd's state directory, else the user's.

    Args:
        environment: ``STATE_DIRECTORY`` (systemd), ``XDG_STATE_HOME``, ``HOME``.
    """
    if service := environment.get("STATE_DIRECTORY"):
        return Path(service.partition(":")[0])
    if state := environment.get("XDG_STATE_HOME"):
        return Path(state) / "sagui"
    return Path(environment.get("HOME") or "/") / ".local" / "state" / "sagui"


def check_disk(state: Path, usage: Callable[[Path], tuple[int, int, int]] = shutil.disk_usage) -> list[Finding]:
    """Looks at the room on the disk that the state folder is on.

    Args:
        state: The state folder; it need not exist.
        usage: Gives total, used and free bytes.
    """
    free = usage(nearest(state))[2]
    text = f"{_size(free)} free for {state}"
    if free < NO_DISK_BYTES:
        return [failed("disk", text, _FREE_DISK)]
    if free < LOW_DISK_BYTES:
        return [warning("disk", text, _FREE_DISK)]
    return [ok("disk", text)]


def check_state(state: Path) -> list[Finding]:
    """Writes a file into the state folder, and removes it."""
    make = f"sudo install -d -o $USER {state}"
    if not state.exists():
        above = nearest(state)
        if os.access(above, os.W_OK | os.X_OK):
            return [ok("state", f"{state} does not exist yet and can be made")]
        return [warning("state", f"{state} does not exist, and this user cannot make it", make)]
    try:
        with tempfile.TemporaryFile(dir=state) as file:
            file.write(b"sagui")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        return [failed("state", f"{state} cannot be written: {error.strerror}", _mend_state(error, state))]
    return [ok("state", f"{state} can be written")]


def _mend_state(error: OSError, state: Path) -> str:
    if isinstance(error, NotADirectoryError):
        return f"sudo mv {state} {state}.old; sudo install -d -o $USER {state}"
    if isinstance(error, PermissionError):
        return f"sudo chown -R $USER {state}"
    return "sudo mount -o remount,rw /; if it is read-only again, the card is worn: sudo dmesg | grep -i mmc"


def check_memory(machine: Machine) -> list[Finding]:
    """Looks at the memory that a new process can have; nothing where the kernel does not tell."""
    free = memory_free_bytes(machine)
    if free is None:
        return []
    text = f"{_size(free)} available; the agent takes about 100 MiB"
    if free < NO_MEMORY_BYTES:
        return [failed("memory", text, _FREE_MEMORY)]
    if free < LOW_MEMORY_BYTES:
        return [warning("memory", text, _FREE_MEMORY)]
    return [ok("memory", text)]


def _size(count: int) -> str:
    return f"{count / (1 << 30):.1f} GiB" if count >= 1 << 30 else f"{count / _MIB:.0f} MiB"
