"""What arrives at systemd's socket."""

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagui.device.health.notify import SilentNotifier, SystemdNotifier, open_notifier

Manager = tuple[str, Callable[[], list[str]]]


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Manager]:
    """A service manager's socket: its address, and what arrived there."""
    name = f"@sagui-test-{os.getpid()}" if request.param == "abstract" else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
        end.bind(f"\0{name[1:]}" if request.param == "abstract" else name)
        end.setblocking(False)

        def arrived() -> list[str]:
            messages = []
            while True:
                try:
                    messages.append(end.recv(4096).decode())
                except BlockingIOError:
                    return messages

        yield name, arrived


def test_the_life_of_a_service_is_told(manager: Manager) -> None:
    address, arrived = manager
    environment = {"NOTIFY_SOCKET": address, "HOME": "/"}
    notifier = open_notifier(environment)
    assert environment == {"HOME": "/"}, "programs that the agent starts must not speak for it"
    notifier.ready()
    notifier.status("cats: 14.2 fps\nREADY=0")
    before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    notifier.reloading()
    notifier.stopping()
    ready, status, reloading, stopping = arrived()
    assert (ready, stopping) == ("READY=1", "STOPPING=1")
    assert status == "STATUS=cats: 14.2 fps READY=0", "a line feed would begin another assignment"
    found = re.fullmatch(r"RELOADING=1\nMONOTONIC_USEC=([0-9]+)", reloading)
    assert found
    assert before <= int(found[1]) <= time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000


def test_finished_frames_feed_the_watchdog_twice_in_its_interval(manager: Manager) -> None:
    address, arrived = manager
    now = [100.0]
    notifier = SystemdNotifier(address, watchdog_s=10.0, clock=lambda: now[0])
    for step in range(100):
        now[0] = 100 + step / 4
        notifier.frame_done()
    assert arrived() == ["WATCHDOG=1"] * 5, "at 0, 5, 10, 15 and 20 s"


def test_without_frames_nothing_feeds_it(manager: Manager) -> None:
    address, arrived = manager
    notifier = SystemdNotifier(address, watchdog_s=0.001)
    notifier.ready()
    notifier.status("still here")
    notifier.reloading()
    notifier.stopping()
    assert not [message for message in arrived() if "WATCHDOG" in message]
    notifier.camera_beat()
    assert arrived() == ["WATCHDOG=1"]


@pytest.mark.parametrize("microseconds", ["", "0", "-1", "soon", "²", "1e6"])
def test_without_a_watchdog_frames_cost_no_message(manager: Manager, microseconds: str) -> None:
    address, arrived = manager
    notifier = open_notifier({"NOTIFY_SOCKET": address, "WATCHDOG_USEC": microseconds})
    notifier.frame_done()
    notifier.camera_beat()
    assert arrived() == []


@pytest.mark.parametrize(("process", "fed"), [("", True), ("ours", True), ("1", False), ("x", False)])
def test_the_watchdog_of_another_process_is_not_ours(manager: Manager, process: str, fed: bool) -> None:  # noqa: FBT001
    address, arrived = manager
    number = str(os.getpid()) if process == "ours" else process
    notifier = open_notifier({"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "20000000", "WATCHDOG_PID": number})
    notifier.frame_done()
    assert arrived() == ["WATCHDOG=1"] * fed


@pytest.mark.parametrize("address", ["", "@", "relative", "vsock:2:1234"])
def test_nobody_to_tell_is_silence(address: str) -> None:
    notifier = open_notifier({"NOTIFY_SOCKET": address} if address else {})
    assert isinstance(notifier, SilentNotifier)
    notifier.ready()
    notifier.reloading()
    notifier.status("")
    notifier.frame_done()
    notifier.camera_beat()
    notifier.stopping()


def test_a_manager_that_is_away_is_fed_at_the_next_frame(tmp_path: Path) -> None:
    address = str(tmp_path / "notify")
    notifier = SystemdNotifier(address, watchdog_s=1000.0)
    notifier.ready()
    notifier.frame_done()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
        end.bind(address)
        notifier.frame_done()
        assert end.recv(100) == b"WATCHDOG=1"
    notifier.close()


def test_a_manager_that_does_not_read_holds_nothing_up(tmp_path: Path) -> None:
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
        end.bind(address)
        notifier = SystemdNotifier(address)
        for _ in range(2000):  # far more than a socket's queue
            notifier.ready()


@given(st.text())
def test_any_status_is_one_assignment_of_some_length(text: str) -> None:
    near, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with near, far:
        notifier = SystemdNotifier("/nowhere")
        notifier._socket.close()
        notifier._socket = _Connected(near)  # type: ignore[assignment]
        notifier.status(text)
        message = far.recv(4096).decode()
    assert message.startswith("STATUS=")
    assert "\n" not in message
    assert len(message) <= 7 + 200


class _Connected:
    """A socket that needs no address."""

    def __init__(self, inner: socket.socket) -> None:
        self._inner = inner

    def sendto(self, message: bytes, _address: str) -> int:
        return self._inner.send(message)


def test_it_does_not_cost_the_start_much() -> None:
    code = "import sys; import sagui.device.health.notify; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not set(done.stdout.split()) & {"numpy", "cv2", "paho", "msgspec"}
