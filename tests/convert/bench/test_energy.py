"""Energy: counters that start again, a power chip that is asked, and boards that tell nothing."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagui.convert.bench.board import Machine
from sagui.convert.bench.energy import (
    PmicMeter,
    RaplMeter,
    counted,
    find_meter,
    measure_energy,
    pmic_watts,
    rapl_packages,
)

PMIC = """\
 3V7_WL_SW_A current(0)=0.10000000A
  VDD_CORE_A current(7)=2.00000000A
 3V7_WL_SW_V volt(8)=3.70000000V
  VDD_CORE_V volt(15)=0.75000000V
     EXT5V_V volt(24)=5.15436000V
      BATT_V volt(25)=0.00000000V
"""


def zone(root: Path, folder: str, name: str, energy: str, limit: str = "1000000000") -> Path:
    place = root / "sys/class/powercap" / folder
    place.mkdir(parents=True)
    (place / "name").write_text(name + "\n")
    (place / "energy_uj").write_text(energy)
    (place / "max_energy_range_uj").write_text(limit)
    return place


def test_rails_are_added_where_voltage_and_current_are_known() -> None:
    assert pmic_watts(PMIC) == pytest.approx(0.1 * 3.7 + 2 * 0.75)


@pytest.mark.parametrize("answer", ["", 'error=1 error_msg="Command not registered"', "     EXT5V_V volt(24)=5.1V\n"])
def test_a_board_without_a_power_chip_tells_no_watts(answer: str) -> None:
    assert pmic_watts(answer) is None


@given(st.text(max_size=200))
def test_no_answer_breaks_the_reading(answer: str) -> None:
    assert (pmic_watts(answer) or 0) >= 0


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(10**6, 10**7))
def test_a_counter_that_starts_again_counts_on(begin: int, drawn: int, limit: int) -> None:
    assert counted(begin, (begin + drawn) % (limit + 1), limit) == drawn


def test_only_whole_processors_are_counted(tmp_path: Path) -> None:
    zone(tmp_path, "intel-rapl:0", "package-0", "5")
    zone(tmp_path, "intel-rapl:0:0", "core", "5")
    zone(tmp_path, "intel-rapl:1", "package-1", "5")
    zone(tmp_path, "intel-rapl:2", "psys", "5")
    zone(tmp_path, "intel-rapl-mmio:0", "package-0", "5")
    packages = rapl_packages(Machine(tmp_path, lambda _: None))
    assert [package.path.split("/")[-2] for package in packages] == ["intel-rapl:0", "intel-rapl:1"]


def test_a_counter_for_root_alone_tells_nothing(tmp_path: Path) -> None:
    # Reading a folder fails as reading a file of root's does.
    place = zone(tmp_path, "intel-rapl:0", "package-0", "5")
    (place / "energy_uj").unlink()
    (place / "energy_uj").mkdir()
    assert find_meter(Machine(tmp_path, lambda _: None)) is None


def test_joules_of_all_processors_are_added_past_the_start_of_a_counter(tmp_path: Path) -> None:
    first = zone(tmp_path, "intel-rapl:0", "package-0", "900000000\n", "1000000000")
    second = zone(tmp_path, "intel-rapl:1", "package-1", "100\n")
    machine = Machine(tmp_path, lambda _: None)
    meter = find_meter(machine)
    assert isinstance(meter, RaplMeter)
    meter.start()
    (first / "energy_uj").write_text("99999999\n")
    (second / "energy_uj").write_text("3000100\n")
    assert meter.stop() == pytest.approx(200 + 3)


def test_a_counter_that_goes_silent_is_no_zero(tmp_path: Path) -> None:
    place = zone(tmp_path, "intel-rapl:0", "package-0", "5")
    meter = find_meter(Machine(tmp_path, lambda _: None))
    assert meter is not None
    meter.start()
    (place / "energy_uj").write_text("")
    assert meter.stop() is None


def test_the_power_chip_is_asked_while_the_work_goes_on(tmp_path: Path) -> None:
    meter = find_meter(Machine(tmp_path, lambda command: PMIC if command == "pmic_read_adc" else None))
    assert isinstance(meter, PmicMeter)
    energy = measure_energy(meter, lambda: None, 0.3, idle_s=0.3)
    assert energy is not None
    assert energy.watts == pytest.approx(1.87, rel=0.2)
    assert energy.idle_watts == pytest.approx(1.87, rel=0.2)
    assert energy.frames > 1


def test_the_power_is_the_mean_of_all_answers(eventually: Callable[..., bool]) -> None:
    answers = iter([PMIC, "", PMIC.replace("current(7)=2.0", "current(7)=4.0")])
    asked = []

    def ask(command: str) -> str:
        asked.append(command)
        return next(answers, "")

    meter = PmicMeter(ask, interval_s=0.001)
    meter.start()
    assert eventually(lambda: len(asked) >= 5)
    joules = meter.stop()
    assert joules is not None
    assert sum(meter._watts) / len(meter._watts) == pytest.approx((1.87 + 3.37) / 2)
    assert len(meter._watts) == 2


class Counting:
    """A meter that knows what each stretch drew."""

    source = "a test"

    def __init__(self, *joules: float | None) -> None:
        self._joules: Iterator[float | None] = iter(joules)

    def start(self) -> None:
        """See `EnergyMeter.start`."""

    def stop(self) -> float | None:
        """See `EnergyMeter.stop`."""
        return next(self._joules)


def test_a_frame_is_its_share_of_what_was_drawn() -> None:
    work: list[int] = []
    energy = measure_energy(Counting(1.0, 6.0), lambda: work.append(1), 0.02, idle_s=0.01)
    assert energy is not None
    assert energy.frames == len(work)
    assert energy.millijoules == pytest.approx(6000 / len(work))
    assert energy.source == "a test"


@pytest.mark.parametrize("joules", [(None, 6.0), (1.0, None)])
def test_a_meter_that_stops_telling_gives_no_energy(joules: tuple[float | None, ...]) -> None:
    assert measure_energy(Counting(*joules), lambda: None, 0.0, idle_s=0.0) is None
