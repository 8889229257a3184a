"""Where frames come from."""

import threading
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from sagui.device.cameras import Frame, open_camera
from sagui.device.cameras.latest import LatestFrame
from sagui.device.errors import CameraError


def ignore(text: str) -> None:
    raise AssertionError(text)


@pytest.fixture
def video(tmp_path: Path) -> Path:
    path = tmp_path / "clip.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, (32, 24))
    for number in range(5):
        picture = np.zeros((24, 32, 3), np.uint8)
        picture[..., 2] = 50 * number  # OpenCV's red
        writer.write(picture)
    writer.release()
    return path


def test_a_folder_gives_its_photos_in_order(colours: Path) -> None:
    camera = open_camera(f"folder:{colours}", loop=False, warn=ignore)
    frames = list(iter(camera.read, None))
    assert [frame.source for frame in frames] == sorted(path.name for path in colours.iterdir())
    assert [frame.index for frame in frames] == list(range(6))
    assert frames[0].photo[0, 0].tolist() == [220, 30, 30]  # red, green, blue


def test_a_folder_can_go_round(colours: Path) -> None:
    camera = open_camera(str(colours), loop=True, warn=ignore)
    frames = [camera.read() for _ in range(13)]
    assert [frame.index for frame in frames if frame] == list(range(13))
    assert frames[0] is not None
    assert frames[12] is not None
    assert frames[0].source == frames[12].source
    camera.close()
    assert camera.read() is None


def test_a_damaged_photo_is_named_once_and_passed_over(colours: Path, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_text("not a photo")
    (tmp_path / "b.png").write_bytes(next(colours.iterdir()).read_bytes())
    warnings: list[str] = []
    camera = open_camera(str(tmp_path), loop=True, warn=warnings.append)
    assert [frame.source for frame in (camera.read(), camera.read()) if frame] == ["b.png", "b.png"]
    assert len(warnings) == 1
    assert "a.jpg" in warnings[0]


def test_a_folder_of_damaged_photos_does_not_spin_for_ever(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_text("not a photo")
    camera = open_camera(str(tmp_path), loop=True, warn=lambda _: None)
    with pytest.raises(CameraError, match="none of the 1 photos"):
        camera.read()


def test_a_video_gives_every_frame(video: Path) -> None:
    camera = open_camera(f"file:{video}", loop=False, warn=ignore)
    frames = list(iter(camera.read, None))
    reds = [int(frame.photo[12, 16, 0]) for frame in frames]
    assert len(frames) == 5
    assert reds == sorted(reds)
    assert reds[-1] > 150
    camera.close()


def test_a_video_can_go_round(video: Path) -> None:
    camera = open_camera(str(video), loop=True, warn=ignore)
    assert [frame.index for frame in (camera.read() for _ in range(12)) if frame] == list(range(12))


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ("folder:/nowhere", "/nowhere is no folder"),
        ("file:/nowhere.mp4", "no such video file"),
        ("usb:99", "usb:99 cannot be opened"),
        ("usb:first", "the first USB camera is usb:0"),
        ("/dev/video99", "cannot be opened"),
        ("telescope", "there is no 'telescope'; use folder:DIR"),
    ],
)
def test_a_camera_that_is_not_there_is_named(spec: str, reason: str) -> None:
    with pytest.raises(CameraError, match=reason):
        open_camera(spec, loop=False, warn=ignore)


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CameraError, match="no photos"):
        open_camera(str(tmp_path), loop=False, warn=ignore)


def test_a_file_that_is_no_video_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.mp4").write_text("not a video")
    with pytest.raises(CameraError, match=r"x.mp4 cannot be opened"):
        open_camera(str(tmp_path / "x.mp4"), loop=False, warn=ignore)


class Live:
    """A camera that gives a frame whenever it is let."""

    def __init__(self) -> None:
        self.permits = threading.Semaphore(0)
        self.given = 0
        self.ended = False
        self.closed = False

    def read(self) -> Frame | None:
        self.permits.acquire()
        if self.ended:
            return None
        self.given += 1
        return Frame(np.zeros((1, 1, 3), np.uint8), self.given - 1)

    def close(self) -> None:
        self.closed = True


def test_a_live_camera_gives_the_newest_frame() -> None:
    live = Live()
    camera = LatestFrame(live, stall_seconds=5)
    live.permits.release(7)
    while live.given < 7:
        time.sleep(0.01)
    time.sleep(0.05)
    frame = camera.read()
    assert frame is not None
    assert frame.index == 6
    live.ended = True
    live.permits.release()
    assert camera.read() is None
    camera.close()
    assert live.closed


def test_a_live_camera_that_ends_was_unplugged(video: Path) -> None:
    from sagui.device.cameras.opencv import OpenCvCamera

    camera = OpenCvCamera(str(video), "usb:0", live=True)
    for _ in range(5):
        camera.read()
    with pytest.raises(CameraError, match="usb:0 gives no more frames"):
        camera.read()


def test_a_live_camera_that_stalls_is_an_error() -> None:
    live = Live()
    camera = LatestFrame(live, stall_seconds=0.1)
    with pytest.raises(CameraError, match=r"no frame for 0.1 s"):
        camera.read()
    live.ended = True
    live.permits.release()
    camera.close()


def test_a_live_camera_hands_on_its_error() -> None:
    class Broken(Live):
        def read(self) -> Frame | None:
            raise CameraError("camera: unplugged")

    with pytest.raises(CameraError, match="unplugged"):
        LatestFrame(Broken(), stall_seconds=5).read()
