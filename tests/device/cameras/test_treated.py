"""Any camera, with its frames treated."""

import itertools
import threading

import numpy as np
import pytest

from sagui.device.cameras import Frame
from sagui.device.cameras.geometry import Region
from sagui.device.cameras.options import Options
from sagui.device.cameras.synthetic import SyntheticCamera, truth
from sagui.device.cameras.treated import TreatedCamera


class Scripted:
    """A camera whose frames and times are written down."""

    def __init__(self, frames: list[Frame]) -> None:
        self.frames, self.closed = frames, False

    def read(self) -> Frame | None:
        return self.frames.pop(0) if self.frames else None

    def close(self) -> None:
        self.closed = True


def at(*seconds: float) -> list[Frame]:
    return [Frame(np.zeros((4, 6, 3), np.uint8), index, captured_s=time) for index, time in enumerate(seconds)]


def indices(camera: TreatedCamera) -> list[int]:
    return [frame.index for frame in iter(camera.read, None)]


def test_frames_are_turned_mirrored_and_cut() -> None:
    photo = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3)
    frame = Frame(photo, 5, "a.jpg", captured_s=7.0)
    camera = TreatedCamera(Scripted([frame]), Options(region=Region(0, 0, 1, 0.5), rotate=180, mirror=True))
    treated = camera.read()
    assert treated is not None
    assert np.array_equal(treated.photo, photo[::-1][:2])
    assert (treated.index, treated.source, treated.captured_s) == (5, "a.jpg", 7.0)


def test_a_live_camera_is_looked_at_every_so_often_by_capture_time() -> None:
    assert indices(TreatedCamera(Scripted(at(100, 100.5, 101.9, 102, 102.5, 110, 111)), Options(every_s=2))) == [
        0,
        3,
        5,
    ]


def test_a_recording_is_looked_at_every_so_often_by_its_own_time() -> None:
    camera = TreatedCamera(SyntheticCamera(options=Options(frames=35)), Options(every_s=1))
    assert indices(camera) == [0, 10, 20, 30]


def test_only_what_changed_passes_and_who_left_is_seen_to_be_gone() -> None:
    camera = TreatedCamera(SyntheticCamera("visits", Options(frames=180)), Options(motion=0.5))
    seen = list(iter(camera.read, None))
    passed = {frame.index for frame in seen}
    assert set(range(60, 120)) <= passed  # the visit
    assert set(range(120, 140)) <= passed  # two seconds of nobody
    assert not passed & set(range(30, 60))
    assert not passed & set(range(150, 180))
    assert seen[-1].source == "nothing"


def test_a_change_outside_the_region_does_not_count() -> None:
    assert truth("visits", 60, 320, 240).box == (180, 140, 260, 220)  # at 60 it stands to the lower right
    corner = Options(region=Region(0, 0, 0.1, 0.1), motion=0.5)
    camera = TreatedCamera(SyntheticCamera("visits", Options(frames=70)), corner)
    assert max(indices(camera)) < 30


def test_both_triggers_together_are_both_meant() -> None:
    camera = TreatedCamera(SyntheticCamera("visits", Options(frames=180)), Options(motion=0.5, every_s=2))
    passed = indices(camera)
    assert all(later - earlier >= 20 for earlier, later in itertools.pairwise(passed))
    assert [index for index in passed if 60 <= index < 120] == [60, 80, 100]
    assert not [index for index in passed if 30 <= index < 60]


def test_frames_that_do_not_pass_are_a_sign_of_life_too() -> None:
    beats: list[None] = []
    camera = TreatedCamera(Scripted(at(1, 2, 3, 4, 5)), Options(every_s=100), beat=lambda: beats.append(None))
    assert indices(camera) == [0]
    assert len(beats) == 5


def test_a_read_that_waits_for_a_change_ends_when_the_camera_is_closed() -> None:
    started = threading.Event()
    camera = TreatedCamera(SyntheticCamera("still"), Options(motion=0.5), beat=started.set)
    frames: list[Frame | None] = []
    reader = threading.Thread(target=lambda: frames.extend(iter(camera.read, None)), daemon=True)
    reader.start()
    assert started.wait(10)
    camera.close()
    reader.join(10)
    assert not reader.is_alive()
    assert camera.read() is None


@pytest.mark.parametrize("options", [Options(), Options(rotate=90)])
def test_closing_closes_the_camera_behind(options: Options) -> None:
    behind = Scripted([])
    TreatedCamera(behind, options).close()
    assert behind.closed
