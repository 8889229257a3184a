"""docs/device.md: its commands work as they stand, and what it says of wheels is so."""

import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from tests.aarch64.root import RootMissingError, ServerAwayError, run_program

# The C library of each system, and its Python.
BOOKWORM, TRIXIE = (36, "3.11"), (41, "3.13")


@pytest.fixture(scope="module")
def page(root: Path) -> str:
    return (root / "docs" / "device.md").read_text()


def blocks(page: str, language: str) -> list[list[str]]:
    found = re.findall(rf"^ *```{language}\n(.*?)^ *```", page, re.MULTILINE | re.DOTALL)
    return [[line.strip() for line in block.splitlines()] for block in found]


@pytest.fixture
def board(tmp_path: Path, toy_bundle: Path, make_photo: Callable[..., np.ndarray]) -> Callable[[str], Any]:
    """Runs a command of the page where a bundle and a photo are."""
    (tmp_path / "model.sagui").write_bytes(toy_bundle.read_bytes())
    cv2.imwrite(str(tmp_path / "photo.jpg"), make_photo("green", 40)[..., ::-1])
    environment = os.environ | {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "XDG_STATE_HOME": str(tmp_path / "state"),
    }

    def run(command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, shell=True, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120, check=False
        )

    return run


def test_the_system_tells_what_it_is(page: str, board: Callable[[str], Any]) -> None:
    commands = blocks(page, "sh")[0]
    told = [board(command) for command in commands]
    assert [done.returncode for done in told] == [0, 0, 0]
    assert told[1].stdout.strip() in {"32", "64"}
    assert told[2].stdout.startswith("Python 3")


def test_the_commands_prove_a_bundle(page: str, board: Callable[[str], Any], mosquitto: Any) -> None:
    doctor, selftest, classify, run = blocks(page, "sh")[1]
    assert re.search(r"^\w+ +model +toy 1\.2\.3", board(doctor).stdout, re.MULTILINE)
    assert "proven on this machine" in board(selftest).stdout
    assert board(classify).stdout.startswith("photo.jpg: green")
    # What is changed: the camera, which this machine has not, and the port.
    here = run.replace("usb:0", "'synthetic?frames=3'").replace("mqtt://localhost", mosquitto.url)
    assert here != run
    done = board(here)
    assert done.returncode == 0, done.stderr
    assert "the broker acknowledged 3" in done.stdout + done.stderr


def test_a_missing_coral_is_told(page: str, board: Callable[[str], Any]) -> None:
    ((command,),) = blocks(page, "sh")[2:]
    done = board(command)
    assert done.returncode == 1
    assert "nothing in it was compiled for an Edge TPU" in done.stderr


def test_every_threads_and_device_option_it_names_exists(page: str, run_sagui: Callable[..., Any]) -> None:
    known = "".join(run_sagui(name, "--help").stdout for name in ("run", "selftest"))
    named = set(re.findall(r"`(--(?:threads|device|camera))\b", page))
    assert named == {"--threads", "--device", "--camera"}
    assert all(option in known for option in named)


def requirements(command: str, root: Path) -> list[str]:
    """What a line ``pip install ./sagui[EXTRA] MORE...`` asks for, from pyproject.toml."""
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    ours, *more = shlex.split(command.partition(" install ")[2])
    extra = re.fullmatch(r"\./sagui(?:\[([\w-]+)\])?", ours)
    assert extra is not None, command
    extras = project["optional-dependencies"][extra[1]] if extra[1] else []
    return [*project["dependencies"], *extras, *more]


def resolve(requirements: list[str], python: str, platforms: list[str], *flags: str) -> dict[str, str]:
    """Gives the versions that pip would install elsewhere; nothing is installed."""
    where = [part for name in platforms for part in ("--platform", name)]
    pip = (
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--dry-run",
        "--report",
        "-",
    )
    only = ("--target", "nowhere", "--implementation", "cp", "--only-binary=:all:", "--python-version", python)
    try:
        told = run_program(*pip, *only, *where, *flags, *requirements)
    except (ServerAwayError, subprocess.TimeoutExpired) as error:
        pytest.skip(str(error))
    found = [each["metadata"] for each in json.loads(told)["install"]]
    return {each["name"].lower().replace("_", "-"): each["version"] for each in found}


def glibc(newest: int, processor: str) -> list[str]:
    """The names of the platforms whose wheels a C library 2.``newest`` takes."""
    return [f"manylinux_2_{minor}_{processor}" for minor in range(newest, 16, -1)] + [f"manylinux2014_{processor}"]


def test_the_wheels_of_both_systems_are_there(page: str, root: Path) -> None:
    lines = [line for block in blocks(page, "bash") for line in block if "pip install" in line]
    plain, plain_again, with_numpy_1, old_runtime = lines
    assert plain == plain_again
    for libc, python in (BOOKWORM, TRIXIE):
        found = resolve(requirements(plain, root), python, glibc(libc, "aarch64"))
        assert int(found["numpy"].split(".")[0]) == 2
        assert "ai-edge-litert" in found
    libc, python = BOOKWORM
    found = resolve(requirements(with_numpy_1, root), python, glibc(libc, "aarch64"))
    assert found["numpy"].startswith("1.26.")
    assert found["opencv-python-headless"].startswith("4.11.")
    assert "ai-edge-litert" in found
    # Markers are this machine's: they ask for Python 3.11 and Linux.
    bare = [each.partition(";")[0] for each in requirements(old_runtime, root)]
    assert resolve(bare, python, glibc(libc, "aarch64"))["tflite-runtime"] == "2.14.0"


@pytest.mark.parametrize("processor", ["armv7l", "armv6l"])
@pytest.mark.parametrize("package", ["ai-edge-litert", "numpy", "opencv-python-headless", "msgspec"])
def test_32_bit_systems_have_no_wheels(page: str, processor: str, package: str) -> None:
    assert processor in page
    with pytest.raises(RootMissingError, match=rf"No matching distribution found for {package}"):
        resolve([package], BOOKWORM[1], [*glibc(BOOKWORM[0], processor), f"linux_{processor}"], "--no-deps")


def test_tflite_runtime_has_a_wheel_for_armv7_and_python_3_11_alone() -> None:
    libc, python = BOOKWORM
    assert resolve(["tflite-runtime"], python, glibc(libc, "armv7l"), "--no-deps") == {"tflite-runtime": "2.14.0"}
    for other, processor in ((TRIXIE[1], "armv7l"), (python, "armv6l")):
        with pytest.raises(RootMissingError, match="No matching distribution found for tflite-runtime"):
            resolve(["tflite-runtime"], other, glibc(libc, processor), "--no-deps")
