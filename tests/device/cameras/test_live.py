"""The newest frame of a live camera, which is opened again whenever it stops."""

import threading
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from sagui.device.cameras import Camera, Frame, Incident
from sagui.device.cameras.backoff import Backoff
from sagui.device.cameras.live import MOST_TRIES_HUNG, LiveCamera
from sagui.device.errors import CameraError

SOON = Backoff(first_s=0.02, most_s=0.05, steady_s=60)


class Opening:
    """What a camera does each time it is opened: gives frames, then fails, ends, or hangs."""

    def __init__(self, frames: int = 0, then: CameraError | None = None, *, hangs: bool = False) -> None:
        self.frames, self.then, self.hangs = frames, then, hangs
        self.given = 0
        self.hanging = threading.Event()
        self.released = threading.Event()
        self.closed = threading.Event()

    def read(self) -> Frame | None:
        if self.given < self.frames:
            self.given += 1
            time.sleep(0.001)
            return Frame(np.zeros((1, 1, 3), np.uint8), self.given - 1)
        if self.hangs:
            self.hanging.set()
            self.released.wait(30)
        if self.then is not None:
            raise self.then
        return None

    def close(self) -> None:
        self.closed.set()


class Device:
    """A camera that is opened again and again: by the script, and after its end as in the last line."""

    def __init__(self, *script: Opening | CameraError) -> None:
        self.script, self.opened = list(script), 0

    def open(self) -> Camera:
        line = self.script[min(self.opened, len(self.script) - 1)]
        self.opened += 1
        if isinstance(line, CameraError):
            raise line
        return line


class Story:
    """What was told."""

    def __init__(self) -> None:
        self.incidents: list[Incident] = []

    def kinds(self) -> list[str]:
        return [incident.kind for incident in self.incidents]


ENDLESS = 10**9
Makes = Callable[..., LiveCamera]


@pytest.fixture
def story() -> Story:
    return Story()


@pytest.fixture
def live(story: Story) -> Iterator[Makes]:
    cameras: list[LiveCamera] = []

    def make(device: Device, **changes: object) -> LiveCamera:
        settings: dict[str, object] = {"stall_seconds": 3.0, "backoff": SOON, "luck": lambda: 0.0, **changes}
        camera = LiveCamera("usb:0", device.open, story.incidents.append, **settings)  # type: ignore[arg-type]
        cameras.append(camera)
        return camera

    yield make
    for camera in cameras:
        camera.close()


def eventually(condition: Callable[[], bool]) -> bool:
    until = time.monotonic() + 10
    while not condition() and time.monotonic() < until:
        time.sleep(0.005)
    return condition()


def test_who_reads_slowly_gets_the_newest_frame(live: Makes) -> None:
    opening = Opening(frames=7, hangs=True)
    camera = live(Device(opening), stall_seconds=5)
    assert opening.hanging.wait(10)
    frame = camera.read()
    assert frame is not None
    assert frame.index == 6
    opening.released.set()


def test_the_age_of_a_frame_is_measured_from_its_capture(live: Makes) -> None:
    opening = Opening(frames=1, hangs=True)
    camera = live(Device(opening), stall_seconds=5)
    assert opening.hanging.wait(10)
    time.sleep(0.1)
    frame = camera.read()
    assert frame is not None
    assert frame.age_ms() >= 100
    opening.released.set()


def test_a_camera_that_cannot_be_opened_at_first_is_an_error(live: Makes) -> None:
    with pytest.raises(CameraError, match="is not there"):
        live(Device(CameraError("camera: usb:0 is not there")))


def test_who_is_patient_waits_for_a_camera_that_is_not_there_yet(live: Makes, story: Story) -> None:
    away = CameraError("camera: usb:0 is not there")
    camera = live(Device(away, away, away, Opening(ENDLESS)), patient=True)
    assert camera.read() is not None
    assert eventually(lambda: story.kinds()[:2] == ["away", "back"])  # the same reason is told once
    assert story.incidents[0].reason == "is not there"
    assert story.incidents[1].attempts == 3


def test_a_camera_that_fails_is_opened_again_and_both_is_told(live: Makes, story: Story) -> None:
    first = Opening(3, CameraError("camera: unplugged"))
    camera = live(Device(first, CameraError("camera: gone"), CameraError("camera: gone"), Opening(ENDLESS)))
    assert eventually(lambda: story.kinds()[:3] == ["lost", "away", "back"])
    lost, away, back = story.incidents[:3]
    assert (lost.reason, lost.attempts, lost.retry_s) == ("unplugged", 0, 0.01)
    assert (away.reason, away.attempts, away.retry_s) == ("gone", 1, 0.02)
    assert (back.reason, back.attempts, back.retry_s) == ("", 3, None)
    assert 0 < back.away_s < 10
    assert first.closed.is_set()
    assert camera.read() is not None


def test_a_stream_that_ends_is_lost(live: Makes, story: Story) -> None:
    live(Device(Opening(2), Opening(ENDLESS)))
    assert eventually(lambda: story.kinds()[:2] == ["lost", "back"])
    assert story.incidents[0].reason == "gives no more frames"


def test_a_camera_that_stalls_is_opened_again(live: Makes, story: Story) -> None:
    frozen = Opening(2, hangs=True)
    camera = live(Device(frozen, Opening(ENDLESS)), stall_seconds=0.5)
    assert eventually(lambda: story.kinds()[:2] == ["lost", "back"])
    assert story.incidents[0].reason == "no frame for 0.5 s"
    assert story.incidents[0].away_s >= 0.5
    assert camera.read() is not None
    assert not frozen.closed.is_set()  # its reader is still inside: to close it now could crash the process
    frozen.released.set()
    assert frozen.closed.wait(10)


def test_a_frame_from_before_the_stall_is_not_given_for_new(live: Makes, story: Story) -> None:
    frozen = Opening(2, hangs=True)
    once = Backoff(first_s=0.02, factor=1000, steady_s=60)
    camera = live(Device(frozen, CameraError("camera: gone")), stall_seconds=0.5, backoff=once)
    assert eventually(lambda: story.kinds()[:2] == ["lost", "away"])
    frames: list[Frame | None] = []
    reader = threading.Thread(target=lambda: frames.append(camera.read()), daemon=True)
    reader.start()
    frozen.released.set()
    reader.join(0.1)
    assert not frames
    camera.close()
    reader.join(10)
    assert frames == [None]


def test_frames_are_counted_on_when_the_camera_comes_back(live: Makes, story: Story) -> None:
    camera = live(Device(Opening(5), Opening(ENDLESS)))
    assert eventually(lambda: "back" in story.kinds())
    frame = camera.read()
    assert frame is not None
    assert frame.index >= 5


def test_waits_grow_while_a_camera_comes_and_goes_at_once(live: Makes, story: Story) -> None:
    live(Device(*[Opening(1) for _ in range(99)]), backoff=Backoff(first_s=0.01, most_s=0.04, steady_s=60))
    assert eventually(lambda: story.kinds().count("lost") >= 4)
    waits = [incident.retry_s for incident in story.incidents if incident.kind == "lost"]
    assert waits[:4] == [0.005, 0.01, 0.02, 0.02]


def test_waits_start_again_after_a_camera_ran_steadily(live: Makes, story: Story) -> None:
    live(Device(*[Opening(30) for _ in range(99)]), backoff=Backoff(first_s=0.01, most_s=0.04, steady_s=0.02))
    assert eventually(lambda: story.kinds().count("lost") >= 3)
    assert {incident.retry_s for incident in story.incidents if incident.kind == "lost"} == {0.005}


def test_a_driver_that_never_comes_back_is_an_error_in_the_end(live: Makes, story: Story) -> None:
    device = Device(Opening(1, hangs=True), CameraError("camera: busy"))
    camera = live(device, stall_seconds=0.5)
    with pytest.raises(CameraError, match=r"usb:0 hangs in its driver; start the process again"):
        list(iter(camera.read, None))
    assert device.opened == MOST_TRIES_HUNG
    assert isinstance(device.script[0], Opening)
    device.script[0].released.set()


def test_readers_that_hang_do_not_pile_up(live: Makes) -> None:
    openings = [Opening(1, hangs=True) for _ in range(20)]
    device = Device(*openings)
    camera = live(device, stall_seconds=0.1)
    with pytest.raises(CameraError, match="hangs in its driver"):
        list(iter(camera.read, None))
    assert sum(opening.given == 1 and not opening.closed.is_set() for opening in openings) == MOST_TRIES_HUNG
    for opening in openings:
        opening.released.set()


def test_closing_ends_a_read_that_waits_and_closes_the_camera(live: Makes) -> None:
    opening = Opening(ENDLESS)
    camera = live(Device(opening))
    assert camera.read() is not None
    camera.close()
    assert camera.read() is None
    assert opening.closed.wait(10)


def test_closing_ends_the_wait_for_the_next_try(live: Makes, story: Story) -> None:
    camera = live(Device(Opening(1), CameraError("camera: gone")), backoff=Backoff(first_s=3600, most_s=3600))
    assert eventually(lambda: story.kinds() == ["lost"])
    camera.close()
    assert camera.read() is None
    assert not [thread for thread in threading.enumerate() if thread is camera._watcher]


def test_a_fault_of_an_adapter_is_survived(live: Makes, story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    class Faulty(Opening):
        def read(self) -> Frame | None:
            raise ZeroDivisionError

    monkeypatch.setattr(threading, "excepthook", lambda _: None)  # it is printed; here it is expected
    camera = live(Device(Faulty(), Opening(ENDLESS)))
    assert camera.read() is not None
    assert eventually(lambda: story.kinds()[:2] == ["away", "back"])
    assert story.incidents[0].reason == "its reader ended unexpectedly"


def test_incidents_read_as_sentences() -> None:
    assert [
        str(incident)
        for incident in (
            Incident("lost", "usb:0", "no frame for 10 s", 0, 10.02, 0.7),
            Incident("away", "usb:0", "is not there", 1, 11.0, 1.54),
            Incident("back", "usb:0", "", 1, 12.34, None),
            Incident("back", "usb:0", "", 4, 99.0, None),
        )
    ] == [
        "camera: usb:0 stopped (no frame for 10 s); next try in 0.7 s",
        "camera: usb:0 is still away (is not there); next try in 1.5 s",
        "camera: usb:0 is back after 12.3 s and 1 try",
        "camera: usb:0 is back after 99.0 s and 4 tries",
    ]
