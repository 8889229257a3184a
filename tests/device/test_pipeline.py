"""Frames made ready while the network runs."""

import threading
import time

import numpy as np
import pytest

from sagui.device.cameras import Frame
from sagui.device.errors import CameraError
from sagui.device.pipeline import Capture
from sagui.infer.preprocess import Photo


class Scripted:
    """A camera that gives what it is told, and counts."""

    def __init__(self, *items: Frame | CameraError | None) -> None:
        self.items = list(items)
        self.reads = 0
        self.closed = False
        self.hang = threading.Event()
        self.hang.set()
        self.entered = threading.Event()

    def read(self) -> Frame | None:
        self.entered.set()
        self.hang.wait()
        self.reads += 1
        item = self.items.pop(0) if self.items else None
        if isinstance(item, CameraError):
            raise item
        return item

    def close(self) -> None:
        self.closed = True


def frame(number: int) -> Frame:
    return Frame(np.full((2, 2, 3), number, np.uint8), number)


def halve(photo: Photo) -> Photo:
    return photo // 2


@pytest.fixture
def stop() -> threading.Event:
    return threading.Event()


def test_frames_come_in_order_and_fitted(stop: threading.Event) -> None:
    camera = Scripted(frame(10), frame(20))
    capture = Capture(camera, halve, lambda: 123.0)
    for number in (10, 20):
        capture.ask()
        ready = capture.take(stop)
        assert ready is not None
        assert ready.frame.index == number
        assert (ready.inputs == number // 2).all()
        assert 123.0 - ready.frame.age_ms() / 1000 <= ready.time <= 123.0
    capture.ask()
    assert capture.take(stop) is None
    capture.close()


def test_it_reads_only_when_asked(stop: threading.Event) -> None:
    camera = Scripted(*map(frame, range(9)))
    capture = Capture(camera, halve, time.time)
    time.sleep(0.05)
    assert camera.reads == 0
    capture.ask()
    assert capture.take(stop) is not None
    time.sleep(0.05)
    assert camera.reads == 1
    capture.close()
    assert camera.closed


def test_an_error_of_the_camera_comes_to_who_takes(stop: threading.Event) -> None:
    capture = Capture(Scripted(CameraError("camera: unplugged")), halve, time.time)
    capture.ask()
    with pytest.raises(CameraError, match="unplugged"):
        capture.take(stop)
    capture.close()


def test_whatever_goes_wrong_comes_to_who_takes_and_nobody_waits_for_ever(stop: threading.Event) -> None:
    def fail(_photo: Photo) -> Photo:
        raise ValueError("no such shape")

    capture = Capture(Scripted(frame(1)), fail, time.time)
    capture.ask()
    with pytest.raises(ValueError, match="no such shape"):
        capture.take(stop)
    capture.close()


def test_the_time_of_a_frame_is_that_of_its_capture(stop: threading.Event) -> None:
    old = Frame(np.zeros((2, 2, 3), np.uint8), 0, captured_s=time.monotonic() - 60)
    capture = Capture(Scripted(old), halve, lambda: 1000.0)
    capture.ask()
    ready = capture.take(stop)
    assert ready is not None
    assert 935 < ready.time <= 940
    capture.close()


def test_a_stop_does_not_wait_for_a_camera_that_hangs(stop: threading.Event, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sagui.device.pipeline._CLOSE_SECONDS", 0.05)
    camera = Scripted(frame(1))
    camera.hang.clear()
    capture = Capture(camera, halve, time.time)
    capture.ask()
    assert camera.entered.wait(5)
    stop.set()
    assert capture.take(stop) is None
    capture.close()
    camera.hang.set()


def test_a_read_that_waits_is_ended_by_closing_the_camera(stop: threading.Event) -> None:
    camera = Scripted(frame(1))
    camera.hang.clear()
    camera.close = camera.hang.set  # type: ignore[method-assign]  # as live cameras do
    capture = Capture(camera, halve, time.time)
    capture.ask()
    assert camera.entered.wait(5)
    capture.close()
    assert not capture._thread.is_alive()
