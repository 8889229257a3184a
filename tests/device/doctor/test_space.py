"""Room on the disk, in the state folder and in memory."""

import errno
import os
import tempfile
from pathlib import Path
from typing import Any

import pytest

from sagui.device.doctor.report import Level
from sagui.device.doctor.space import check_disk, check_memory, check_state, default_state

MIB = 1 << 20


@pytest.mark.parametrize(("free_mib", "level"), [(5000, Level.OK), (400, Level.WARNING), (20, Level.FAILED)])
def test_a_disk_fills_up(tmp_path: Path, free_mib: int, level: Level) -> None:
    (finding,) = check_disk(tmp_path, lambda _: (0, 0, free_mib * MIB))
    assert finding.level is level
    assert bool(finding.mend) == (level is not Level.OK)


def test_a_folder_that_is_still_to_be_made_is_measured_where_it_will_be(tmp_path: Path) -> None:
    asked: list[Path] = []

    def usage(path: Path) -> tuple[int, int, int]:
        asked.append(path)
        return 0, 0, 5000 * MIB

    check_disk(tmp_path / "a" / "b", usage)
    assert asked == [tmp_path]


def test_this_disk_can_be_measured(tmp_path: Path) -> None:
    assert len(check_disk(tmp_path)) == 1


def test_a_state_folder_is_written_and_left_as_it_was(tmp_path: Path) -> None:
    (finding,) = check_state(tmp_path)
    assert finding.level is Level.OK
    assert list(tmp_path.iterdir()) == []


def test_a_state_folder_to_come_is_no_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert check_state(tmp_path / "sagui")[0].level is Level.OK
    monkeypatch.setattr(os, "access", lambda *_: False)
    (finding,) = check_state(tmp_path / "sagui")
    assert finding.level is Level.WARNING
    assert finding.mend == f"sudo install -d -o $USER {tmp_path / 'sagui'}"


def test_a_file_in_its_place_fails(tmp_path: Path) -> None:
    (tmp_path / "sagui").write_text("")
    (finding,) = check_state(tmp_path / "sagui")
    assert finding.level is Level.FAILED
    assert finding.mend.startswith("sudo mv")


@pytest.mark.parametrize(
    ("number", "mend"),
    [(errno.EROFS, "remount,rw"), (errno.EACCES, "sudo chown -R $USER"), (errno.EIO, "card is worn")],
)
def test_a_folder_that_cannot_be_written_fails_by_its_cause(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, mend: str
) -> None:
    def refuse(**_: object) -> None:
        raise OSError(number, "refused")

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    (finding,) = check_state(tmp_path)
    assert finding.level is Level.FAILED
    assert mend in finding.mend


@pytest.mark.parametrize(
    ("kilobytes", "level"), [(1_500_000, Level.OK), (150_000, Level.WARNING), (60_000, Level.FAILED)]
)
def test_memory_runs_out(tree: Any, kilobytes: int, level: Level) -> None:
    tree.put("proc/meminfo", f"MemTotal:  1900000 kB\nMemFree: 10 kB\nMemAvailable:  {kilobytes} kB\n")
    assert check_memory(tree.machine)[0].level is level


def test_a_kernel_that_does_not_tell_is_not_guessed(tree: Any) -> None:
    assert check_memory(tree.machine) == []


@pytest.mark.parametrize(
    ("environment", "folder"),
    [
        ({"STATE_DIRECTORY": "/var/lib/sagui:/var/lib/other", "HOME": "/home/pi"}, "/var/lib/sagui"),
        ({"XDG_STATE_HOME": "/state", "HOME": "/home/pi"}, "/state/sagui"),
        ({"HOME": "/home/pi"}, "/home/pi/.local/state/sagui"),
        ({}, "/.local/state/sagui"),
    ],
)
def test_the_state_folder_is_the_agents(environment: dict[str, str], folder: str) -> None:
    assert default_state(environment) == Path(folder)
