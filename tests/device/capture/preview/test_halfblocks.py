"""Pictures of characters."""

import re

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sagui.device.capture.preview.halfblocks import cut, draw


@given(st.integers(1, 300), st.integers(1, 300), st.integers(-3, 200), st.integers(-3, 60))
def test_a_picture_fits_its_room(width: int, height: int, columns: int, rows: int) -> None:
    lines = draw(np.zeros((height, width, 3), np.uint8), columns, rows)
    assert 1 <= len(lines) <= max(1, rows)
    assert {len(re.sub(r"\x1b\[[\d;]*m", "", line)) for line in lines} <= set(range(1, max(1, columns) + 1))
    assert all(line.endswith("\x1b[0m") for line in lines)


def test_each_half_has_the_colour_of_its_pixel() -> None:
    photo = np.array([[[255, 0, 0], [255, 0, 0]], [[0, 0, 255], [1, 2, 3]]], np.uint8)
    assert draw(photo, 2, 1) == ["\x1b[38;2;255;0;0;48;2;0;0;255m▀\x1b[38;2;255;0;0;48;2;1;2;3m▀\x1b[0m"]


def test_the_same_colours_are_said_once() -> None:
    assert draw(np.full((2, 50, 3), 9, np.uint8), 50, 1)[0].count("\x1b") == 2


@given(st.text(), st.integers(0, 40))
def test_a_line_fits_and_steers_nothing(text: str, columns: int) -> None:
    assert len(cut(text, columns)) <= columns
    assert "\x1b" not in cut(text, columns)


def test_wide_letters_count_twice() -> None:
    assert cut("猫猫猫", 5) == "猫猫"
