"""What a device says of itself, and whether a model can run there. Pure rules, no I/O."""

from dataclasses import dataclass

from sagui.deploy.push.errors import PushError

MARK = "sagui-look "
"""Begins each line of the answer: a login script may print lines of its own."""

LOOK = f"""
tell() {{ printf '{MARK}%s=%s\\n' "$1" "$2"; }}
tell machine "$(uname -m)"
tell bits "$(getconf LONG_BIT 2>/dev/null)"
tell user "$(id -un)"
tell name "$(uname -n)"
tell free_kib "$(df -Pk "${{TMPDIR:-/var/tmp}}" | {{ read -r _; read -r _ _ _ free _; printf %s "$free"; }})"
tell python "$(python3 -c 'import platform; print(platform.python_version())' 2>/dev/null)"
tell sagui "$("$1" --version 2>/dev/null)"
"""
"""For ``sh -c LOOK sh SAGUI``."""

_MACHINES = {"aarch64", "arm64", "x86_64", "amd64"}
_SPARE_BYTES = 32 << 20
_NEEDED_BITS = "64"
_OLDEST_PYTHON = (3, 11)


@dataclass(frozen=True)
class Machine:
    """A device before anything is copied.

    Attributes:
        machine: As ``uname -m`` says.
        bits: Of the programs, which may be fewer than the kernel's; empty if it cannot be told.
        user: As whom we are there.
        free_bytes: Where the copy goes; None if it cannot be told.
        python: The version; None if there is none.
        sagui: Likewise.
        name: The host name.
    """

    machine: str
    bits: str
    user: str
    free_bytes: int | None
    python: str | None
    sagui: str | None
    name: str = ""


def parse_look(answer: str) -> Machine:
    """Reads what `LOOK` printed.

    Raises:
        PushError: It is not that: the account has no POSIX shell.
    """
    lines = (line.removeprefix(MARK) for line in answer.splitlines() if line.startswith(MARK))
    told = {key: value.strip() for key, _, value in (line.partition("=") for line in lines)}
    if not told.get("machine") or not told.get("user"):
        raise PushError("the account answers with no POSIX shell; sagui push needs sh, uname, df and sha256sum there")
    free = told.get("free_kib", "")
    return Machine(
        machine=told["machine"],
        bits=told.get("bits", ""),
        user=told["user"],
        free_bytes=int(free) << 10 if free.isascii() and free.isdigit() else None,
        python=told.get("python") or None,
        sagui=told.get("sagui", "").rpartition(" ")[2] or None,
        name=told.get("name", ""),
    )


def require_machine(machine: Machine) -> None:
    """Lets pass what LiteRT has a wheel for.

    Raises:
        PushError: It runs 32-bit programs, or on a processor that is not known here.
    """
    if machine.machine.startswith("arm") and machine.machine not in _MACHINES:
        raise PushError(
            f"a 32-bit system ({machine.machine}), and LiteRT has no wheel for it; flash the 64-bit Raspberry Pi OS"
        )
    if machine.machine not in _MACHINES:
        raise PushError(f"a {machine.machine} processor, and LiteRT has wheels for aarch64 and x86_64 only")
    if machine.bits and machine.bits != _NEEDED_BITS:
        raise PushError(
            f"{machine.bits}-bit programs under a 64-bit kernel ({machine.machine}), and LiteRT has no wheel for them; "
            "flash the 64-bit Raspberry Pi OS"
        )


def require_room(machine: Machine, needed_bytes: int) -> None:
    """Lets pass a device that holds the copy and the model's own place.

    Raises:
        PushError: Its disk is too full.
    """
    wanted = 2 * needed_bytes + _SPARE_BYTES
    if machine.free_bytes is not None and machine.free_bytes < wanted:
        raise PushError(f"{machine.free_bytes >> 20} MiB free, {-(-wanted >> 20)} MiB needed; make room on its disk")


def require_sagui(machine: Machine, sagui: str) -> None:
    """Lets pass a device that sagui is on.

    Raises:
        PushError: It is not.
    """
    if machine.sagui is None:
        raise PushError(f"no sagui at {sagui}; set the device up with --install --wheel FILE, or name --remote-sagui")


def require_python(machine: Machine) -> None:
    """Lets pass a system whose Python can run sagui.

    Raises:
        PushError: It is older, or there is none.
    """
    parts = (machine.python or "0").split(".")[:2]
    if not all(part.isdigit() for part in parts) or tuple(map(int, parts)) < _OLDEST_PYTHON:
        oldest = ".".join(map(str, _OLDEST_PYTHON))
        found = machine.python or "is missing"
        raise PushError(f"Python {found}, and sagui needs {oldest}; flash Raspberry Pi OS Bookworm or newer")
