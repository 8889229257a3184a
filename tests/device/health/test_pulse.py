"""What feeds the watchdog, and what does not."""

import pytest
from tests.device.sightings import make_stream, see

from sagui.device.cameras import Incident
from sagui.device.health.notify import SilentNotifier
from sagui.device.health.pulse import Pulse


class Counting(SilentNotifier):
    """Counts what feeds the watchdog."""

    def __init__(self) -> None:
        self.frames = self.beats = 0

    def frame_done(self) -> None:
        self.frames += 1

    def camera_beat(self) -> None:
        self.beats += 1


class Watched:
    """A pulse, with all that it tells."""

    def __init__(self, interval_s: float = 0.0) -> None:
        self.now = 50.0
        self.notifier = Counting()
        self.guarded: list[str] = []
        self.pulse = Pulse(self.notifier, self, interval_s, lambda: self.now)

    def begin(self) -> None:
        self.guarded.append("begin")

    def end(self) -> None:
        self.guarded.append("end")

    def look(self) -> None:
        self.pulse.begin()
        self.pulse.end()
        self.pulse.saw(see(make_stream(), 0.5))


@pytest.fixture
def watched() -> Watched:
    return Watched()


LOST = Incident("lost", "usb:0", "no frame for 5 s", 0, 5.0, 1.0)
AWAY = Incident("away", "usb:0", "it is not there", 1, 9.0, 2.0)
BACK = Incident("back", "usb:0", "", 3, 20.0, None)


def test_finished_frames_feed_it(watched: Watched) -> None:
    watched.look()
    watched.look()
    assert watched.notifier.frames == 2
    assert watched.guarded == ["begin", "end"] * 2


def test_a_frame_that_does_not_come_out_feeds_nothing(watched: Watched) -> None:
    watched.pulse.tell(LOST)
    watched.pulse.begin()
    watched.pulse.beat()
    watched.pulse.tick()
    watched.pulse.end()
    watched.pulse.beat()
    watched.pulse.tick()
    assert (watched.notifier.frames, watched.notifier.beats) == (0, 0), "nobody was told of the frame yet"


def test_a_quiet_street_is_no_fault(watched: Watched) -> None:
    watched.look()
    watched.pulse.beat()
    assert watched.notifier.beats == 1


def test_a_camera_that_is_away_is_no_hang(watched: Watched) -> None:
    watched.pulse.tick()
    assert watched.notifier.beats == 0, "a camera that says nothing at all may hang"
    for incident in (LOST, AWAY):
        watched.pulse.tell(incident)
        watched.pulse.tick()
    assert watched.notifier.beats == 2
    watched.pulse.tell(BACK)
    watched.pulse.tick()
    assert watched.notifier.beats == 2


def test_a_rest_that_was_asked_for_is_no_fault() -> None:
    watched = Watched(interval_s=300.0)
    watched.look()
    watched.now += 299
    watched.pulse.tick()
    assert watched.notifier.beats == 1
    watched.now += 1
    watched.pulse.tick()
    assert watched.notifier.beats == 1, "the frame is due"
