"""What OpenCV opens."""

import threading
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from sagui.device.cameras import Frame, open_camera
from sagui.device.cameras.opencv import OpenCvCamera, open_video
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


class Script:
    """A capture that does what is written down: a picture, None for one that cannot be decoded, or an end."""

    def __init__(self, *pictures: npt.NDArray[Any] | None) -> None:
        self.pictures, self.at, self.released = list(pictures), -1, False

    def isOpened(self) -> bool:  # noqa: N802
        return True

    def grab(self) -> bool:
        self.at += 1
        return self.at < len(self.pictures)

    def retrieve(self) -> tuple[bool, npt.NDArray[Any] | None]:
        picture = self.pictures[self.at]
        return picture is not None, picture

    def get(self, _: int, /) -> float:
        return 0.0

    def set(self, _: int, __: float, /) -> bool:
        return False

    def release(self) -> None:
        self.released = True


BLUE = np.full((2, 2, 3), (255, 0, 0), np.uint8)  # in OpenCV's order


def test_a_video_gives_every_frame_and_its_time(video: Path) -> None:
    camera = open_camera(f"file:{video}", loop=False, warn=ignore)
    frames = list(iter(camera.read, None))
    reds = [int(frame.photo[12, 16, 0]) for frame in frames]
    assert [frame.index for frame in frames] == list(range(5))
    assert reds == sorted(reds)
    assert reds[-1] > 150
    assert [frame.position_s for frame in frames] == pytest.approx([0, 0.1, 0.2, 0.3, 0.4])
    camera.close()


def test_a_video_can_go_round(video: Path) -> None:
    camera = open_camera(str(video), loop=True, warn=ignore)
    assert [frame.index for frame in (camera.read() for _ in range(12)) if frame] == list(range(12))


def test_a_video_is_looked_at_every_so_often_by_its_own_time(video: Path) -> None:
    camera = open_camera(f"file:{video}?every=0.2", loop=False, warn=ignore)
    assert [frame.index for frame in iter(camera.read, None)] == [0, 2, 4]


def test_a_video_that_goes_round_can_be_closed_while_it_is_read(video: Path) -> None:
    camera = open_video(video, loop=True)
    frames: list[Frame | None] = []
    reader = threading.Thread(target=lambda: frames.extend(iter(camera.read, None)), daemon=True)
    reader.start()
    while not frames:
        pass
    camera.close()
    reader.join(10)
    assert not reader.is_alive()


def test_a_video_that_is_not_there_is_named() -> None:
    with pytest.raises(CameraError, match=r"no such video file: /nowhere.mp4"):
        open_camera("file:/nowhere.mp4", loop=False, warn=ignore)


def test_a_folder_is_no_video(tmp_path: Path) -> None:
    with pytest.raises(CameraError, match="cannot be read: Is a directory"):
        open_camera(f"file:{tmp_path}", loop=False, warn=ignore)


def test_an_empty_video_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.mp4").touch()
    with pytest.raises(CameraError, match=r"x.mp4 is empty; was it copied whole"):
        open_camera(str(tmp_path / "x.mp4"), loop=False, warn=ignore)


@pytest.mark.parametrize("content", [b"not a video", bytes(4096), b"RIFF\x00\x00\x00\x00AVI LIST"])
def test_a_file_that_is_no_video_is_refused(tmp_path: Path, content: bytes, capfd: Any) -> None:
    (tmp_path / "x.mp4").write_bytes(content)
    with pytest.raises(CameraError, match=r"x.mp4 (cannot be opened; it is no video|gives no frames)"):
        open_camera(str(tmp_path / "x.mp4"), loop=False, warn=ignore).read()
    assert capfd.readouterr().err == ""  # what native libraries have to say helps nobody


def test_a_live_camera_that_ends_was_unplugged() -> None:
    camera = OpenCvCamera(Script(BLUE, BLUE), "usb:0", live=True)
    camera.read()
    camera.read()
    with pytest.raises(CameraError, match="usb:0 gives no more frames"):
        camera.read()


def test_frames_are_red_green_blue() -> None:
    frame = OpenCvCamera(Script(BLUE), "usb:0", live=True).read()
    assert frame is not None
    assert frame.photo[0, 0].tolist() == [0, 0, 255]


def test_a_live_camera_may_send_a_damaged_frame_now_and_then() -> None:
    camera = OpenCvCamera(Script(BLUE, None, None, BLUE), "usb:0", live=True)
    assert [frame.index for frame in (camera.read(), camera.read()) if frame] == [0, 1]


def test_a_live_camera_that_sends_nothing_else_is_broken() -> None:
    camera = OpenCvCamera(Script(*[None] * 1000), "usb:0", live=True)
    with pytest.raises(CameraError, match="usb:0 gives no frames"):
        camera.read()


def test_what_opencv_throws_is_a_camera_error() -> None:
    class Throws(Script):
        def grab(self) -> bool:
            cv2.cvtColor(np.zeros((0, 0, 3), np.uint8), cv2.COLOR_BGR2RGB)
            return True

    with pytest.raises(CameraError, match="usb:0 fails: "):
        OpenCvCamera(Throws(), "usb:0", live=True).read()
