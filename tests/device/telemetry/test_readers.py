"""What the kernel's files tell."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sagui.device.machine import Machine
from sagui.device.telemetry.readers import (
    disk_free_bytes,
    firmware_bits,
    memory_bytes,
    memory_free_bytes,
    temperature_c,
    throttled,
    voltage_alarm,
    wifi_dbm,
)

FIRMWARE = "sys/devices/platform/soc/soc:firmware/get_throttled"
WIRELESS = """Inter-| sta-|   Quality        |   Discarded packets               | Missed | WE
 face | tus | link level noise |  nwid  crypt   frag  retry   misc | beacon | 22
 wlan0: 0000   54.  -56.  -256        0      0      0      0    312        0
"""
READERS = (temperature_c, firmware_bits, voltage_alarm, throttled, memory_bytes, memory_free_bytes, wifi_dbm)


def zone(tree: Any, number: int, kind: str, temp: str) -> None:
    tree.put(f"sys/class/thermal/thermal_zone{number}/type", f"{kind}\n")
    tree.put(f"sys/class/thermal/thermal_zone{number}/temp", f"{temp}\n")


def test_the_processors_own_zone_wins_over_a_hotter_one(tree: Any) -> None:
    zone(tree, 0, "cpu-thermal", "48312")
    zone(tree, 1, "nvme", "90000")
    zone(tree, 2, "cpu-thermal", "<unknown>")
    assert temperature_c(tree.machine) == 48.312


def test_without_a_zone_of_the_processor_the_hottest_counts(tree: Any) -> None:
    zone(tree, 0, "acpitz", "30000")
    zone(tree, 1, "nvme", "41000")
    assert temperature_c(tree.machine) == 41.0


@pytest.mark.parametrize(
    ("bits", "names"),
    [
        ("0", ()),
        ("1", ("under-voltage",)),
        ("50005", ("under-voltage", "throttled")),
        ("f000a", ("frequency-capped", "soft-temperature-limit")),
        ("70000", ()),
    ],
)
def test_bits_of_now_have_names_and_those_of_before_have_none(tree: Any, bits: str, names: tuple[str, ...]) -> None:
    tree.put(FIRMWARE, f"{bits}\n")
    assert throttled(tree.machine) == names


@pytest.mark.parametrize(("bits", "names"), [("0x4", ("throttled",)), ("0x0", ())])
def test_the_firmware_itself_knows_better_than_the_kernels_file(tree: Any, bits: str, names: tuple[str, ...]) -> None:
    tree.answer("vcgencmd get_throttled", f"throttled={bits}\n")
    tree.put(FIRMWARE, "1\n")
    assert throttled(tree.machine) == names


def test_without_the_firmware_the_voltage_alarm_counts(tree: Any) -> None:
    tree.put("sys/class/hwmon/hwmon0/name", "cpu_thermal\n")
    tree.put("sys/class/hwmon/hwmon1/name", "rpi_volt\n")
    assert throttled(tree.machine) is None
    tree.put("sys/class/hwmon/hwmon1/in0_lcrit_alarm", "1\n")
    assert throttled(tree.machine) == ("under-voltage",)
    tree.put("sys/class/hwmon/hwmon1/in0_lcrit_alarm", "0\n")
    assert throttled(tree.machine) == ()


def test_memory_is_in_bytes(tree: Any) -> None:
    tree.put("proc/self/status", "Name:\tsagui\nVmHWM:\t   90000 kB\nVmRSS:\t   76800 kB\n")
    tree.put("proc/meminfo", "MemTotal: 448000 kB\nMemFree: 11111 kB\nMemAvailable:  204800 kB\n")
    assert memory_bytes(tree.machine) == 75 << 20
    assert memory_free_bytes(tree.machine) == 200 << 20


def test_this_process_has_some_memory() -> None:
    content = bytearray(64 << 20)
    held = memory_bytes(Machine())
    assert held is not None
    assert held > len(content)


def test_room_is_that_of_the_disk_below_the_folder(tmp_path: Path) -> None:
    asked: list[Path] = []

    def usage(path: Path) -> tuple[int, int, int]:
        asked.append(path)
        return 100, 60, 40

    assert disk_free_bytes(tmp_path / "not" / "made" / "yet", usage) == 40
    assert asked == [tmp_path]
    free = disk_free_bytes(tmp_path)
    assert free is not None
    assert free > 0


def test_a_disk_that_does_not_answer_is_not_known(tmp_path: Path) -> None:
    def usage(_path: Path) -> tuple[int, int, int]:
        raise OSError(5, "Input/output error")

    assert disk_free_bytes(tmp_path, usage) is None


@pytest.mark.parametrize(
    ("level", "dbm"),
    [("-56.", -56.0), ("-56", -56.0), ("200.", -56.0), ("-256.", None), ("0.", None), ("?", None)],
)
def test_the_signal_is_in_decibel_milliwatts(tree: Any, level: str, dbm: float | None) -> None:
    tree.put("proc/net/wireless", WIRELESS.replace("-56.", level))
    assert wifi_dbm(tree.machine) == dbm


def test_the_strongest_of_two_interfaces_counts(tree: Any) -> None:
    second = " wlan1: 0000   30.  -80.  -256        0      0      0      0      0        0\n"
    tree.put("proc/net/wireless", WIRELESS + second)
    assert wifi_dbm(tree.machine) == -56.0


def test_without_an_interface_there_is_no_signal(tree: Any) -> None:
    tree.put("proc/net/wireless", "".join(WIRELESS.splitlines(keepends=True)[:2]))
    assert wifi_dbm(tree.machine) is None


@pytest.mark.parametrize("reader", READERS)
def test_a_machine_that_does_not_tell_is_no_error(tree: Any, reader: Any) -> None:
    assert reader(tree.machine) is None


@given(st.binary(max_size=200))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_whatever_the_files_hold_nothing_fails(tree: Any, content: bytes) -> None:
    for name in (
        "sys/class/thermal/thermal_zone0/temp",
        FIRMWARE,
        "sys/class/hwmon/hwmon0/in0_lcrit_alarm",
        "proc/self/status",
        "proc/meminfo",
        "proc/net/wireless",
    ):
        tree.put(name)
        (tree.root / name).write_bytes(content)
    tree.put("sys/class/hwmon/hwmon0/name", "rpi_volt")
    for reader in READERS:
        reader(tree.machine)
