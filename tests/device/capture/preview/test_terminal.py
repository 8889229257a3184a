"""The terminal's preview; what tmux shows of it was looked at by eye."""

import io

import numpy as np
import pytest

from sagui.device.capture.preview.lines import LinesPreview, NoPreview
from sagui.device.capture.preview.port import Status
from sagui.device.capture.preview.terminal import TerminalPreview

PHOTO = np.zeros((48, 64, 3), np.uint8)


def status(kept: int = 3, label: str = "cat") -> Status:
    return Status(label, kept, kept, 10, 2, None)


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_the_screen_is_taken_and_given_back_once() -> None:
    stream = io.StringIO()
    preview = TerminalPreview(stream, size=lambda: (40, 12))
    preview.show(PHOTO, status())
    preview.say("warning: dark")
    preview.close()
    preview.close()
    written = stream.getvalue()
    assert written.startswith("\x1b[?1049h\x1b[?25l")
    assert written.endswith("\x1b[?25h\x1b[?1049lwarning: dark\n")
    assert written.count("\x1b[?1049l") == 1
    assert "cat: 3 of 10 kept, 2 too alike" in written


def test_it_draws_a_few_times_a_second_and_follows_the_size() -> None:
    stream, clock, sizes = io.StringIO(), Clock(), [(40, 12), (80, 24)]
    preview = TerminalPreview(stream, clock, lambda: sizes.pop(0))
    for _ in range(5):
        preview.show(PHOTO, status())
    assert stream.getvalue().count("\x1b[H") == 1
    assert stream.getvalue().count("▀") == 26 * 10
    clock.now += 0.2
    preview.show(PHOTO, status())
    assert stream.getvalue().count("\x1b[H") == 2
    assert not sizes


@pytest.mark.parametrize("size", [(1, 1), (0, 0), (2, 3)])
def test_a_tiny_terminal_breaks_nothing(size: tuple[int, int]) -> None:
    TerminalPreview(io.StringIO(), size=lambda: size).show(PHOTO, status())


def test_a_label_cannot_steer_the_terminal() -> None:
    stream = io.StringIO()
    preview = TerminalPreview(stream, size=lambda: (40, 12))
    preview.show(PHOTO, status(label="a\x1b[2Jb"))
    assert "a\x1b[2Jb" not in stream.getvalue()


def test_the_newest_warning_stands_below_the_picture() -> None:
    stream = io.StringIO()
    preview = TerminalPreview(stream, size=lambda: (40, 12))
    preview.say("first")
    preview.say("second")
    preview.show(PHOTO, status())
    assert "second" in stream.getvalue()
    assert "first" not in stream.getvalue()


def test_lines_come_every_few_seconds_if_something_changed() -> None:
    clock = Clock()
    lines: list[str] = []
    preview = LinesPreview(lines.append, clock)
    for kept in range(20):
        clock.now += 1
        preview.show(PHOTO, status(min(kept, 11)))
    assert [line.split()[1] for line in lines] == ["4", "9", "11"]
    preview.say("a warning")
    assert lines[-1] == "a warning"


def test_none_shows_warnings_alone() -> None:
    clock = Clock()
    lines: list[str] = []
    preview = NoPreview(lines.append, clock)
    clock.now += 100
    preview.show(PHOTO, status())
    preview.say("a warning")
    assert lines == ["a warning"]
    assert preview.label("cat") == "cat"


def test_a_pause_is_said() -> None:
    assert str(status(label="")) == "paused; 3 kept, 2 too alike"
