"""The file that remembers crashes."""

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.device.said import Said

from sagui.device.health.crashes import CRASHES, WINDOW_S, Moment
from sagui.device.health.history import FILE, History, read_moment


class Clock:
    """Uptime and wall clock that a test moves."""

    def __init__(self) -> None:
        self.up_s = 60.0

    def __call__(self) -> Moment:
        return Moment("boot", self.up_s, 1_790_000_000.0 + self.up_s)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def crash(folder: Path, clock: Clock, times: int, error: str = "") -> None:
    for _ in range(times):
        history = History(folder, Said(), clock)
        history.begin()
        if error:
            history.note(error)
        clock.up_s += 20


def test_five_crashes_lead_to_safe_mode_and_why(tmp_path: Path, clock: Clock) -> None:
    crash(tmp_path, clock, CRASHES, "model: cats.sagui cannot be read")
    said = Said()
    safe = History(tmp_path, said, clock).begin()
    assert safe is not None
    assert safe.why == ("model: cats.sagui cannot be read",)
    assert said.events == ["safe-mode"]
    assert said.fields[0]["crashes"] == CRASHES
    assert said.fields[0]["why"] == ["model: cats.sagui cannot be read"]


def test_a_healthy_life_is_silent(tmp_path: Path, clock: Clock) -> None:
    said = Said()
    for _ in range(CRASHES + 1):
        history = History(tmp_path, said, clock)
        assert history.begin() is None
        history.end()
    assert said.events == []


def test_safe_mode_ends_and_normal_work_may_crash_again(tmp_path: Path, clock: Clock) -> None:
    crash(tmp_path, clock, CRASHES)
    history = History(tmp_path, Said(), clock)
    safe = history.begin()
    assert safe
    clock.up_s += safe.seconds
    history.forgive()
    clock.up_s += 5
    assert History(tmp_path, Said(), clock).begin() is None


def test_a_restart_by_a_person_leaves_safe_mode(tmp_path: Path, clock: Clock) -> None:
    crash(tmp_path, clock, CRASHES)
    history = History(tmp_path, Said(), clock)
    assert history.begin()
    history.end()
    assert History(tmp_path, Said(), clock).begin() is None


def test_a_crash_in_safe_mode_leads_back_to_it(tmp_path: Path, clock: Clock) -> None:
    crash(tmp_path, clock, CRASHES)
    assert History(tmp_path, Said(), clock).begin()
    clock.up_s += 30
    assert History(tmp_path, Said(), clock).begin()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b"\xff\xfe",
        b'{"crashes": 5}',
        b'{"running": "yes"}',
        b'{"x":' + b"[" * 70_000,
        b"\0" * 4096,
    ],
)
def test_a_damaged_file_is_an_empty_history(tmp_path: Path, clock: Clock, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)
    said = Said()
    history = History(tmp_path, said, clock)
    assert history.begin() is None
    assert said.events == ["history"]
    history.end()
    said = Said()
    assert History(tmp_path, said, clock).begin() is None
    assert said.events == [], "it was mended"


@given(st.binary(max_size=300))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None)
def test_no_content_stops_the_agent(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)
    History(tmp_path, Said(), Clock()).begin()


def test_crashes_of_the_far_future_lock_nobody_in(tmp_path: Path, clock: Clock) -> None:
    one = '{"boot": "other", "up_s": 1e300, "time_s": 1e300, "error": ""}'
    same = '{"boot": "boot", "up_s": 1e300, "time_s": 1e300, "error": ""}'
    (tmp_path / FILE).write_text(f'{{"crashes": [{", ".join([one, same] * CRASHES)}]}}')
    assert History(tmp_path, Said(), clock).begin() is None


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EIO])
def test_a_disk_that_takes_nothing_is_said_once(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(*_: Any) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("sagui.device.health.history.write_bytes", refuse)
    said = Said()
    history = History(tmp_path, said, clock)
    assert history.begin() is None
    history.note("camera: gone")
    history.forgive()
    history.end()
    assert said.events == ["history"]
    assert os.strerror(number) in said.texts[0]
    assert str(tmp_path / FILE) in said.texts[0]


def test_a_folder_that_is_a_file_is_said(tmp_path: Path, clock: Clock) -> None:
    (tmp_path / "state").write_text("")
    said = Said()
    assert History(tmp_path / "state", said, clock).begin() is None
    assert said.events == ["history"]


def test_the_folder_is_made(tmp_path: Path, clock: Clock) -> None:
    said = Said()
    History(tmp_path / "var" / "cam", said, clock).begin()
    assert (tmp_path / "var" / "cam" / FILE).exists()
    assert said.events == []


def test_what_a_killed_writer_left_is_swept(tmp_path: Path, clock: Clock) -> None:
    left = tmp_path / f".{Path(FILE).stem}-abc123.json"
    left.write_text("half of it")
    other = tmp_path / "outbox.db"
    other.write_text("")
    History(tmp_path, Said(), clock).begin()
    assert not left.exists()
    assert other.exists()


def test_the_system_tells_the_time() -> None:
    one, other = read_moment(), read_moment()
    assert one.boot == other.boot
    assert one.boot
    assert 0 < one.up_s <= other.up_s
    assert abs(one.time_s - time.time()) < WINDOW_S


def test_a_process_that_is_killed_leaves_its_mark(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys, pathlib; from sagui.device.events import PlainEvents; "
        "from sagui.device.health.history import History; "
        "print(History(pathlib.Path(sys.argv[1]), PlainEvents(sys.stderr)).begin() is not None, flush=True); "
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    answers = []
    for _ in range(CRASHES + 1):
        done = subprocess.run([sys.executable, "-c", code, tmp_path], capture_output=True, text=True, check=False)
        assert done.returncode == -signal.SIGKILL
        answers.append(done.stdout.strip())
    assert answers == ["False"] * CRASHES + ["True"]
