"""Programs of others, each in an environment of its own that is made once and kept.

They want other versions of numpy and OpenCV than sagui does, so they cannot live beside it.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from ctypes.util import find_library
from dataclasses import dataclass
from pathlib import Path

_INSTALL_S = 240
_ANSWER_S = 120


@dataclass(frozen=True)
class Program:
    """What to install.

    Attributes:
        name: Of the environment's folder, with the version.
        requirements: As pip takes them.
        libraries: Of the system, as the linker calls them, with the Debian package of each.
    """

    name: str
    requirements: tuple[str, ...]
    libraries: tuple[tuple[str, str], ...] = ()


MEDIAPIPE = Program("mediapipe-1.2.2", ("mediapipe==1.2.2",), (("EGL", "libegl1"), ("GLESv2", "libgles2")))
TFLITE_RUNTIME = Program(
    "tflite-runtime-2.14.0",
    # What sagui's core needs beside it; numpy 2 lets tflite-runtime import and then fail.
    ("tflite-runtime==2.14.0", "numpy<2", "opencv-python-headless<4.12", "msgspec>=0.19", "flatbuffers>=24.3"),
)


class ProgramMissingError(Exception):
    """It cannot be installed here; the message says why."""


def find_python(program: Program) -> Path:
    """Gives the interpreter of a program's environment, which is made if it is not there.

    Raises:
        ProgramMissingError: It cannot be installed, or misses a library of the system.
    """
    for library, package in program.libraries:
        if find_library(library) is None:
            raise ProgramMissingError(f"{program.name} needs lib{library}: apt-get install {package}")
    folder = _cache() / _key(program)
    python = folder / "bin" / "python"
    if not python.exists():
        _make(folder, program)
    return python


def run_script(python: Path, script: Path, *arguments: object, **environment: str) -> str:
    """Gives what a script of this folder prints in another environment.

    Raises:
        AssertionError: It fails; the message is its complaint.
    """
    done = subprocess.run(
        [python, script, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=_ANSWER_S,
        env=clean_environment() | environment,
        check=False,
    )
    assert done.returncode == 0, f"{script.name}: {done.stderr[-2000:]}"
    return done.stdout


def clean_environment() -> dict[str, str]:
    """This process's environment variables without those that point Python at our own packages."""
    ours = {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"}
    return {name: value for name, value in os.environ.items() if name not in ours}


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "sagui-tests"


def _key(program: Program) -> str:
    wanted = hashlib.sha256("\n".join(program.requirements).encode()).hexdigest()[:8]
    return f"{program.name}-py{sys.version_info.major}{sys.version_info.minor}-{wanted}"


def _make(folder: Path, program: Program) -> None:
    """Makes it once: another process may be at it, or use what a faster one has made."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        lock = folder.with_name(f"{folder.name}.lock").open("w")
    except OSError as error:
        raise ProgramMissingError(f"{folder.parent}: no environment can be made there: {error}") from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "bin" / "python").exists():
            _make_anew(folder, program)


def _make_anew(folder: Path, program: Program) -> None:
    try:
        beside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    except OSError as error:
        raise ProgramMissingError(f"{folder.parent}: no environment can be made there: {error}") from error
    try:
        _install(beside, program)
        # What is left of an interpreter that was removed.
        shutil.rmtree(folder, ignore_errors=True)
        beside.rename(folder)
    except (subprocess.SubprocessError, OSError) as error:
        lines = str(getattr(error, "stderr", None) or error).splitlines()
        reason = ([line for line in lines if line.startswith("ERROR")] or lines or ["no reason given"])[-1]
        raise ProgramMissingError(f"{program.name} cannot be installed: {reason}") from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _install(folder: Path, program: Program) -> None:
    pip = ("-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check", "--only-binary=:all:")
    _run(sys.executable, "-m", "venv", str(folder))
    _run(str(folder / "bin" / "python"), *pip, *program.requirements)


def _run(*command: str) -> None:
    subprocess.run(command, capture_output=True, text=True, timeout=_INSTALL_S, env=clean_environment(), check=True)
