"""How an agent begins and ends, inside one process: with a link that only notes what is said."""

import functools
import json
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy.typing as npt
import pytest
from tests.device.said import Said
from tests.device.sightings import Brightness, make_stream

from sagui.device import start
from sagui.device.config.load import load_settings
from sagui.device.ending import Ending
from sagui.device.errors import BrokerError, CameraError, DeviceError
from sagui.device.health.crashes import CRASHES, SafeMode
from sagui.device.health.history import History
from sagui.device.health.stuck import Stuck
from sagui.device.outbox import MemoryOutbox
from sagui.device.reload import Origin
from sagui.device.start import Station
from sagui.device.telemetry.errors import TelemetryError
from sagui.wire import Health, decode


@dataclass
class Notes:
    """What the service manager and the broker hear, in order."""

    heard: list[str] = field(default_factory=list)
    health: list[Health] = field(default_factory=list)


class Link:
    """Stands for a link whose broker is there."""

    waiting = dropped = published = acknowledged = 0

    def __init__(self, notes: Notes) -> None:
        self.notes, self.boot, self.connected = notes, "b007", True
        self.outbox = MemoryOutbox(Said())
        self.kept: list[tuple[str, bytes]] = []

    def retain(self, topic: str, payload: bytes, qos: int = 1) -> None:  # noqa: ARG002 (the port's signature)
        self.kept.append((topic, payload))
        if topic.endswith("/health"):
            self.notes.health.append(decode(payload, Health))

    def publish(self, _topic: str, _payload: bytes) -> None:
        self.published += 1

    def subscribe(self, _topic: str, _handler: object) -> None:
        """Nobody says anything."""

    def repeat(self) -> None:
        """Nobody asks for it."""

    def open(self) -> None:
        self.notes.heard.append("open")

    def ready(self) -> None:
        self.notes.heard.append("online")

    def drain(self, timeout_s: float) -> bool:
        self.notes.heard.append(f"drain {timeout_s:g}")
        return not self.waiting

    def close(self) -> None:
        if "close" not in self.notes.heard:
            self.notes.heard.append("close")


class Notifier:
    """Stands for systemd."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes

    def ready(self) -> None:
        self._notes.heard.append("ready")

    def reloading(self) -> None:
        self._notes.heard.append("reloading")

    def stopping(self) -> None:
        self._notes.heard.append("stopping")

    def status(self, text: str) -> None:
        """Is for people."""

    def frame_done(self) -> None:
        self._notes.heard.append("frame")

    def camera_beat(self) -> None:
        self._notes.heard.append("beat")


@dataclass
class Scene:
    """A station, and all that it tells."""

    station: Station
    ending: Ending
    notes: Notes
    said: Said
    link: Link
    reload_asked: threading.Event
    path: Path
    state: Path

    @property
    def events(self) -> list[str]:
        return [event for event in self.said.events if event != "warning"]

    @property
    def heard(self) -> list[str]:
        """Without what comes again and again."""
        return [one for one in self.notes.heard if one not in {"frame", "beat"}]

    @property
    def problems(self) -> list[tuple[str, str, str | None]]:
        return [(one.mode, one.camera, one.problem) for one in self.notes.health]

    def history(self) -> History:
        return History(self.state, self.said)


Arrange = Callable[..., Scene]


@pytest.fixture
def arrange(tmp_path: Path, colours: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Arrange]:
    """Makes a station from settings; its model knows dark from bright."""
    monkeypatch.setattr(start, "open_streams", lambda *_: (make_stream(),))

    endings: list[Ending] = []

    def make(more: str = "", spec: str = f"folder:{colours}") -> Scene:
        path, state, notes, said, ending = tmp_path / "agent.toml", tmp_path / "state", Notes(), Said(), Ending()
        path.write_text(
            f'device = "porch"\nmodel = "toy"\n[camera]\nspec = "{spec}"\n[broker]\nurl = "mqtt://127.0.0.1:1"\n'
            f'[outbox]\nplace = "{state}"\n{more}'
        )
        endings.append(ending)
        link, asked = Link(notes), threading.Event()
        monkeypatch.setattr(start, "Link", lambda *_, **__: link)
        monkeypatch.setattr(start, "open_outbox", lambda *_: link.outbox)
        origin = Origin(path, {}, {})
        station = Station(load_settings(path, {}), origin, Notifier(notes), ending, said, asked)
        return Scene(station, ending, notes, said, link, asked, path, state)

    yield make
    for ending in endings:
        ending.set()


def crash(scene: Scene, why: str = "the camera is gone") -> None:
    """Leaves so many crashes that the next start is in safe mode."""
    for _ in range(CRASHES):
        history = scene.history()
        history.begin()
        history.note(why)


def running(scene: Scene) -> tuple[threading.Thread, list[BaseException]]:
    errors: list[BaseException] = []

    def run() -> None:
        try:
            scene.station.run()
        except BaseException as error:  # noqa: BLE001 (it is looked at)
            errors.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread, errors


def test_a_life_without_trouble_is_told_in_order(arrange: Arrange) -> None:
    scene = arrange()
    scene.station.run()
    assert scene.heard == ["open", "online", "ready", "stopping", "drain 10", "close"]
    assert scene.notes.heard.count("frame") == 6
    assert scene.problems == [("normal", "none", None), ("normal", "ok", None)]
    assert scene.said.texts[-1].startswith("stopped after 6 frames")
    assert scene.history().begin() is None
    assert not scene.history()._read().crashes


def test_a_camera_that_cannot_be_opened_is_never_said_to_be_there(arrange: Arrange, tmp_path: Path) -> None:
    scene = arrange(spec=f"folder:{tmp_path}/gone")
    with pytest.raises(CameraError):
        scene.station.run()
    assert scene.problems == [("normal", "none", None), ("normal", "none", f"camera: {tmp_path}/gone is no folder")]
    assert scene.heard == ["open", "close"]


def test_a_model_that_cannot_be_used_is_said(arrange: Arrange, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise DeviceError("this model is for another machine")

    monkeypatch.setattr(start, "open_streams", fail)
    scene = arrange()
    with pytest.raises(DeviceError):
        scene.station.run()
    assert scene.problems[-1] == ("normal", "none", "this model is for another machine")
    assert scene.heard == ["open", "close"]


def test_why_it_cannot_begin_waits_a_moment_for_the_broker(
    arrange: Arrange, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(start, "_LAST_WORDS_S", 60.0)
    scene = arrange(spec=f"folder:{tmp_path}/gone")
    scene.link.connected = False
    thread, errors = running(scene)
    thread.join(0.3)
    assert "close" not in scene.heard
    scene.link.connected = True
    thread.join(5)
    assert isinstance(errors[0], CameraError)
    assert scene.heard[-1] == "close"


def test_an_error_that_nobody_thought_of_is_kept_and_said_too(
    arrange: Arrange, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr("sagui.device.publisher.Publisher.saw", fail)
    scene = arrange()
    with pytest.raises(ZeroDivisionError):
        scene.station.run()
    assert scene.problems[-1] == ("normal", "none", "ZeroDivisionError: division by zero")
    assert scene.heard[-3:] == ["stopping", "drain 10", "close"]
    history = scene.history()
    history.begin()
    assert [one.error for one in history._record.crashes] == ["ZeroDivisionError: division by zero"]


def test_a_stop_while_models_load_opens_no_camera(arrange: Arrange, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = arrange(spec="folder:/nowhere")

    def load(*_: Any) -> Any:
        scene.ending.set()
        return (make_stream(),)

    monkeypatch.setattr(start, "open_streams", load)
    scene.station.run()
    assert "online" not in scene.heard
    assert scene.said.events[-1] == "stopped"
    assert not scene.history()._read().running


def test_results_that_wait_at_a_clean_stop_are_an_error_and_no_crash(arrange: Arrange) -> None:
    scene = arrange()
    scene.link.waiting = 6
    with pytest.raises(BrokerError, match="did not acknowledge every result within 10 s"):
        scene.station.run()
    assert not scene.history()._read().running
    scene.history().begin()
    assert not scene.history()._read().crashes


def test_an_agent_that_leaves_its_name_to_another_ends_with_the_reason(arrange: Arrange) -> None:
    scene = arrange()
    scene.link.waiting = 6

    def drain(timeout_s: float) -> bool:
        scene.ending.fail(DeviceError("another agent is porch already"))
        return False

    scene.link.drain = drain  # type: ignore[method-assign]
    with pytest.raises(DeviceError, match="another agent is porch"):
        scene.station.run()
    assert not scene.history()._read().running


def test_a_port_that_is_taken_is_known_before_anything_is_loaded(arrange: Arrange) -> None:
    pytest.importorskip("prometheus_client")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        scene = arrange(f'[telemetry]\nprometheus = "127.0.0.1:{taken.getsockname()[1]}"\n', spec="folder:/nowhere")
        with pytest.raises(TelemetryError, match="cannot listen"):
            scene.station.run()
    assert "cannot listen" in str(scene.problems[-1][2])


def test_safe_mode_holds_though_prometheus_cannot_be_served(arrange: Arrange, eventually: Callable[..., bool]) -> None:
    pytest.importorskip("prometheus_client")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        scene = arrange(f'[telemetry]\nprometheus = "127.0.0.1:{taken.getsockname()[1]}"\n')
        crash(scene)
        thread, errors = running(scene)
        assert eventually(lambda: "beat" in scene.notes.heard)
        scene.ending.set()
        thread.join(10)
    assert not errors
    assert "warning" in scene.said.events


def test_safe_mode_is_said_and_a_stop_ends_it(arrange: Arrange, eventually: Callable[..., bool]) -> None:
    scene = arrange()
    crash(scene)
    thread, errors = running(scene)
    assert eventually(lambda: "beat" in scene.notes.heard)
    scene.ending.set()
    thread.join(10)
    assert not errors
    assert scene.problems[0][:2] == ("safe", "none")
    assert "the camera is gone" in str(scene.problems[0][2])
    # Nobody waits for the broker: nothing was made that it could lack.
    assert scene.heard == ["open", "online", "ready", "stopping", "drain 0", "close"]
    assert scene.said.events[-1] == "stopped"
    assert not scene.history()._read().crashes


def test_after_safe_mode_it_tries_again_and_the_watchdog_is_fed_meanwhile(
    arrange: Arrange, monkeypatch: pytest.MonkeyPatch, eventually: Callable[..., bool]
) -> None:
    scene = arrange()
    briefly = SafeMode(CRASHES, ("the camera is gone",), seconds=0.0)
    monkeypatch.setattr("sagui.device.health.history.judge", lambda _: briefly)

    def load(*_: Any) -> Any:
        before = scene.notes.heard.count("beat")
        assert eventually(lambda: scene.notes.heard.count("beat") > before), "systemd would end it here"
        return (make_stream(),)

    monkeypatch.setattr(start, "open_streams", load)
    scene.station.run()
    assert [problem[:2] for problem in scene.problems] == [("safe", "none"), ("normal", "none"), ("normal", "ok")]
    assert scene.notes.heard.count("frame") == 6


def test_settings_can_be_read_again_in_safe_mode(arrange: Arrange, eventually: Callable[..., bool]) -> None:
    scene = arrange()
    crash(scene)
    thread, errors = running(scene)
    scene.path.write_text(scene.path.read_text() + "[decide]\nagree = 'most'\n")
    scene.reload_asked.set()
    assert eventually(lambda: "reload-refused" in scene.said.events)
    scene.path.write_text(scene.path.read_text().replace("most", "2/3"))
    scene.reload_asked.set()
    assert eventually(lambda: "reloaded" in scene.said.events)
    assert eventually(lambda: scene.heard[-2:] == ["reloading", "ready"])
    scene.ending.set()
    thread.join(10)
    assert not errors


def test_new_settings_reach_all_that_runs(arrange: Arrange, eventually: Callable[..., bool]) -> None:
    scene = arrange("[home_assistant]\ndiscovery = true\n", spec="synthetic?fps=100")
    thread, errors = running(scene)

    def discovered() -> list[dict[str, Any]]:
        return [json.loads(payload) for topic, payload in scene.link.kept if topic.endswith("/config")]

    assert eventually(lambda: "frame" in scene.notes.heard)
    counted = scene.station.meter.gaps
    more = "[snapshot]\nenabled = true\n[telemetry]\nevery_s = 5\n"
    scene.path.write_text(scene.path.read_text().replace("[broker]", "fps = 50\n[broker]") + more)
    scene.reload_asked.set()
    assert eventually(lambda: "reloaded" in scene.said.events)
    # What Home Assistant shows depends on snapshots and on the time between reports.
    before, after = discovered()
    assert len(after["components"]["snapshot"]) > len(before["components"]["snapshot"])
    assert after["components"]["fps"]["expire_after"] == 16
    # Frames are left out on purpose now: no more are counted as lost.
    assert (counted, scene.station.meter.gaps) == (True, False)
    scene.ending.set()
    thread.join(10)
    assert not errors


def test_a_network_that_hangs_ends_the_process_and_leaves_the_reason(
    arrange: Arrange, monkeypatch: pytest.MonkeyPatch, eventually: Callable[..., bool], tmp_path: Path
) -> None:
    released, left = threading.Event(), list[int]()

    class Hanging(Brightness):
        def invoke(self, frame: npt.NDArray[Any]) -> npt.NDArray[Any]:
            released.wait(30)
            return super().invoke(frame)

    scene = arrange("[health]\nstuck_seconds = 1\n")
    monkeypatch.setattr(start, "open_streams", lambda *_: (make_stream(runtime=Hanging()),))
    with (tmp_path / "stacks").open("w") as stream:
        watch = functools.partial(Stuck, leave=left.append, stream=stream)
        monkeypatch.setattr(start, "Stuck", watch)
        thread, errors = running(scene)
        assert eventually(lambda: bool(left))
        assert scene.history()._read().error.startswith("stuck: the model has not come back")
        assert "stuck" in scene.said.events
        assert "frame" not in scene.notes.heard
        scene.ending.set()
        released.set()
        thread.join(10)
    assert left == [70]
    assert not errors
