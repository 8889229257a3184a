"""The loop by itself: no broker, no camera, no network."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from tests.device.sightings import Brightness, make_stream

from sagui.device.agent import Agent
from sagui.device.cameras import Frame
from sagui.device.cameras.geometry import Region
from sagui.device.decide import Steadiness
from sagui.device.observers import Sighting
from sagui.infer.errors import ModelError


class Failing(Brightness):
    """A runtime that fails."""

    def invoke(self, frame: npt.NDArray[Any]) -> npt.NDArray[Any]:
        raise ModelError(f"the model fails on a frame of {frame.shape}")


class Frames:
    """A camera with given frames."""

    def __init__(self, *frames: Frame) -> None:
        self.frames = list(frames)
        self.closed = False

    def read(self) -> Frame | None:
        return self.frames.pop(0) if self.frames else None

    def close(self) -> None:
        self.closed = True


@dataclass
class Notes:
    """An observer and a guard that remembers."""

    sightings: list[Sighting] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)

    def saw(self, sighting: Sighting) -> None:
        self.sightings.append(sighting)

    def begin(self) -> None:
        self.steps.append("begin")

    def end(self) -> None:
        self.steps.append("end")


def half_bright(index: int) -> Frame:
    """Left dark, right bright."""
    photo = np.zeros((8, 8, 3), np.uint8)
    photo[:, 4:] = 255
    return Frame(photo, index)


def test_each_stream_sees_its_own_region_of_every_frame() -> None:
    notes = Notes()
    left, right = make_stream("left", Region(0, 0, 0.5, 1)), make_stream("right", Region(0.5, 0, 0.5, 1))
    camera = Frames(half_bright(0), half_bright(1))
    Agent(camera, [left, right], [notes]).run()
    seen = [(one.stream.name, one.frame.index, one.decided.verdict.label) for one in notes.sightings]
    assert seen == [("left", 0, "dark"), ("right", 0, "bright"), ("left", 1, "dark"), ("right", 1, "bright")]
    assert camera.closed


def test_streams_are_steady_each_by_its_own_rules() -> None:
    notes = Notes()
    slow = make_stream("slow", rules=Steadiness(agree=2, window=2))
    quick = make_stream("quick")
    dark, bright = (Frame(np.full((8, 8, 3), grey, np.uint8), index) for index, grey in enumerate((0, 255)))
    Agent(Frames(dark, bright), [slow, quick], [notes]).run()
    assert [one.decided.changed for one in notes.sightings] == [False, True, False, True]


def test_every_observer_is_told_and_the_guard_stands_around_each_network() -> None:
    first, second = Notes(), Notes()
    Agent(Frames(half_bright(0)), [make_stream("a"), make_stream("b")], [first, second], guard=first).run()
    assert len(first.sightings) == len(second.sightings) == 2
    assert first.steps == ["begin", "end"] * 2


def test_the_total_counts_from_the_capture() -> None:
    notes = Notes()
    old = Frame(np.zeros((8, 8, 3), np.uint8), 0, captured_s=time.monotonic() - 5)
    Agent(Frames(old), [make_stream()], [notes], clock=lambda: 1000.0).run()
    assert notes.sightings[0].total_ms > 5000
    assert 935 < notes.sightings[0].time <= 995


def test_a_network_that_fails_ends_it_and_lets_the_camera_go() -> None:
    one = make_stream(runtime=Failing())
    camera = Frames(half_bright(0))
    notes = Notes()
    with pytest.raises(ModelError):
        Agent(camera, [one], [notes], guard=notes).run()
    assert camera.closed
    assert notes.steps == ["begin", "end"]  # nobody is to think that it hangs


def test_a_stop_ends_it_after_the_frame_in_hand() -> None:
    stop, notes = threading.Event(), Notes()

    class Stopper:
        def saw(self, sighting: Sighting) -> None:
            if sighting.frame.index == 1:
                stop.set()

    Agent(Frames(*map(half_bright, range(9))), [make_stream()], [notes, Stopper()], stop=stop).run()
    assert len(notes.sightings) == 2


@dataclass
class Clock:
    """Stands for the module `time` in the loop: only waits make it pass."""

    now_s: float = 0.0

    def monotonic(self) -> float:
        return self.now_s


class Stop(threading.Event):
    """Waits no longer than the test's clock says."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.clock = clock
        self.waited: Callable[[], None] = lambda: None

    def wait(self, timeout: float | None = None) -> bool:
        self.clock.now_s += timeout or 0.0
        self.waited()
        return self.is_set()


@pytest.fixture
def stop(monkeypatch: pytest.MonkeyPatch) -> Stop:
    clock = Clock()
    monkeypatch.setattr("sagui.device.agent.time", clock)
    return Stop(clock)


class Times:
    """An observer that notes when."""

    def __init__(self, clock: Clock, slow_s: dict[int, float] | None = None) -> None:
        self.at_s: list[float] = []
        self.slow_s, self.clock = slow_s or {}, clock

    def saw(self, sighting: Sighting) -> None:
        self.at_s.append(self.clock.now_s)
        self.clock.now_s += self.slow_s.get(sighting.frame.index, 0.0)


def test_frames_keep_their_pace_and_one_that_is_late_is_not_made_up_for(stop: Stop) -> None:
    times = Times(stop.clock, {0: 0.5, 2: 7.0})
    Agent(Frames(*map(half_bright, range(5))), [make_stream()], [times], interval_s=3.0, stop=stop).run()
    assert times.at_s == pytest.approx([0.0, 3.0, 6.0, 13.0, 16.0])


def test_the_pace_may_change_while_it_runs(stop: Stop) -> None:
    times = Times(stop.clock)
    agent = Agent(Frames(*map(half_bright, range(4))), [make_stream()], [times], interval_s=3.0, stop=stop)
    stop.waited = lambda: setattr(agent, "interval_s", 0.5) if stop.clock.now_s >= 5 else None
    agent.run()
    # In the middle of the second rest: it ends at once.
    assert times.at_s[:2] == pytest.approx([0.0, 3.0])
    assert times.at_s[2] < 6
    assert times.at_s[3] - times.at_s[2] <= 0.5


def test_a_rest_of_years_is_one(stop: Stop) -> None:
    agent = Agent(Frames(*map(half_bright, range(2))), [make_stream()], [], interval_s=1e12, stop=stop)
    limits = []

    def wait(timeout: float | None = None) -> bool:
        limits.append(timeout or 0.0)
        stop.set()
        return True

    stop.wait = wait  # type: ignore[method-assign]
    agent.run()
    # Longer waits than `threading.TIMEOUT_MAX` are errors.
    assert max(limits) < threading.TIMEOUT_MAX


def test_beside_a_slow_network_frames_are_not_fetched_long_before_they_are_used() -> None:
    class Slow(Brightness):
        def invoke(self, frame: npt.NDArray[Any]) -> npt.NDArray[Any]:
            time.sleep(0.1)
            return super().invoke(frame)

    class Live(Frames):
        def read(self) -> Frame | None:
            frame = super().read()
            return frame and Frame(frame.photo, frame.index)

    notes, stop = Notes(), threading.Event()

    class Enough:
        def saw(self, sighting: Sighting) -> None:
            # The second was fetched before anything was known: it waited for a whole run, and then took its own.
            if len(notes.sightings) > 2 and sighting.total_ms < 0.75 * notes.sightings[1].total_ms:
                stop.set()

    Agent(Live(*map(half_bright, range(60))), [make_stream(runtime=Slow())], [notes, Enough()], stop=stop).run()
    assert stop.is_set()
