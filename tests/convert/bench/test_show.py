"""What a person reads: with rich, and without."""

import io
import subprocess
import sys
from collections.abc import Callable
from unittest.mock import patch

import pytest

from sagui.convert.bench.card import Card, Condition
from sagui.convert.bench.show import card_sheet, clock_words, megabytes, milliseconds, write_card
from sagui.convert.bench.table import Table, plain_table

Make = Callable[..., Card]


def written(card: Card) -> str:
    stream = io.StringIO()
    write_card(stream, card)
    return stream.getvalue()


def written_plainly(card: Card) -> str:
    # None in sys.modules is what Python has for a package that cannot be imported.
    with patch.dict(sys.modules, {"rich.console": None, "rich": None}):
        return written(card)


@pytest.mark.parametrize("write", [written, written_plainly])
def test_a_card_tells_all_that_was_measured(make_card: Make, write: Callable[[Card], str]) -> None:
    text = " ".join(
        write(make_card(warnings=("the governor is ondemand",))).translate(str.maketrans("│┃", "  ")).split()
    )
    for part in (
        "cells 1.0.0 (int8, 4.0 MB) on Raspberry Pi 5 Model B Rev 1.0",
        "threads 1 4",
        "end to end, p50 10.00 ms 4.00 ms",
        "end to end, p99 15.00 ms 6.00 ms",
        "invoke only, p90 11.00 ms 4.40 ms",
        "frames per second 100.0 250.0",
        "first inference 20.00 ms 8.00 ms",
        "peak memory 70.0 MB 70.0 MB",
        "energy per frame 50.0 mJ 20.0 mJ",
        "governor not told",
        "runtime litert 2.3.0",
        "top-1: 88.0% (85.8% to 89.9%) of 1,000 test photos, float 88.4%",
        "-0.4 points",
        "warning: the governor is ondemand",
    ):
        assert part in text, part


def test_without_rich_no_line_is_drawn(make_card: Make) -> None:
    text = written_plainly(make_card())
    assert "│" not in text
    assert "│" in written(make_card())


def test_brackets_in_names_are_no_markup(make_card: Make) -> None:
    assert "a [red] b" in written(make_card(warnings=("a [red] b",)))


def test_a_plain_file_has_no_accuracy_and_no_version(make_card: Make) -> None:
    card = make_card(accuracy=None)
    assert "top-1: not told; a plain TFLite file carries no evaluation" in written(card)


@pytest.mark.parametrize(
    ("size", "words"),
    [(None, "not told"), (99_999, "99,999 bytes"), (3_912_345, "3.9 MB"), (8_443_396_096, "8.4 GB"), (0, "0 bytes")],
)
def test_sizes_have_decimal_prefixes(size: int | None, words: str) -> None:
    assert megabytes(size) == words


def test_times_have_three_digits_that_count() -> None:
    assert [milliseconds(value) for value in (0.0, 0.5, 99.994, 100.0)] == [
        "0.000 ms",
        "0.500 ms",
        "99.99 ms",
        "100 ms",
    ]


def test_a_clock_is_told_with_what_it_can_reach() -> None:
    assert clock_words(Condition(clock_mhz=1500, max_clock_mhz=2400)) == "1,500 of 2,400 MHz"
    assert clock_words(Condition(clock_mhz=1500)) == "1,500 MHz"
    assert clock_words(Condition()) == "not told"


def test_columns_of_a_plain_table_are_aligned() -> None:
    table = Table(("a", "bb", "c"), (("long first", "1", "22"), ("x", "333", "")))
    assert plain_table(table).splitlines() == [
        "a            bb   c",
        "----------  ---  --",
        "long first    1  22",
        "x           333",
    ]


def test_every_measurement_is_in_the_sheet(make_card: Make) -> None:
    table = card_sheet(make_card()).tables[0]
    assert all(len(row) == len(table.columns) == 3 for row in table.rows)


def test_measuring_needs_nothing_of_the_workstation() -> None:
    code = (
        "import sys; import sagui.convert.bench.command, sagui.convert.bench.compare_command; "
        "import sagui.convert.bench.measure, sagui.convert.bench.child, sagui.convert.bench.show; "
        "from sagui.convert.bench.compare import compare_cards; print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    tops = {name.partition(".")[0] for name in done.stdout.split()}
    assert not tops & {"tensorflow", "keras", "PIL", "rich", "scipy", "sklearn", "matplotlib", "jinja2"}
