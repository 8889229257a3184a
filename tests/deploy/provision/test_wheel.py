"""The wheel that is carried."""

import subprocess
import zipfile
from pathlib import Path

import pytest

from sagui.deploy.provision.errors import ProvisionError
from sagui.deploy.provision.wheel import build_wheel, read_wheel, source_folder


def test_a_wheel(wheel: Path) -> None:
    read = read_wheel(wheel)
    assert read.file == wheel.name
    assert read.content == wheel.read_bytes()


def test_the_other_project_of_that_name_is_no_wheel_of_ours(tmp_path: Path) -> None:
    path = tmp_path / "sagui-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("sagui/potentials.py", "")
    with pytest.raises(ProvisionError, match="no wheel of sagui"):
        read_wheel(path)


def test_a_wheel_of_one_processor(wheel: Path) -> None:
    with pytest.raises(ProvisionError, match="for every machine"):
        read_wheel(wheel.rename(wheel.with_name("sagui-0.1.0-cp311-cp311-linux_x86_64.whl")))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"no zip"])
def test_what_is_no_wheel(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "sagui-0.1.0-py3-none-any.whl"
    path.write_bytes(content)
    with pytest.raises(ProvisionError, match="no wheel"):
        read_wheel(path)
    with pytest.raises(ProvisionError, match="no wheel"):
        read_wheel(tmp_path / "none.whl")


def test_it_is_built_from_this_clone_without_dependencies(wheel: Path, root: Path) -> None:
    asked: list[list[str]] = []

    def run(command: list[str]) -> "subprocess.CompletedProcess[str]":
        asked.append(command)
        Path(command[command.index("--wheel-dir") + 1], wheel.name).write_bytes(wheel.read_bytes())
        return subprocess.CompletedProcess(command, 0, "", "")

    assert build_wheel(run) == read_wheel(wheel)
    assert source_folder() == root
    (command,) = asked
    assert command[1:5] == ["-m", "pip", "wheel", "--no-deps"]
    assert command[-1] == str(root), "a folder, and never the name of the other project"


def test_pips_reason_is_told(tmp_path: Path) -> None:
    def run(command: list[str]) -> "subprocess.CompletedProcess[str]":
        return subprocess.CompletedProcess(command, 1, "", "warning\nERROR: No matching distribution for hatchling\n")

    with pytest.raises(ProvisionError, match=r"No matching distribution for hatchling; .*--wheel FILE"):
        build_wheel(run, tmp_path)


def test_pip_that_says_nothing_and_makes_nothing(tmp_path: Path) -> None:
    with pytest.raises(ProvisionError, match="it made no wheel"):
        build_wheel(lambda command: subprocess.CompletedProcess(command, 0, "", ""), tmp_path)
