"""USB cameras, by what OpenCV and the kernel are documented to do: this machine need not have one."""

import errno
import os
import struct
from pathlib import Path
from typing import Any

import cv2
import pytest

from sagui.device.cameras import open_camera
from sagui.device.cameras.options import Options
from sagui.device.cameras.usb import open_usb
from sagui.device.cameras.v4l2 import QUERYCAP, REQBUFS, why_not
from sagui.device.errors import CameraError


def ignore(text: str) -> None:
    raise AssertionError(text)


class Uvc:
    """A camera that has some sizes and rates, and takes the nearest, as drivers do."""

    SIZES = ((320, 240), (640, 480), (1280, 720))
    RATES = (5, 15, 30)

    def __init__(self, path: str, backend: int) -> None:
        self.path, self.backend, self.opened = path, backend, True
        self.size, self.rate = (640, 480), 30
        self.asked: dict[int, float] = {}

    def isOpened(self) -> bool:  # noqa: N802
        return self.opened

    def grab(self) -> bool:
        return False

    def retrieve(self) -> tuple[bool, None]:
        return False, None

    def get(self, propId: int, /) -> float:  # noqa: N803
        width, height = self.size
        return {
            cv2.CAP_PROP_FRAME_WIDTH: float(width),
            cv2.CAP_PROP_FRAME_HEIGHT: float(height),
            cv2.CAP_PROP_FPS: float(self.rate),
        }[propId]

    def set(self, propId: int, value: float, /) -> bool:  # noqa: N803
        self.asked[propId] = value
        width = self.asked.get(cv2.CAP_PROP_FRAME_WIDTH, 640)
        self.size = min(self.SIZES, key=lambda size: abs(size[0] - width))
        self.rate = min(self.RATES, key=lambda rate: abs(rate - self.asked.get(cv2.CAP_PROP_FPS, 30)))
        return True

    def release(self) -> None:
        self.opened = False


def test_a_camera_is_opened_by_its_path_and_asked_for_size_and_rate() -> None:
    opened: list[Uvc] = []

    def capture(path: str, backend: int) -> Uvc:
        opened.append(Uvc(path, backend))
        return opened[-1]

    options = Options(width=1280, height=720, fps=15)
    open_usb("/dev/video2", "usb:2", options, ignore, capture=capture)
    assert (opened[0].path, opened[0].backend) == ("/dev/video2", cv2.CAP_V4L2)
    assert (opened[0].size, opened[0].rate) == ((1280, 720), 15)


def test_a_camera_that_gives_another_size_or_rate_says_so() -> None:
    warnings: list[str] = []
    open_usb("/dev/video0", "usb:0", Options(width=1920, height=1080, fps=60), warnings.append, capture=Uvc)
    assert warnings == [
        "camera: usb:0 gives 1280x720, not 1920x1080",
        "camera: usb:0 gives 30 frames a second, not 60",
    ]


def test_a_camera_that_cannot_be_opened_says_why() -> None:
    class Busy(Uvc):
        def isOpened(self) -> bool:  # noqa: N802
            return False

    with pytest.raises(CameraError, match=r"^camera: usb:0 is in use by another program$"):
        open_usb(
            "/dev/video0", "usb:0", Options(), ignore, capture=Busy, diagnose=lambda _: "is in use by another program"
        )


@pytest.mark.parametrize("spec", ["usb:99", "/dev/video99", "/dev/v4l/by-id/usb-none"])
def test_a_camera_that_is_not_plugged_in_is_named(spec: str) -> None:
    with pytest.raises(CameraError, match=rf"camera: {spec} is not there: .*is it plugged in"):
        open_camera(spec, loop=False, warn=ignore)


def capability(card: str, driver: str, device_caps: int) -> bytes:
    """What VIDIOC_QUERYCAP gives: struct v4l2_capability of videodev2.h."""
    of_all = 0x8000_0000 | 0x0420_0001  # of the whole device: V4L2_CAP_DEVICE_CAPS, and capture among others
    return struct.pack("=16s32s32sIII12x", driver.encode(), card.encode(), b"usb-1", 6, of_all, device_caps)


class Kernel:
    """A device that answers as it is told."""

    def __init__(self, answer: bytes, busy: int | None = None) -> None:
        self.answer, self.busy = answer, busy
        self.asked: list[int] = []

    def control(self, _: int, request: int, content: bytes) -> bytes:
        self.asked.append(request)
        if request == QUERYCAP:
            assert len(content) == 104
            return self.answer
        assert request == REQBUFS
        count, kind, memory = struct.unpack_from("=III", content)
        assert (len(content), count, kind, memory) == (20, 0, 1, 1)
        if self.busy is not None:
            raise OSError(self.busy, os.strerror(self.busy))
        return content


def opens_null(path: Path, flags: int) -> int:
    return os.open("/dev/null", flags)


def diagnosed(answer: bytes, busy: int | None = None) -> str:
    return why_not(Path("/dev/video0"), control=Kernel(answer, busy).control, device_open=opens_null)


WEBCAM = capability("HD Webcam C270", "uvcvideo", 0x0420_0001)


def test_a_camera_that_another_program_streams_from_is_busy() -> None:
    assert diagnosed(WEBCAM, errno.EBUSY) == "is in use by another program; sagui doctor says by which"


def test_a_camera_that_is_free_has_a_format_that_opencv_lacks() -> None:
    assert "(HD Webcam C270) is there and free" in diagnosed(WEBCAM)


def test_a_second_device_of_a_camera_is_told_from_the_first() -> None:
    metadata = capability("HD Webcam C270", "uvcvideo", 0x04A0_0000)
    assert "gives no pictures (HD Webcam C270)" in diagnosed(metadata)


@pytest.mark.parametrize("driver", ["unicam", "rp1-cfe"])
def test_a_camera_module_is_sent_to_picamera2(driver: str) -> None:
    assert "use picamera2" in diagnosed(capability("unicam", driver, 0x0020_0001))


def test_a_camera_that_does_not_answer_may_be_plugged_in_again() -> None:
    assert "does not answer: Input/output error; unplug it" in diagnosed(WEBCAM, errno.EIO)


def test_what_is_no_video_device_is_told() -> None:
    assert why_not(Path("/dev/null")) == "is no camera: /dev/null does not speak Video4Linux"


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (errno.EACCES, "sudo usermod -aG video"),
        (errno.EBUSY, "in use by another program"),
        (errno.ENXIO, "is it plugged in"),
        (errno.EIO, "cannot be opened: Input/output error"),
    ],
)
def test_a_device_that_cannot_be_opened_is_explained(number: int, reason: str) -> None:
    def refuses(*_: Any) -> int:
        raise OSError(number, os.strerror(number))

    assert reason in why_not(Path("/dev/video0"), device_open=refuses)


def test_the_requests_are_those_of_videodev2() -> None:
    """Direction, size of the structure, the letter V, and a number (asm-generic/ioctl.h)."""
    assert (2 << 30) | (104 << 16) | (ord("V") << 8) | 0 == QUERYCAP
    assert (3 << 30) | (20 << 16) | (ord("V") << 8) | 8 == REQBUFS
