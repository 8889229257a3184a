"""`sagui capture`, as it is typed."""

import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sagui.device.capture.command import capture
from sagui.device.capture.errors import CaptureError
from sagui.device.errors import CameraError

COMMAND = [sys.executable, "-c", "from sagui.device.capture.command import capture; capture()"]


def run(*arguments: object) -> Result:
    return CliRunner().invoke(capture, [str(argument) for argument in arguments])


def test_photos_are_taken_and_told(tmp_path: Path) -> None:
    done = run("--camera", "synthetic", "--label", "cat", "--every", 0, "--count", 3, tmp_path)
    assert done.exit_code == 0
    assert done.stdout.startswith("kept 3 photos (3 of 'cat'); ")
    assert len(list((tmp_path / "cat").glob("*.jpg"))) == 3


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (("--camera", "synthetic", "--label", "../cat"), CaptureError, "has a slash"),
        (("--camera", "usb:77", "--label", "cat"), CameraError, "usb:77 is not there"),
        (("--camera", "synthetic", "--label", "cat", "--preview", "web", "--listen", "x"), CaptureError, "HOST:PORT"),
    ],
)
def test_what_cannot_be_is_refused(
    tmp_path: Path, arguments: tuple[str, ...], error: type[Exception], words: str
) -> None:
    done = run(*arguments, tmp_path)
    assert isinstance(done.exception, error)
    assert words in str(done.exception)


@pytest.mark.parametrize("option", [("--quality", "0"), ("--count", "0"), ("--every", "-1"), ("--preview", "x")])
def test_wrong_options_are_refused(tmp_path: Path, option: tuple[str, str]) -> None:
    assert run("--camera", "synthetic", "--label", "cat", *option, tmp_path).exit_code == 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_it_with_a_sentence(
    tmp_path: Path, number: signal.Signals, eventually: Callable[..., bool]
) -> None:
    process = subprocess.Popen(
        [*COMMAND, "--camera", "synthetic?fps=30", "--label", "cat", "--every", "0", str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert eventually(lambda: len(list(tmp_path.glob("cat/*.jpg"))) > 2)
    process.send_signal(number)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 0
    assert out.startswith("stopped; kept ")
    assert "Traceback" not in err
    assert not list(tmp_path.glob("cat/.*"))


def test_a_terminal_is_left_as_it_was_found(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, "--camera", "synthetic?frames=40", "--label", "cat", "--every", "0", str(tmp_path)],
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    shown = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        shown += part
    os.close(ours)
    assert process.wait(20) == 0
    assert "▀" in shown.decode()
    left = shown.index(b"\x1b[?1049l")
    assert shown.index(b"\x1b[?1049h") < left
    assert b"kept " in shown[left:]
