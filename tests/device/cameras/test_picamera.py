"""Camera modules, through a stand-in with picamera2's documented interface."""

import sys
from types import ModuleType
from typing import Any, ClassVar

import numpy as np
import pytest

from sagui.device.cameras import open_camera
from sagui.device.cameras.options import Options
from sagui.device.cameras.picamera import PiCamera
from sagui.device.errors import CameraError

SCENE = (250, 120, 10)
"""Red, green and blue of what stands before the camera: an orange."""


class Picamera2:
    """As the Picamera2 manual describes it (chapters 2, 4 and 6, appendix A)."""

    cameras: ClassVar[list[dict[str, Any]]] = [{"Model": "imx708", "Num": 0}, {"Model": "ov5647", "Num": 1}]
    taken: ClassVar[set[int]] = set()
    calls: ClassVar[list[str]] = []

    @classmethod
    def global_camera_info(cls) -> list[dict[str, Any]]:
        return cls.cameras

    def __init__(self, camera_num: int = 0) -> None:
        if camera_num in self.taken:
            raise RuntimeError("Failed to acquire camera: Device or resource busy")
        self.number, self.running = camera_num, False
        self.config: dict[str, Any] = {}
        self.taken.add(camera_num)
        self.calls.append(f"open {camera_num}")

    def create_video_configuration(self, main: dict[str, Any], controls: dict[str, Any]) -> dict[str, Any]:
        unknown = set(main) - {"format", "size", "stride", "preserve_ar"}
        if unknown:
            raise ValueError(f"Bad key {unknown}: valid stream configuration keys are ...")
        return {"main": {"format": "XBGR8888", "size": (1280, 720), **main}, "controls": controls}

    def configure(self, camera_config: dict[str, Any]) -> None:
        if self.running:
            raise RuntimeError("Camera must be stopped before configuring")
        if max(camera_config["main"]["size"]) > 4608:
            raise RuntimeError("Failed to configure camera: Invalid argument")
        self.config = camera_config
        self.calls.append("configure")

    def start(self) -> None:
        self.running = True
        self.calls.append("start")

    def capture_array(self, name: str = "main", wait: float | None = None) -> np.ndarray:
        """Appendix A: RGB888's pixels are laid out [B, G, R], BGR888's are [R, G, B]."""
        if not self.running:
            raise RuntimeError("Camera is not started")
        if wait is None:
            raise AssertionError("a camera that hangs would hang us, too")
        width, height = self.config[name]["size"]
        pixel = {"RGB888": SCENE[::-1], "BGR888": SCENE, "XBGR8888": (*SCENE, 255)}[self.config[name]["format"]]
        return np.full((height, width, len(pixel)), pixel, np.uint8)

    def stop(self) -> None:
        self.running = False
        self.calls.append("stop")

    def close(self) -> None:
        self.taken.discard(self.number)
        self.calls.append("close")


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> type[Picamera2]:
    module = ModuleType("picamera2")
    stand_in = type("Picamera2", (Picamera2,), {"taken": set(), "calls": [], "cameras": list(Picamera2.cameras)})
    module.Picamera2 = stand_in  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "picamera2", module)
    return stand_in


def ignore(text: str) -> None:
    raise AssertionError(text)


def test_the_colours_are_right(library: type[Picamera2]) -> None:
    frame = PiCamera(0, "picamera2", Options()).read()
    assert frame is not None
    assert frame.photo.shape == (720, 1280, 3)
    assert frame.photo[0, 0].tolist() == list(SCENE)


def test_it_is_configured_started_stopped_and_closed(library: type[Picamera2]) -> None:
    camera = open_camera("picamera2:1?width=640&height=480&fps=10", loop=False, warn=ignore)
    frame = camera.read()
    camera.close()
    assert frame is not None
    assert frame.photo.shape == (480, 640, 3)
    assert library.calls == ["open 1", "configure", "start", "stop", "close"]
    assert not library.taken


def test_size_and_rate_are_asked_for(library: type[Picamera2]) -> None:
    camera = PiCamera(0, "picamera2", Options(width=640, height=480, fps=7.5))
    assert camera._camera.config == {"main": {"format": "BGR888", "size": (640, 480)}, "controls": {"FrameRate": 7.5}}


def test_a_camera_in_use_is_told(library: type[Picamera2]) -> None:
    library.taken.add(0)
    with pytest.raises(CameraError, match=r"picamera2 cannot be opened: .*busy; .*sagui doctor says which"):
        open_camera("picamera2", loop=False, warn=ignore)


def test_a_camera_that_is_not_there_is_told_with_those_that_are(library: type[Picamera2]) -> None:
    with pytest.raises(CameraError, match=r"picamera2:2 is not there; there is picamera2:0 to picamera2:1"):
        open_camera("picamera2:2", loop=False, warn=ignore)
    library.cameras.clear()
    with pytest.raises(CameraError, match="there is none: check the cable"):
        open_camera("picamera2", loop=False, warn=ignore)


def test_a_size_that_the_sensor_lacks_is_told_and_the_camera_let_go(library: type[Picamera2]) -> None:
    with pytest.raises(CameraError, match="cannot be started: Failed to configure camera"):
        open_camera("picamera2?width=9999&height=9999", loop=False, warn=ignore)
    assert not library.taken


@pytest.mark.parametrize("fault", [RuntimeError("Camera frontend has timed out"), TimeoutError("timed out")])
def test_a_camera_that_fails_is_a_camera_error(
    library: type[Picamera2], monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise fault

    camera = PiCamera(0, "picamera2", Options())
    monkeypatch.setattr(library, "capture_array", fails)
    with pytest.raises(CameraError, match=r"picamera2 fails: .*timed out"):
        camera.read()


def test_without_the_library_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "picamera2", None)
    with pytest.raises(CameraError, match=r"apt install python3-picamera2.*--system-site-packages"):
        open_camera("picamera2", loop=False, warn=ignore)
