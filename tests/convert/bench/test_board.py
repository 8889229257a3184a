"""What a machine tells of itself, from a tree of files as Linux has it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagui.convert.bench import board
from sagui.convert.bench.board import Machine, cpu_name, kibibytes, throttled_bits, vcgencmd

POLICY = "sys/devices/system/cpu/cpufreq"


def put(root: Path, name: str, content: str) -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(content)


def test_a_raspberry_pi_is_recognized(pi: Path) -> None:
    board = Machine(pi, lambda command: "throttled=0x50000\n" if command == "get_throttled" else None).board()
    assert board.name == "Raspberry Pi 5 Model B Rev 1.0"
    assert board.cpu == "Cortex-A76"
    assert board.memory_bytes == 8245504 * 1024
    before = board.before
    assert (before.governor, before.clock_mhz, before.max_clock_mhz) == ("ondemand", 1500, 2400)
    assert (before.temperature_c, before.load, before.throttled) == (61.35, 0.42, 0x50000)
    assert before.throttle_count is None


def test_a_board_that_tells_nothing_is_asked_in_vain(tmp_path: Path) -> None:
    machine = Machine(tmp_path, lambda _: None)
    board = machine.board()
    assert (board.name, board.cpu, board.memory_bytes) == (None, None, None)
    assert set(board.before.__class__.__struct_fields__) == {
        field for field in board.before.__struct_fields__ if getattr(board.before, field) is None
    }
    assert machine.busy_seconds() is None


def test_this_very_machine_can_be_asked() -> None:
    board = Machine().board()
    assert board.cores >= 1
    assert board.architecture


def test_the_fastest_core_counts_and_governors_that_differ_are_all_named(pi: Path) -> None:
    for key, value in {"scaling_governor": "performance", "scaling_cur_freq": "1800000"}.items():
        put(pi, f"{POLICY}/policy4/{key}", value)
    condition = Machine(pi, lambda _: None).condition()
    assert condition.clock_mhz == 1800
    assert condition.governor == "ondemand, performance"


def test_a_clock_that_is_not_known_is_not_a_clock(pi: Path) -> None:
    put(pi, f"{POLICY}/policy0/scaling_cur_freq", "<unknown>\n")
    assert Machine(pi, lambda _: None).condition().clock_mhz is None


def test_the_processors_own_zone_wins_over_a_hotter_one(pi: Path) -> None:
    put(pi, "sys/class/thermal/thermal_zone1/type", "nvme")
    put(pi, "sys/class/thermal/thermal_zone1/temp", "90000")
    assert Machine(pi, lambda _: None).condition().temperature_c == 61.35


def test_without_a_zone_of_the_processor_its_sensor_tells(tmp_path: Path) -> None:
    put(tmp_path, "sys/class/thermal/thermal_zone0/type", "acpitz")
    put(tmp_path, "sys/class/thermal/thermal_zone0/temp", "16800")
    assert Machine(tmp_path, lambda _: None).condition().temperature_c == 16.8
    put(tmp_path, "sys/class/hwmon/hwmon0/name", "nvme")
    put(tmp_path, "sys/class/hwmon/hwmon0/temp1_input", "99000")
    put(tmp_path, "sys/class/hwmon/hwmon1/name", "k10temp")
    put(tmp_path, "sys/class/hwmon/hwmon1/temp1_input", "55000")
    assert Machine(tmp_path, lambda _: None).condition().temperature_c == 55


def test_throttling_is_counted_over_all_cores(tmp_path: Path) -> None:
    for core, kind, count in ((0, "core", 3), (0, "package", 4), (1, "core", 5)):
        put(tmp_path, f"sys/devices/system/cpu/cpu{core}/thermal_throttle/{kind}_throttle_count", f"{count}\n")
    assert Machine(tmp_path, lambda _: None).condition().throttle_count == 12


def test_waiting_for_a_disk_is_not_work(pi: Path) -> None:
    # user 1000, nice 200, system 300, irq 7, softirq 8, steal 9, in hundredths of a second
    assert Machine(pi, lambda _: None).busy_seconds() == pytest.approx(15.24)


@pytest.mark.parametrize("content", ["", "cpu 1 2 3\n", "cpu a b c d e f g h\n", "intr 1 2 3 4 5 6 7 8 9\n"])
def test_a_strange_proc_stat_tells_nothing(pi: Path, content: str) -> None:
    put(pi, "proc/stat", content)
    assert Machine(pi, lambda _: None).busy_seconds() is None


@pytest.mark.parametrize(
    ("cpuinfo", "name"),
    [
        ("model name\t: AMD EPYC 9554\nmodel name\t: AMD EPYC 9554\n", "AMD EPYC 9554"),
        ("CPU implementer\t: 0x41\nCPU part\t: 0xd03\n", "Cortex-A53"),
        ("CPU implementer\t: 0x41\nCPU part\t: 0xd08\nCPU part\t: 0xd03\n", "Cortex-A53 and Cortex-A72"),
        ("CPU implementer\t: 0x41\nCPU part\t: 0xfff\n", "CPU part 0xfff"),
        # Another maker counts its parts in its own way.
        ("CPU implementer\t: 0x61\nCPU part\t: 0xd03\n", "CPU part 0xd03"),
        ("model name\t: \n", None),
        ("", None),
    ],
)
def test_processors_are_named_on_both_families(cpuinfo: str, name: str | None) -> None:
    assert cpu_name(cpuinfo) == name


@pytest.mark.parametrize("answer", ["", "throttled=", "throttled=0xzz", "error=1", "throttled=0x5 0x6"])
def test_no_bits_are_read_from_anything_else(answer: str) -> None:
    assert throttled_bits(answer) is None


@given(st.text(max_size=100))
def test_no_content_of_a_file_breaks_the_reading(content: str) -> None:
    assert cpu_name(content) != ""
    assert (kibibytes(content, "VmRSS") or 0) >= 0
    assert (throttled_bits(content) or 0) >= 0


@pytest.mark.parametrize(
    ("script", "answer"),
    [("echo throttled=0x0", "throttled=0x0\n"), ("echo VCHI failed >&2; exit 255", None), ("printf '\\377'", None)],
)
def test_the_firmware_is_asked_by_its_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, answer: str | None
) -> None:
    program = tmp_path / "vcgencmd"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(board, "_PATIENCE_S", 60.0)
    assert vcgencmd("get_throttled") == answer


def test_without_the_program_there_is_no_firmware(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert vcgencmd("get_throttled") is None
