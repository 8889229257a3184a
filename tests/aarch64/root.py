"""A folder with arm64 programs: Debian's Python and PyPI's wheels, unpacked, for qemu's user mode.

Nothing is installed on this machine, and nothing here needs root. The folder is made once and kept in the cache.
"""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.aarch64.boards import BOARDS, QEMU, Board
from tests.interop.environments import clean_environment

WHEELS = (
    "ai-edge-litert==2.3.0",
    "click==8.5.1",
    "flatbuffers==25.12.19",
    "msgspec==0.22.0",
    "numpy==2.4.6",
    "opencv-python-headless==5.0.0.93",
    "paho-mqtt==2.2.0",
)
"""sagui's base dependencies, with a version each: `test_boards.py` holds them against pyproject.toml."""

PACKAGES = ("python3.11", "libstdc++6")
"""Of Debian 12, which Raspberry Pi OS Bookworm is made from; what they need comes along."""

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
SOURCES = f"""\
deb [signed-by={KEYRING}] http://deb.debian.org/debian bookworm main
deb [signed-by={KEYRING}] http://deb.debian.org/debian-security bookworm-security main
"""

# Newer ones are tried first. Bookworm's C library is 2.36.
_PLATFORMS = ("manylinux_2_28_aarch64", "manylinux_2_27_aarch64", "manylinux2014_aarch64")
_LAYOUT = 1  # to be raised when what `_make` does changes
_STEP_S = 240

# What apt-get and pip say where a server does not answer.
_AWAY = re.compile(
    r"Failed to fetch|Temporary failure resolving|Could not resolve|Could not connect|"
    r"Connection (refused|reset|failed|timed out)|"
    r"Failed to establish a new connection|NewConnectionError|Network is unreachable|ConnectTimeout|Read timed out|"
    r"Name or service not known|ProxyError|HTTP error 5\d\d|IncompleteRead|Remote end closed",
    re.IGNORECASE,
)


class RootMissingError(Exception):
    """The folder cannot be made here; the message says why."""


class ServerAwayError(RootMissingError):
    """It cannot be made because a server does not answer."""


def find_root() -> Path:
    """Gives the folder, which is made if it is not there (about 85 MB of downloads, 265 MB on disk).

    Raises:
        ServerAwayError: A package cannot be downloaded.
        RootMissingError: A program is missing, or refuses.
    """
    for program, package in ((QEMU, "qemu-user-static"), ("apt-get", "apt"), ("dpkg", "dpkg")):
        if shutil.which(program) is None:
            raise RootMissingError(f"{program} is not installed: apt-get install {package}")
    if not KEYRING.exists():
        raise RootMissingError(f"{KEYRING} is missing: apt-get install debian-archive-keyring")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "sagui-tests"
    folder = cache / f"aarch64-{_key()}"
    if not folder.exists():
        _make_once(folder)
    return folder


def _key() -> str:
    boards = [f"{board.cpu} {board.cpuinfo}" for board in BOARDS]
    wanted = [str(_LAYOUT), SOURCES, *PACKAGES, *WHEELS, *boards]
    return hashlib.sha256("\n".join(wanted).encode()).hexdigest()[:8]


def _make_once(folder: Path) -> None:
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with _locked(folder.parent / "aarch64.lock"):
            if folder.exists():  # another process was faster
                return
            beside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
            try:
                _make(beside)
                beside.chmod(0o755)
                beside.rename(folder)
            finally:
                shutil.rmtree(beside, ignore_errors=True)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RootMissingError(f"{folder}: no root can be made there: {error}") from error


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _make(folder: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="sagui-apt-") as work:
        for package in _download_packages(Path(work)):
            run_program("dpkg", "-x", str(package), str(folder))
    _install_wheels(folder / "usr" / "lib" / "python3" / "dist-packages")
    for board in BOARDS:
        _add_board(folder, board)


def _download_packages(work: Path) -> list[Path]:
    """With a state of apt's own, so that the machine's architectures and lists stay as they are."""
    for folder in ("state/lists/partial", "cache/archives/partial", "parts"):
        (work / folder).mkdir(parents=True)
    (work / "status").touch()
    (work / "sources.list").write_text(SOURCES)
    (work / "apt.conf").write_text(
        f'Dir::State "{work}/state";\n'
        f'Dir::State::status "{work}/status";\n'
        f'Dir::Cache "{work}/cache";\n'
        f'Dir::Etc::sourcelist "{work}/sources.list";\n'
        f'Dir::Etc::sourceparts "{work}/parts";\n'
        'APT::Architecture "arm64";\n'
        'APT::Architectures { "arm64"; };\n'
        'APT::Sandbox::User "";\n'
        'APT::Update::Error-Mode "any";\n'
    )
    apt = {"APT_CONFIG": str(work / "apt.conf")}
    run_program("apt-get", "update", "-qq", **apt)
    run_program("apt-get", "install", "-qq", "-y", "--no-install-recommends", "--download-only", *PACKAGES, **apt)
    return sorted((work / "cache" / "archives").glob("*.deb"))


def _install_wheels(folder: Path) -> None:
    platforms = [part for name in _PLATFORMS for part in ("--platform", name)]
    pip = (sys.executable, "-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check")
    foreign = ("--python-version", "3.11", "--implementation", "cp", "--only-binary=:all:", "--no-compile")
    run_program(*pip, *foreign, *platforms, "--target", str(folder), *WHEELS)


def _add_board(folder: Path, board: Board) -> None:
    """A root of its own for each processor: they differ in /proc/cpuinfo alone."""
    root = folder / "boards" / board.cpu
    (root / "proc").mkdir(parents=True)
    (root / "proc" / "cpuinfo").write_text(board.cpuinfo)
    for name in ("lib", "usr"):
        (root / name).symlink_to(f"../../{name}")
    # A process that starts a child by sys.executable must get to qemu again, hence a program of this name.
    python = root / "python"
    python.write_text(
        '#!/bin/sh\nhere=$(dirname "$0")\nexport PYTHONHOME="$here/usr"\n'
        f'exec {QEMU} -cpu {board.cpu} -L "$here" -0 "$0" "$here/usr/bin/python3.11" "$@"\n'
    )
    python.chmod(0o755)


def run_program(*command: str, **environment: str) -> str:
    """Gives what a program prints.

    Raises:
        ServerAwayError: It fails, and complains of a server that does not answer.
        RootMissingError: It fails for another reason.
    """
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=_STEP_S,
        env=clean_environment() | {"LC_ALL": "C"} | environment,
        check=False,
    )
    if done.returncode == 0:
        return done.stdout
    lines = [line for line in done.stderr.splitlines() if line.strip()] or ["no reason given"]
    reason = next((line for line in lines if _AWAY.search(line)), lines[-1])
    kind = ServerAwayError if _AWAY.search(done.stderr) else RootMissingError
    raise kind(f"{Path(command[0]).name}: {reason}")
