"""The root for qemu: what is in it, and what is said where it cannot be made."""

import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from tests.aarch64 import root as roots
from tests.aarch64.boards import BOARDS
from tests.aarch64.root import WHEELS, RootMissingError, ServerAwayError, find_root
from tests.lean.environments import package


def test_the_wheels_are_the_base_dependencies(root: Path) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    assert [package(wheel) for wheel in WHEELS] == [package(each) for each in project["dependencies"]]


def test_the_wheels_are_versions_that_pyproject_allows(root: Path) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    for wheel, allowed in zip(WHEELS, project["dependencies"], strict=True):
        assert Requirement(allowed).specifier.contains(wheel.partition("==")[2]), f"{wheel} is not {allowed}"


def test_each_board_has_its_own_cpuinfo_and_the_same_files(root_folder: Path) -> None:
    for board in BOARDS:
        folder = root_folder / "boards" / board.cpu
        assert (folder / "proc" / "cpuinfo").read_text().count(f"CPU part\t: {board.part}\n") == 4
        assert (folder / "usr").resolve() == root_folder / "usr"
        assert (folder / "lib" / "ld-linux-aarch64.so.1").exists()
    wheels = root_folder / "usr" / "lib" / "python3" / "dist-packages"
    assert {path.name for path in wheels.iterdir()} >= {"ai_edge_litert", "cv2", "numpy", "paho"}
    assert not (wheels / "tensorflow").exists()


@pytest.fixture
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    keyring = tmp_path / "keyring.gpg"
    keyring.touch()
    monkeypatch.setattr(roots, "KEYRING", keyring)
    return tmp_path / "sagui-tests"


def answers(monkeypatch: pytest.MonkeyPatch, stderr: str) -> None:
    """Every program that is started fails with these words."""

    def run(command: tuple[str, ...], **_options: object) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, 100, "", stderr)

    monkeypatch.setattr(subprocess, "run", run)


@pytest.mark.parametrize(
    "stderr",
    [
        "W: hm\nE: Failed to fetch http://deb.debian.org/InRelease  Temporary failure resolving 'deb.debian.org'\n",
        "E: Could not connect to deb.debian.org:80 (1.2.3.4), connection timed out\nE: Some files failed\n",
        "WARNING: Retrying after connection broken by 'NewConnectionError'\nERROR: No matching distribution found\n",
    ],
)
def test_a_server_that_is_away_is_told_apart(empty_cache: Path, monkeypatch: pytest.MonkeyPatch, stderr: str) -> None:
    answers(monkeypatch, stderr)
    with pytest.raises(ServerAwayError, match=r"apt-get: .*(resolving|Could not connect|NewConnectionError)"):
        find_root()


def test_what_is_refused_is_no_server_that_is_away(empty_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch, "E: Unable to locate package python3.11\n")
    with pytest.raises(RootMissingError, match=r"^apt-get: E: Unable to locate package python3.11$") as refused:
        find_root()
    assert not isinstance(refused.value, ServerAwayError)


def test_nothing_half_made_is_left(empty_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch, "E: no\n")
    with pytest.raises(RootMissingError):
        find_root()
    assert [path.name for path in empty_cache.iterdir()] == ["aarch64.lock"]


def test_a_missing_program_is_told_with_its_package(empty_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None if name.startswith("qemu") else f"/usr/bin/{name}")
    with pytest.raises(
        RootMissingError, match="qemu-aarch64-static is not installed: apt-get install qemu-user-static"
    ):
        find_root()


def test_a_cache_that_cannot_be_written_is_told(empty_cache: Path) -> None:
    empty_cache.write_text("a file where the folder should be")
    with pytest.raises(RootMissingError, match=r"no root can be made there"):
        find_root()
