"""A camera that speaks RTSP: GStreamer's server, on the loopback."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.conftest import answers, free_port

from sagui.device.cameras import Incident, open_camera
from sagui.device.errors import CameraError

PYTHON = "/usr/bin/python3"
PACKAGES = "python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-good"
PROBE = """
import gi
gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer
Gst.init(None)
assert all(map(Gst.ElementFactory.find, ["videotestsrc", "jpegenc", "rtpjpegpay", "rtpbin"]))
"""
SERVER = f"""
import sys
{PROBE}
server = GstRtspServer.RTSPServer(address="127.0.0.1", service=sys.argv[1])
factory = GstRtspServer.RTSPMediaFactory(shared=True)
factory.set_launch(
    "( videotestsrc is-live=true pattern=red ! video/x-raw,format=I420,width=320,height=240,framerate=25/1 "
    "! jpegenc ! rtpjpegpay name=pay0 pt=26 )"
)
server.get_mount_points().add_factory("/cam", factory)
server.attach(None)
GLib.MainLoop().run()
"""
"""Run by the system's Python, which has GStreamer's bindings."""


@pytest.fixture(scope="module")
def gstreamer() -> None:
    """GStreamer's RTSP server; without it, a skip on a user's machine and a failure in CI."""
    if Path(PYTHON).exists() and not subprocess.run([PYTHON, "-c", PROBE], capture_output=True, check=False).returncode:
        return
    reason = f"GStreamer's RTSP server is not installed: apt-get install {PACKAGES}"
    if os.environ.get("SAGUI_REQUIRE_PROGRAMS"):
        pytest.fail(reason)
    pytest.skip(reason)


class Server:
    """The server in a process of its own, to be killed, paused and started again."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"rtsp://127.0.0.1:{self.port}/cam"
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen([PYTHON, "-c", SERVER, str(self.port)])
        until = time.monotonic() + 20
        while not answers(self.port):
            assert time.monotonic() < until, "the RTSP server does not answer"
            time.sleep(0.02)

    def signal(self, number: int) -> None:
        self._process.send_signal(number)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()


@pytest.fixture
def server(gstreamer: None) -> Iterator[Server]:
    running = Server()
    yield running
    running.kill()


def ignore(text: str) -> None:
    raise AssertionError(text)


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
            return self._changed.wait_for(lambda: any(incident.kind == kind for incident in self.incidents), 60)


def test_frames_come_in_their_colours_and_fresh(server: Server) -> None:
    camera = open_camera(f"{server.url}?stall_seconds=10&roi=0,0,0.5,1", loop=False, warn=ignore)
    frames = [camera.read() for _ in range(10)]
    camera.close()
    indices = [frame.index for frame in frames if frame]
    assert len(indices) == 10
    assert indices == sorted(set(indices))
    assert frames[-1] is not None
    assert frames[-1].photo.shape == (240, 160, 3)
    red, green, blue = frames[-1].photo[120, 80].tolist()
    assert red > 200
    assert max(green, blue) < 60


def test_a_camera_that_is_killed_is_opened_again_when_it_is_back(server: Server) -> None:
    told = Told()
    camera = open_camera(f"{server.url}?stall_seconds=5", loop=False, warn=ignore, tell=told)
    assert camera.read() is not None
    server.kill()
    assert told.waits_for("away")
    server.start()
    assert told.waits_for("back")
    frame = camera.read()
    camera.close()
    assert frame is not None
    assert told.incidents[0].kind == "lost"


def test_a_camera_that_freezes_is_opened_again(server: Server) -> None:
    told = Told()
    camera = open_camera(f"{server.url}?stall_seconds=4", loop=False, warn=ignore, tell=told)
    assert camera.read() is not None
    server.signal(signal.SIGSTOP)
    assert told.waits_for("lost")
    server.signal(signal.SIGCONT)
    assert told.waits_for("back")
    assert camera.read() is not None
    camera.close()
    assert told.incidents[0].reason == "no frame for 4 s"


def test_a_stream_that_the_server_has_not_is_refused(server: Server) -> None:
    with pytest.raises(CameraError, match=r"/other cannot be opened within 5 s"):
        open_camera(f"rtsp://127.0.0.1:{server.port}/other?stall_seconds=5", loop=False, warn=ignore)
