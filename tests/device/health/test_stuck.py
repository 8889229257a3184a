"""A network that hangs."""

import math
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.device.said import Said

from sagui.device.health.stuck import STATUS, STUCK_SECONDS, Stuck


class Hanging:
    """A `Stuck` with a clock and an exit that a test looks at."""

    def __init__(self, stream: TextIO, seconds: float = 30.0) -> None:
        self.now = 1000.0
        self.left: list[int] = []
        self.noted: list[str] = []
        self.said = Said()
        self.stuck = Stuck(
            self.said,
            seconds,
            note=self.noted.append,
            clock=lambda: self.now,
            leave=self.left.append,
            stream=stream,
        )

    def wait(self, seconds: float) -> None:
        """Time goes by, and it looks as often as it would."""
        until = self.now + seconds
        while self.now < until:
            self.now = min(until, self.now + 0.5)
            self.stuck.look()
            if self.left:
                return


@pytest.fixture
def stream(tmp_path: Path) -> Iterator[TextIO]:
    with (tmp_path / "stderr").open("w+") as file:
        yield file


def test_a_network_that_does_not_come_back_ends_the_process(stream: TextIO) -> None:
    hanging = Hanging(stream)
    hanging.stuck.begin()
    hanging.wait(29.5)
    assert hanging.left == []
    hanging.wait(1)
    assert hanging.left == [STATUS]
    assert hanging.said.events == ["stuck"]
    assert hanging.said.fields == [{"seconds": 30.0, "status": STATUS}]
    assert hanging.noted == hanging.said.texts
    stream.seek(0)
    assert "in look" in stream.read(), "every thread's stack is written down"


def test_frames_that_finish_are_no_hang(stream: TextIO) -> None:
    hanging = Hanging(stream)
    for _ in range(100):
        hanging.stuck.begin()
        hanging.wait(20)
        hanging.stuck.end()
        hanging.wait(50)
    assert hanging.left == []


def test_a_process_that_was_paused_is_no_hang(stream: TextIO) -> None:
    hanging = Hanging(stream)
    hanging.stuck.begin()
    hanging.wait(5)
    hanging.now += 3600
    assert not hanging.stuck.look()
    hanging.wait(20)
    assert hanging.left == []
    hanging.wait(20)
    assert hanging.left == [STATUS], "if it hangs still, it is one"


def test_words_that_hang_as_well_do_not_keep_it_alive(stream: TextIO, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sagui.device.health.stuck._LAST_WORDS_S", 0.05)
    for_ever = threading.Event()

    def hang(_text: str) -> None:
        for_ever.wait()

    now, left = [0.0], list[int]()
    stuck = Stuck(Said(), 1.0, note=hang, clock=lambda: now[0], leave=left.append, stream=stream)
    stuck.begin()
    for now[0] in (0.5, 1.0):
        stuck.look()
    assert left == [STATUS]
    for_ever.set()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_history_that_fails_does_not_keep_it_quiet(stream: TextIO) -> None:
    def fail(_text: str) -> None:
        raise OSError(28, "No space left on device")

    said, left = Said(), list[int]()
    now = [0.0]
    stuck = Stuck(said, 1.0, note=fail, clock=lambda: now[0], leave=left.append, stream=stream)
    stuck.begin()
    for now[0] in (0.5, 1.0):
        stuck.look()
    assert (said.events, left) == (["stuck"], [STATUS])


@given(st.lists(st.tuples(st.floats(0, 60), st.floats(0, 60)), max_size=6), st.floats(2, 40))
def test_it_ends_when_and_only_when_a_network_takes_too_long(frames: list[tuple[float, float]], limit_s: float) -> None:
    with Path("/dev/null").open("w") as stream:
        hanging = Hanging(stream, limit_s)
        for runs_s, rests_s in frames:
            hanging.stuck.begin()
            hanging.wait(runs_s)
            if hanging.left:
                assert runs_s >= limit_s - 1e-6
                return
            assert runs_s < limit_s + 1e-6
            hanging.stuck.end()
            hanging.wait(rests_s)
        assert hanging.left == []


def test_watching_begins_and_ends() -> None:
    stuck = Stuck(Said())
    stuck.start()
    stuck.begin()
    assert math.isfinite(stuck._begun)
    stuck.end()
    stuck.close()
    assert not stuck._thread.is_alive()


def test_one_that_never_started_can_be_closed() -> None:
    Stuck(Said()).close()


def test_a_real_hang_ends_a_real_process() -> None:
    code = """
import threading, time
from sagui.device.events import JsonEvents
from sagui.device.health.stuck import Stuck
stuck = Stuck(JsonEvents(), 0.3)
stuck.start()
def a_driver_that_hangs():
    threading.Event().wait()
stuck.begin(); stuck.end()
time.sleep(0.5)
stuck.begin()
a_driver_that_hangs()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == STATUS
    assert '"event": "stuck"' in done.stdout
    assert "a_driver_that_hangs" in done.stderr
    assert "most recent call first" in done.stderr


def test_the_default_gives_a_slow_network_time() -> None:
    assert STUCK_SECONDS >= 10
