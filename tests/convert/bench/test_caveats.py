"""When a card says that its numbers may not be what the board can do."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagui.convert.bench.card import Board, Condition, Measured
from sagui.convert.bench.caveats import caveats, slowed, throttled_reasons

MakeMeasured = Callable[..., Measured]
MakeBoard = Callable[..., Board]
CALM = Condition(
    governor="performance",
    clock_mhz=2400,
    max_clock_mhz=2400,
    temperature_c=55,
    throttled=0,
    throttle_count=7,
    load=0.1,
)


def test_a_calm_board_gives_no_warning(make_board: MakeBoard, make_measured: MakeMeasured) -> None:
    board = make_board(governor="performance", load=0.1, throttled=0, throttle_count=7)
    assert caveats(board, [make_measured(1, after=CALM), make_measured(4, after=CALM)]) == ()


def test_a_board_that_tells_nothing_gives_no_warning(make_board: MakeBoard, make_measured: MakeMeasured) -> None:
    assert caveats(make_board(), [make_measured(other_cores=None)]) == ()


@pytest.mark.parametrize(
    ("before", "said"),
    [
        ({"governor": "ondemand"}, "the governor is ondemand, not performance"),
        ({"governor": "ondemand, performance"}, "the governor is ondemand, performance, not performance"),
        ({"load": 2.0}, "the load average was 2.00 on 4 cores"),
    ],
)
def test_what_disturbs_from_the_start_is_said_once(
    make_board: MakeBoard, make_measured: MakeMeasured, before: dict[str, object], said: str
) -> None:
    lines = caveats(make_board(**before), [make_measured(1), make_measured(2)])
    assert len(lines) == 1
    assert said in lines[0]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"threads": 8}, "at 8 threads: there are only 4 cores"),
        ({"runs": 99}, "at 1 thread: p99 of 99 runs is about the slowest of them"),
        ({"other_cores": 0.8}, "at 1 thread: other programs kept 0.8 cores busy"),
        (
            {"after": Condition(clock_mhz=1500, max_clock_mhz=2400)},
            "slowed down: its clock ended at 1,500 of 2,400 MHz",
        ),
        ({"after": Condition(temperature_c=80)}, "slowed down: it reached 80 °C"),
        ({"after": Condition(throttled=0x4)}, "slowed down: the cores are throttled (get_throttled 0x4)"),
        ({"after": Condition(throttle_count=9)}, "slowed down: the cores were throttled 2 times for heat"),
    ],
)
def test_what_disturbs_one_measurement_is_said_of_it(
    make_board: MakeBoard, make_measured: MakeMeasured, changes: dict[str, object], said: str
) -> None:
    (line,) = caveats(make_board(throttle_count=7), [make_measured(**changes)])
    assert said in line


def test_throttling_of_long_ago_is_not_of_this_measurement() -> None:
    assert list(throttled_reasons(0x50000, 0x50000)) == []
    assert list(throttled_reasons(0x10000, 0x50000)) == ["the cores are throttled (get_throttled 0x50000)"]
    assert list(slowed(CALM, CALM)) == []


@given(st.integers(0, 0xF))
def test_each_bit_of_this_moment_has_its_reason(now: int) -> None:
    assert len(list(throttled_reasons(0xF000F, 0xF0000 | now))) == now.bit_count()


@given(st.integers(0, 0xF), st.integers(0, 0xF))
def test_each_bit_since_the_start_is_said_if_it_is_new(before: int, after: int) -> None:
    assert len(list(throttled_reasons(before << 16, after << 16))) == (after & ~before).bit_count()


def test_bits_that_are_not_told_are_no_reason() -> None:
    assert list(throttled_reasons(0, None)) == []
    assert len(list(throttled_reasons(None, 0x10000))) == 1
