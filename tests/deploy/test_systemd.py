"""The units: by systemd's own checks, and against what an agent really asks the kernel for."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

_MOST_EXPOSED = 40
"""Tenths; systemd calls less than 4.0 'OK'."""


@pytest.fixture(scope="module")
def units(root: Path) -> Path:
    return root / "deploy" / "sagui" / "deploy" / "provision" / "on_card"


def _analyze(program: Callable[[str], str], *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [program("systemd-analyze"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def _copy(unit: Path, folder: Path) -> Path:
    # It looks whether the program is there.
    copy = folder / unit.name
    copy.write_text(unit.read_text().replace("/opt/sagui/bin/sagui", "/bin/true"))
    return copy


def test_people_find_the_unit_that_cards_carry(units: Path, root: Path) -> None:
    linked = root / "deploy" / "systemd" / "sagui-device.service"
    assert linked.read_text() == (units / "sagui-device.service").read_text()


@pytest.mark.parametrize("name", ["sagui-device.service", "sagui-first-boot.service"])
def test_systemd_finds_no_fault(program: Callable[[str], str], units: Path, tmp_path: Path, name: str) -> None:
    done = _analyze(program, "verify", _copy(units / name, tmp_path))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_refresh_timer_is_sound(program: Callable[[str], str], root: Path, tmp_path: Path) -> None:
    folder = root / "deploy" / "systemd"
    copies = [_copy(folder / f"sagui-refresh.{kind}", tmp_path) for kind in ("service", "timer")]
    done = _analyze(program, "verify", *copies)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert "OnCalendar=weekly" in copies[1].read_text()


def test_little_is_exposed(program: Callable[[str], str], units: Path, tmp_path: Path) -> None:
    copy = _copy(units / "sagui-device.service", tmp_path)
    judge = ("security", "--offline=true", f"--threshold={_MOST_EXPOSED}", "--no-pager")
    assert _analyze(program, *judge, copy).returncode == 0
    copy.write_text("[Service]\nExecStart=/bin/true\n")
    assert _analyze(program, *judge, copy).returncode != 0, "the check finds what is open"


def test_cameras_and_the_edge_tpu_stay_in_reach_and_nothing_else(units: Path) -> None:
    lines = (units / "sagui-device.service").read_text().splitlines()
    assert "DevicePolicy=closed" in lines
    assert {line.partition("=")[2] for line in lines if line.startswith("DeviceAllow=")} == {
        "char-video4linux rw",
        "char-media rw",
        "char-dma_heap rw",
        "char-usb_device rw",
        "/dev/vcio rw",
        "/dev/vcio_gencmd rw",
        "/dev/vchiq rw",
    }
    assert not [line for line in lines if line.startswith(("PrivateDevices", "PrivateUsers", "ProcSubset"))]


def test_an_agent_asks_for_no_system_call_that_the_unit_forbids(
    program: Callable[[str], str], mosquitto: Any, toy_bundle: Path, colours: Path, tmp_path: Path
) -> None:
    calls = tmp_path / "calls"
    agent = [sys.executable, "-m", "sagui.cli", "run", str(toy_bundle), "--camera", f"folder:{colours}"]
    agent += ["--broker", mosquitto.url, "--device", "porch", "--outbox", str(tmp_path)]
    counted = [program("strace"), "-f", "-c", "-U", "name", "-o", str(calls), *agent]
    done = subprocess.run(counted, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    asked = {name for name in calls.read_text().split() if name.isidentifier()} - {"syscall", "total"}
    assert {"execve", "futex", "sendto"} <= asked, "the count counts"
    assert asked <= _group(program, "@system-service")


def _group(program: Callable[[str], str], name: str) -> set[str]:
    """All system calls of a group, and of the groups in it."""
    lines = _analyze(program, "syscall-filter", name).stdout.splitlines()[1:]
    names = {line.strip() for line in lines if line.strip() and not line.strip().startswith("#")}
    groups = {one for one in names if one.startswith("@")}
    return (names - groups).union(*(_group(program, one) for one in groups))
