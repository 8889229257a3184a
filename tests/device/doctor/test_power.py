"""What the firmware's bits mean."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagui.device.doctor.power import check_power, check_temperature, explain
from sagui.device.doctor.report import Level


@pytest.mark.parametrize(
    ("bits", "levels", "words"),
    [
        (0x0, [Level.OK], "no under-voltage and no throttling"),
        (0x1, [Level.FAILED], "under-voltage now"),
        (0x10000, [Level.WARNING], "under-voltage since"),
        (0x50005, [Level.FAILED, Level.WARNING], "under-voltage now the processor is slowed down now"),
        (0x4, [Level.WARNING], "slowed down now"),
        (0x8, [Level.WARNING], "slowed down now"),
        (0xE0000, [Level.WARNING], "was slowed down since"),
    ],
)
def test_bits_become_words(bits: int, levels: list[Level], words: str) -> None:
    findings = explain(bits)
    assert [finding.level for finding in findings] == levels
    assert words in " ".join(finding.text for finding in findings)


@given(st.integers(0, 2**32 - 1))
def test_every_answer_of_the_firmware_has_a_meaning(bits: int) -> None:
    findings = explain(bits)
    fine = not bits & 0xF000F
    assert (findings[0].level is Level.OK) == fine
    assert (Level.FAILED in {finding.level for finding in findings}) == bool(bits & 1)
    assert all(finding.mend for finding in findings if finding.level is not Level.OK)


def test_a_weak_supply_is_not_cured_by_a_fan() -> None:
    assert {finding.mend for finding in explain(0x50005)} == {explain(0x1)[0].mend}
    assert "fan" in explain(0x4)[0].mend


def test_the_firmware_is_asked(pi: Any) -> None:
    pi.answer("vcgencmd get_throttled", "throttled=0x50000\n")
    assert "under-voltage since" in check_power(pi.machine)[0].text


def test_without_vcgencmd_the_kernel_is_asked(pi: Any) -> None:
    pi.put("sys/class/hwmon/hwmon1/name", "rpi_volt\n")
    pi.put("sys/class/hwmon/hwmon1/in0_lcrit_alarm", "1\n")
    assert check_power(pi.machine)[0].level is Level.FAILED
    pi.put("sys/class/hwmon/hwmon1/in0_lcrit_alarm", "0\n")
    assert check_power(pi.machine)[0].level is Level.OK
    pi.put("sys/devices/platform/soc/soc:firmware/get_throttled", "1\n")
    assert check_power(pi.machine)[0].text == "under-voltage now"


@pytest.mark.parametrize("answer", ["", "error=1", "throttled=0xzz", "throttled=0x123456789"])
def test_an_answer_that_is_none_leaves_a_pi_unknown(pi: Any, answer: str) -> None:
    pi.answer("vcgencmd", answer)
    (finding,) = check_power(pi.machine)
    assert finding.level is Level.WARNING
    assert "not known" in finding.text


def test_other_machines_have_nothing_to_tell(tree: Any) -> None:
    assert check_power(tree.machine) == []
    assert check_temperature(tree.machine) == []


def test_heat_is_told(pi: Any) -> None:
    (finding,) = check_temperature(pi.machine)
    assert (finding.level, finding.text) == (Level.OK, "48 °C")
    pi.put("sys/class/thermal/thermal_zone0/temp", "80000\n")
    assert check_temperature(pi.machine)[0].level is Level.WARNING
