"""The demo's cameras and dashboard, whichever way they end."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tests.conftest import free_port
from tests.deploy.processes import children_of, still_there
from tests.device.running import Reader

from sagui.deploy.demo import dashboard_process
from sagui.deploy.demo.command import demo
from sagui.deploy.demo.dashboard_process import require_dashboard
from sagui.deploy.demo.errors import DemoError


class Browsing:
    """The last act in a process of its own."""

    def __init__(self, root: Path, folder: Path, *arguments: object) -> None:
        self.temporary = folder / "temporary"
        self.temporary.mkdir()
        environment = {"PYTHONPATH": str(root), "TMPDIR": str(self.temporary), "XDG_STATE_HOME": str(folder / "state")}
        self.process = subprocess.Popen(
            [sys.executable, "-um", "tests.deploy.browsing", *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            cwd=folder,
            env=os.environ | environment,
        )

    def until(self, words: str) -> str:
        """Reads to the line with these words, and gives it."""
        assert self.process.stdout is not None
        lines = []
        for line in self.process.stdout:
            lines.append(line)
            if words in line:
                return line
        raise AssertionError("".join(lines))

    def rest(self) -> tuple[int, str]:
        output, _ = self.process.communicate(timeout=60)
        return self.process.returncode, output


Start = Callable[..., Browsing]


@pytest.fixture
def start(root: Path, tmp_path: Path, toy_bundle: Path, colours: Path) -> Iterator[Start]:
    started: list[Browsing] = []

    def begin(broker: str = "own", port: int = 0) -> Browsing:
        started.append(Browsing(root, tmp_path, toy_bundle, colours, broker, port))
        return started[-1]

    yield begin
    for one in started:
        if one.process.poll() is None:
            one.process.terminate()
            one.process.wait(30)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def assert_nothing_left(browsing: Browsing, children: dict[int, str]) -> None:
    assert not still_there(children)
    assert not list(browsing.temporary.iterdir())
    assert not (browsing.temporary.parent / "state").exists()
    assert [path.name for path in browsing.temporary.parent.iterdir() if path.suffix != ".conf"] == ["temporary"]


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 0), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_each_way_to_end_it_ends_all_of_it(start: Start, number: signal.Signals, status: int) -> None:
    browsing = start()
    port = int(browsing.until("dashboard: ").rpartition(":")[2])
    children = children_of(browsing.process.pid)
    assert len(children) == 3
    assert listens(port)
    browsing.process.send_signal(number)
    assert browsing.rest()[0] == status
    assert not listens(port)
    assert_nothing_left(browsing, children)


def test_ctrl_c_before_the_dashboard_is_open_is_no_failure(start: Start) -> None:
    browsing = start()
    browsing.until("2 cameras")
    children = children_of(browsing.process.pid)
    browsing.process.send_signal(signal.SIGINT)
    status, said = browsing.rest()
    assert (status, "failed" in said) == (0, False), said
    assert_nothing_left(browsing, children)


@pytest.mark.parametrize(("command", "name"), [(" run ", "the agent"), (" dashboard ", "the dashboard")])
def test_one_that_dies_ends_the_others_and_is_named(start: Start, command: str, name: str) -> None:
    browsing = start()
    browsing.until("dashboard: ")
    children = children_of(browsing.process.pid)
    os.kill(next(number for number, arguments in children.items() if command in arguments), signal.SIGKILL)
    status, said = browsing.rest()
    assert status == 1
    assert f"failed: {name} failed with status -9" in said
    assert_nothing_left(browsing, children)


def test_a_port_that_is_taken_is_said_and_the_next_is_used(start: Start) -> None:
    port = free_port()
    with socket.create_server(("127.0.0.1", port)):
        browsing = start(port=port)
        assert f"port {port} is taken" in browsing.until("taken")
        assert int(browsing.until("dashboard: ").rpartition(":")[2]) > port


def test_a_broker_of_yours_has_nothing_left_of_it(
    start: Start, mosquitto: Any, eventually: Callable[..., bool]
) -> None:
    with closing(Reader(mosquitto.port)) as reader:
        browsing = start(mosquitto.url)
        browsing.until("dashboard: ")
        topics = {f"sagui/line-{number}/{name}" for number in (1, 2) for name in ("state", "snapshot", "telemetry")}
        assert eventually(lambda: topics <= {message.topic for message in reader.messages})
        browsing.process.send_signal(signal.SIGINT)
        assert browsing.rest()[0] == 0
    with closing(Reader(mosquitto.port)) as late:
        assert late.subscribed.wait(10)
        assert not eventually(lambda: bool(late.messages), 1.0)


def test_a_missing_package_is_said_before_anything_is_learned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dashboard_process, "find_spec", lambda name: None if name == "nicegui" else object())
    with pytest.raises(DemoError, match=r"^this needs NiceGUI: pip install 'sagui\[dashboard\]'$"):
        require_dashboard()
    said = CliRunner().invoke(demo, ["--dashboard"])
    assert isinstance(said.exception, DemoError)


def test_a_port_without_a_dashboard_is_wrong_use() -> None:
    said = CliRunner().invoke(demo, ["--port", "8081"])
    assert said.exit_code == 2
    assert "add --dashboard" in said.output


def test_any_port_stays_any() -> None:
    assert dashboard_process.free_port(0) == 0


def test_a_port_that_no_one_may_take_is_named() -> None:
    with socket.create_server(("127.0.0.1", 65_535)), pytest.raises(DemoError, match="65535 on are all taken"):
        dashboard_process.free_port(65_535)
