"""What a station has to do with updates, inside one process."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.device.said import Said
from tests.device.sightings import Brightness, make_stream
from tests.device.test_publisher import Wire
from tests.device.test_start import Arrange, arrange, running
from tests.device.update.signing import Registry

from sagui.device import start
from sagui.device.condition import Condition
from sagui.device.config.merge import merge
from sagui.device.config.settings import Settings, Stream
from sagui.device.ending import Ending
from sagui.device.errors import CameraError, DeviceError
from sagui.device.store import Store, store_folder
from sagui.device.store import ledger as ledgers
from sagui.device.telemetry.measure import Meter
from sagui.device.update.boot import MAX_STARTS
from sagui.device.update.fetching import bring
from sagui.device.update.one_file import OneFile
from sagui.device.update.station import Updates, our_streams, replace_model
from sagui.infer.errors import ModelError
from sagui.infer.load import LoadedModel, load_model
from sagui.wire import Desired, UpdateOrder, UpdateState, decode, encode, timestamp

__all__ = ["arrange"]

Eventually = Callable[..., bool]
Make = Callable[..., Path]


class Line(Wire):
    """A link that also hears."""

    def __init__(self) -> None:
        super().__init__()
        self.handlers: dict[str, Callable[[str, bytes, bool], None]] = {}

    def subscribe(self, topic: str, handler: Callable[[str, bytes, bool], None]) -> None:
        self.handlers[topic] = handler

    def repeat(self) -> None:
        """Nobody asks for it."""

    def told(self) -> list[UpdateState]:
        return [decode(payload, UpdateState) for topic, payload in self.kept if topic.endswith("update/state")]


class Scene:
    """Updates of an agent, with a store of their own."""

    def __init__(self, folder: Path, bundle: Path) -> None:
        self.line, self.ending, self.said = Line(), Ending(), Said()
        self.updates = Updates(self.line, "porch", folder, self.ending, self.said)
        self.settings = merge(None, {}, {"device": "porch", "model": str(bundle), "update.groups": ["all", "porch"]})
        self.store = Store(store_folder(folder))

    def activate(self, bundle: Path) -> None:
        source = OneFile(bundle)
        bring(self.store, source, source.find("toy", None), have=None, told=lambda _: None, origin="person")
        self.store.change(ledgers.activate)

    def start(self) -> None:
        streams = [_stream(load_model(Path(self.settings.model or "")))]
        self.updates.attach(self.settings, streams)
        self.updates.start(self.settings, Meter(), Condition(self.line, "porch"))


def _stream(model: LoadedModel) -> Any:
    from dataclasses import replace

    return replace(make_stream(), model=model)


@pytest.fixture
def scene(tmp_path: Path, make_bundle: Make) -> Scene:
    return Scene(tmp_path / "state", make_bundle("1.0.0"))


def test_where_there_never_was_an_update_the_settings_model_runs_and_nothing_is_written(
    scene: Scene, tmp_path: Path
) -> None:
    assert scene.updates.choose(scene.settings) is scene.settings
    assert not (tmp_path / "state").exists()


def test_the_stores_model_runs_in_the_place_of_an_older_one(scene: Scene, make_bundle: Make) -> None:
    scene.activate(make_bundle("1.1.0"))
    chosen = scene.updates.choose(scene.settings)
    assert load_model(Path(chosen.model or "")).version == "1.1.0"
    assert scene.said.events == ["model"]
    assert scene.said.texts[0].endswith(", on trial")


def test_a_model_on_trial_that_fails_is_given_up_once_and_one_that_is_confirmed_never(
    scene: Scene, make_bundle: Make
) -> None:
    scene.activate(make_bundle("1.1.0"))
    scene.updates.choose(scene.settings)
    assert scene.updates.give_up(ModelError("the network failed"))
    assert scene.ending.again
    outcome = scene.store.ledger().outcome
    assert outcome is not None
    assert outcome.error == "it could not be used: the network failed"
    assert scene.updates.choose(scene.settings) is scene.settings
    assert not scene.updates.give_up(ModelError("another reason"))


def test_a_confirmed_model_is_not_given_up(scene: Scene, make_bundle: Make) -> None:
    scene.activate(make_bundle("1.1.0"))
    scene.updates.choose(scene.settings)
    scene.store.change(ledgers.confirm)
    assert not scene.updates.give_up(ModelError("the network failed"))
    assert not scene.ending.is_set()


def test_a_camera_that_is_gone_is_not_held_against_the_model_on_trial(scene: Scene, make_bundle: Make) -> None:
    scene.activate(make_bundle("1.1.0"))
    for _ in range(2 * MAX_STARTS):
        chosen = scene.updates.choose(scene.settings)
        assert chosen is not scene.settings
        scene.updates.excuse(CameraError("usb:0 is not there"))
    for _ in range(MAX_STARTS):
        assert scene.updates.choose(scene.settings) is not scene.settings
        scene.updates.excuse(ZeroDivisionError("anything else"))
    assert scene.updates.choose(scene.settings) is scene.settings
    assert scene.store.ledger().current is None


def test_a_station_that_ends_for_its_camera_says_so_to_the_updates(
    arrange: Arrange,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    excused: list[Exception] = []
    monkeypatch.setattr(Updates, "excuse", lambda _updates, error: excused.append(error))
    scene = arrange(spec=f"folder:{tmp_path}/gone")
    with pytest.raises(CameraError) as raised:
        scene.station.run()
    assert excused == [raised.value]


def test_streams_with_a_model_of_their_own_keep_it() -> None:
    settings = Settings(model="a", stream=(Stream(name="x"), Stream(name="y", model="b")))
    assert [stream.model for stream in replace_model(settings, "c").stream] == [None, "b"]
    streams = [make_stream("x"), make_stream("y")]
    assert our_streams(settings, streams) == streams[:1]
    assert our_streams(Settings(model="a"), streams[:1]) == streams[:1]


def test_an_agent_whose_streams_all_have_their_own_models_is_never_updated(scene: Scene) -> None:
    settings = Settings(device="porch", stream=(Stream(model="b"),))
    assert scene.updates.choose(settings) is settings
    assert scene.updates.attach(settings, [make_stream()]) is None
    scene.updates.start(settings, Meter(), Condition(scene.line, "porch"))
    (state,) = scene.line.told()
    assert (state.phase, state.model) == ("idle", None)


def test_without_its_packages_the_model_runs_and_the_reason_is_said(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, eventually: Eventually
) -> None:
    def fail(*_: object) -> None:
        raise ModuleNotFoundError("No module named 'semver'", name="semver")

    monkeypatch.setattr(Updates, "_make", fail)
    more = {"update.registry": "file:///x", "update.root": "root.json"}
    scene.settings = merge(None, {}, {"device": "porch", "model": scene.settings.model, **more})
    scene.start()
    assert eventually(lambda: bool(scene.line.told()))
    (state,) = scene.line.told()
    assert state.error == "updates need semver: pip install 'sagui[update]'"
    assert (state.model, state.installed_version) == ("toy", "1.0.0")
    assert scene.said.texts == ["updates need semver: pip install 'sagui[update]'"]
    scene.updates.apply(scene.settings)
    scene.updates.stop()


def test_an_order_that_nobody_can_carry_out_is_answered(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, eventually: Eventually
) -> None:
    def fail(*_: object) -> None:
        raise ModuleNotFoundError("No module named 'semver'", name="semver")

    monkeypatch.setattr(Updates, "_make", fail)
    scene.start()
    assert eventually(lambda: bool(scene.line.told()))
    scene.updates.apply(scene.settings)
    scene.line.handlers["sagui/fleet/all/desired"]("", b"", True)
    assert [state.error for state in scene.line.told()] == [None], "nobody asked for anything"
    scene.line.handlers["sagui/porch/update/set"]("", b"revert", False)
    assert scene.line.told()[-1].error == "updates need semver: pip install 'sagui[update]'"
    scene.updates.stop()


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "the trusted root cannot be read: No such file"), (b"not JSON", "no root.json of a registry")],
)
@pytest.mark.parametrize("registry", [{}, {"update.registry": "file:///nowhere"}])
def test_a_root_that_is_none_is_said_at_the_start_and_the_model_runs(
    scene: Scene, tmp_path: Path, eventually: Eventually, content: bytes | None, said: str, registry: dict[str, str]
) -> None:
    root = tmp_path / "root.json"
    if content is not None:
        root.write_bytes(content)
    more = {"update.root": str(root), **registry}
    scene.settings = merge(None, {}, {"device": "porch", "model": scene.settings.model, **more})
    scene.start()
    assert eventually(lambda: bool(scene.line.told()))
    scene.updates.stop()
    state = scene.line.told()[-1]
    assert (state.phase, state.installed_version) == ("idle", "1.0.0")
    assert said in (state.error or "")
    assert str(root) in (state.error or "")
    assert next(text for text in scene.said.texts if said in text).startswith("no update can be had: ")


def test_a_root_that_is_one_is_not_spoken_of(scene: Scene, registry: Registry, eventually: Eventually) -> None:
    more = {"update.root": str(registry.root), "update.registry": registry.url}
    scene.settings = merge(None, {}, {"device": "porch", "model": scene.settings.model, **more})
    scene.start()
    assert eventually(lambda: bool(scene.line.told()))
    scene.updates.stop()
    assert scene.line.told()[0].error is None
    assert not scene.said.texts


def test_a_disk_that_takes_no_word_is_warned_of_once(scene: Scene, tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file in the folder's place")
    for phase in ("failed", "waiting"):
        scene.updates._say(UpdateState(time=timestamp(0), in_progress=False, phase=phase, error=phase))
    assert [state.phase for state in scene.line.told()] == ["failed", "waiting"]
    assert scene.said.events == ["warning"]


class Updater:
    """Notes what it is told."""

    def __init__(self) -> None:
        self.told: list[object] = []

    def take_plan(self, group: str, plan: Desired | None) -> None:
        self.told.append((group, plan.id if plan else None))

    def take_order(self, order: UpdateOrder) -> None:
        self.told.append(order.order)

    def run(self, stop: threading.Event) -> None:
        stop.wait(10)

    def stop(self) -> None:
        self.told.append("stop")


PLAN = Desired(
    id="a",
    revision=1,
    operator="me@desk",
    time=timestamp(0),
    model="toy",
    version="1.1.0",
    status="running",
    share=1.0,
    wave=0,
    waves=(1.0,),
    since=timestamp(0),
    success=1.0,
    error=0.0,
    dwell_s=1,
    timeout_s=1,
)


def test_what_is_heard_before_the_updater_is_there_is_kept_for_it(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, eventually: Eventually
) -> None:
    go, updater = threading.Event(), Updater()

    def make(*_: object) -> Updater:
        go.wait(10)
        return updater

    monkeypatch.setattr(Updates, "_make", make)
    scene.start()
    handlers = scene.line.handlers
    assert set(handlers) == {"sagui/porch/update/set", "sagui/fleet/all/desired", "sagui/fleet/porch/desired"}
    handlers["sagui/fleet/porch/desired"]("", encode(PLAN), True)
    handlers["sagui/fleet/all/desired"]("", b"", False)
    handlers["sagui/porch/update/set"]("", b"revert", False)
    for _ in range(3):
        handlers["sagui/porch/update/set"]("", b"explode", False)
        handlers["sagui/fleet/all/desired"]("", b"{}", True)
    go.set()
    assert eventually(lambda: len(updater.told) == 3)
    handlers["sagui/porch/update/set"]("", b"install", False)
    assert updater.told == [("porch", "a"), ("all", None), "revert", "install"]
    assert scene.said.events.count("update-ignored") == 2, "once of each kind"
    scene.updates.stop()
    assert updater.told[-1] == "stop"


def test_an_agent_that_starts_again_tells_systemd_of_no_end(arrange: Arrange, eventually: Eventually) -> None:
    scene = arrange(spec="synthetic?fps=100")
    scene.link.waiting = 6  # results that wait on disk keep no model waiting
    thread, errors = running(scene)
    assert eventually(lambda: "frame" in scene.notes.heard)
    scene.ending.restart()
    thread.join(10)
    assert not errors
    assert scene.heard == ["open", "online", "ready", "reloading", "drain 10", "close"]
    assert scene.ending.again
    assert scene.history().begin() is None
    assert not scene.history()._read().crashes


def test_a_network_on_trial_that_fails_on_a_frame_has_the_agent_start_again(
    arrange: Arrange,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Failing(Brightness):
        def invoke(self, frame: np.ndarray) -> np.ndarray:  # noqa: ARG002 (the port's signature)
            raise ModelError("the network failed")

    monkeypatch.setattr(start, "open_streams", lambda *_: (make_stream(runtime=Failing()),))
    untried = arrange()
    with pytest.raises(ModelError):
        untried.station.run()
    assert untried.problems[-1][2] == "the network failed"

    def give_up(updates: Updates, _error: Exception) -> bool:
        updates._ending.restart()
        return True

    monkeypatch.setattr(Updates, "give_up", give_up)
    tried = arrange()
    tried.station.run()
    assert tried.problems[-1][2] is None
    assert tried.heard[-3:] == ["reloading", "drain 10", "close"]


@pytest.mark.parametrize("end", [Ending.stop, lambda ending: ending.fail(DeviceError("another agent has the name"))])
def test_who_wants_it_to_stop_wins_over_a_restart(end: Callable[[Ending], None]) -> None:
    before, after = Ending(), Ending()
    before.restart()
    end(before)
    end(after)
    after.restart()
    assert (before.again, after.again) == (False, False)
    assert before.is_set()


def test_a_process_executes_itself_with_its_number_its_words_and_the_first_environment(tmp_path: Path) -> None:
    script = tmp_path / "again.py"
    script.write_text(
        "import os, sys\n"
        "from sagui.device.ending import execute_again\n"
        "print(os.getpid(), sys.argv[1:], os.environ.get('NOTIFY_SOCKET'), len(os.listdir('/proc/self/fd')))\n"
        "if 'AGAIN' not in os.environ:\n"
        "    descriptor = os.open('/dev/null', os.O_RDONLY)\n"
        "    os.set_inheritable(descriptor, True)\n"
        "    environment = os.environ | {'AGAIN': '1'}\n"
        "    os.environ.pop('NOTIFY_SOCKET')\n"
        "    execute_again(environment)\n"
    )
    done = subprocess.run(
        [sys.executable, script, "a b", "--c"],
        env=os.environ | {"NOTIFY_SOCKET": "/run/x"},
        capture_output=True,
        text=True,
        check=True,
    )
    first, second = done.stdout.splitlines()
    assert first == second


def test_an_agent_starts_without_what_updates_need() -> None:
    needed = "{'semver', 'tuf', 'securesystemslib', 'cryptography', 'zstandard', 'sagui.device.update.updater'}"
    code = f"import sys, sagui.device.command; print(sorted({needed} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
