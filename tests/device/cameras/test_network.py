"""Cameras on the network: real streams on the loopback, through OpenCV's own FFmpeg."""

import socket
import threading
import time
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import cv2
import numpy as np
import pytest

from sagui.device.cameras import Incident, open_camera
from sagui.device.cameras.network import open_stream
from sagui.device.errors import CameraError


def ignore(text: str) -> None:
    raise AssertionError(text)


class Camera(ThreadingHTTPServer):
    """What many network cameras offer: JPEGs one after another, as multipart/x-mixed-replace."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Stream)
        self.frozen = threading.Event()
        self.unplugged = threading.Event()
        self.connections = 0
        red = np.full((48, 64, 3), (30, 30, 220), np.uint8)
        self.jpeg = cv2.imencode(".jpg", red)[1].tobytes()
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def handle_error(self, *_: object) -> None:
        """A viewer that went away is no news."""


class Stream(BaseHTTPRequestHandler):
    server: Camera

    def do_GET(self) -> None:
        self.server.connections += 1
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        self.end_headers()
        while not self.server.unplugged.is_set():
            if not self.server.frozen.is_set():
                head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(self.server.jpeg)}\r\n\r\n"
                self.wfile.write(head.encode() + self.server.jpeg + b"\r\n")
            time.sleep(0.01)

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


@pytest.fixture
def camera() -> Iterator[Camera]:
    server = Camera()
    yield server
    server.unplugged.set()
    server.shutdown()
    server.server_close()


class Told:
    """What was told, to be waited for."""

    def __init__(self) -> None:
        self.incidents: list[Incident] = []
        self._changed = threading.Condition()

    def __call__(self, incident: Incident) -> None:
        with self._changed:
            self.incidents.append(incident)
            self._changed.notify_all()

    def waits_for(self, kind: str) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: any(incident.kind == kind for incident in self.incidents), 20)


def test_a_stream_is_seen_in_its_colours(camera: Camera) -> None:
    live = open_camera(f"http://127.0.0.1:{camera.server_port}/video?stall_seconds=5", loop=False, warn=ignore)
    frame = live.read()
    live.close()
    assert frame is not None
    assert frame.photo.shape == (48, 64, 3)
    red, green, blue = frame.photo[24, 32].tolist()
    assert red > 200
    assert max(green, blue) < 60


def test_a_camera_that_freezes_says_so_and_comes_back(camera: Camera) -> None:
    told = Told()
    url = f"http://user:hunter2@127.0.0.1:{camera.server_port}/video"
    live = open_camera(f"{url}?stall_seconds=4", loop=False, warn=ignore, tell=told)
    assert live.read() is not None
    camera.frozen.set()
    assert told.waits_for("lost")
    camera.frozen.clear()
    assert told.waits_for("back")
    assert live.read() is not None
    live.close()
    assert told.incidents[0].reason == "no frame for 4 s"
    assert camera.connections >= 2
    assert "hunter2" not in "".join(map(str, told.incidents))


def test_a_camera_that_hangs_up_says_so_and_comes_back(camera: Camera) -> None:
    told = Told()
    live = open_camera(f"http://127.0.0.1:{camera.server_port}/?stall_seconds=5", loop=False, warn=ignore, tell=told)
    assert live.read() is not None
    camera.unplugged.set()
    assert told.waits_for("lost")
    camera.unplugged.clear()
    assert told.waits_for("back")
    live.close()
    assert told.incidents[0].reason == "gives no more frames"


@pytest.mark.parametrize("scheme", ["rtsp", "http"])
def test_where_nobody_answers_is_named_without_the_password(scheme: str, capfd: Any) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and does not listen
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(CameraError, match=rf"{scheme}://{address}/live cannot be opened within 2 s") as caught:
            open_camera(f"{scheme}://admin:hunter2@{address}/live?stall_seconds=2", loop=False, warn=ignore)
    assert "hunter2" not in str(caught.value)
    assert capfd.readouterr().err == ""


def test_what_listens_and_says_nothing_does_not_hold_us_up() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        with pytest.raises(CameraError, match=r"cannot be opened within 0.5 s"):
            open_camera(f"rtsp://127.0.0.1:{silent.getsockname()[1]}/?stall_seconds=0.5", loop=False, warn=ignore)


def test_the_camera_gets_its_own_parameters_and_a_time_limit() -> None:
    asked: list[tuple[str, int, list[int]]] = []

    class Nothing:
        def __init__(self, url: str, backend: int, limits: Sequence[int]) -> None:
            asked.append((url, backend, list(limits)))

        def isOpened(self) -> bool:  # noqa: N802
            return False

    with pytest.raises(CameraError):
        open_stream("rtsp://u:p@cam/x?channel=1", "rtsp://cam/x", 10, Nothing)  # type: ignore[arg-type]
    limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, 9000, cv2.CAP_PROP_READ_TIMEOUT_MSEC, 12000]
    assert asked == [("rtsp://u:p@cam/x?channel=1", cv2.CAP_FFMPEG, limits)]
