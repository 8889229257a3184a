"""An agent and its updates, as a user runs it: in a process of its own, against a real broker and a signed registry."""

import json
import signal
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt import publish
from tests.device.running import Agent, Reader
from tests.device.update.signing import Registry

from sagui.device.store import Held, Ledger, Store, Trial
from sagui.device.update.fetching import bring
from sagui.device.update.one_file import OneFile
from sagui.wire import Desired, UpdateState, decode, encode, timestamp

Eventually = Callable[..., bool]
Start = Callable[..., Agent]
Write = Callable[..., Path]

pytestmark = pytest.mark.usefixtures("state")

TOPIC = "sagui/porch/update/state"


def say(mosquitto: Any, topic: str, payload: bytes | str, *, retain: bool = False) -> None:
    publish.single(topic, payload, qos=1, retain=retain, hostname="127.0.0.1", port=mosquitto.port)


def states(reader: Reader) -> list[UpdateState]:
    return [decode(payload, UpdateState) for payload in reader.payloads(TOPIC)]


def phases(reader: Reader) -> list[str]:
    """What was said, without repetitions and percentages."""
    found: list[str] = []
    for state in states(reader):
        if not found or found[-1] != state.phase:
            found.append(state.phase)
    return found


def order(mosquitto: Any, **more: str) -> None:
    say(mosquitto, "sagui/porch/update/set", json.dumps({"order": "install"} | more))


def plan(**changes: Any) -> bytes:
    fields: dict[str, Any] = {
        "id": "monday",
        "revision": 1,
        "operator": "me@desk",
        "time": timestamp(0),
        "model": "toy",
        "version": "1.1.0",
        "status": "running",
        "share": 1.0,
        "wave": 0,
        "waves": (1.0,),
        "since": timestamp(0),
        "success": 0.95,
        "error": 0.05,
        "dwell_s": 1,
        "timeout_s": 600,
    }
    return encode(Desired(**(fields | changes)))


def settled(reader: Reader, phase: str, version: str) -> bool:
    last = states(reader)[-1:]
    return bool(last) and (last[0].phase, last[0].installed_version) == (phase, version)


def test_an_order_leads_to_a_new_model_without_an_end_of_the_process(
    settings_file: Write, start: Start, mosquitto: Any, reader: Reader, eventually: Eventually
) -> None:
    agent = start("--config", settings_file())
    assert eventually(lambda: phases(reader) == ["idle"])
    order(mosquitto)
    assert eventually(lambda: settled(reader, "confirmed", "1.1.0"), 60)
    said = phases(reader)
    # Of the quick ones, one may overtake another before it was sent; their order stays.
    whole = ["idle", "announced", "downloading", "verified", "staged", "proving", "shadow", "activated", "confirmed"]
    assert [phase for phase in whole if phase in said] == said
    assert {"shadow", "activated"} <= set(said)
    assert [state.in_progress for state in states(reader)[:1] + states(reader)[-1:]] == [False, False]
    assert agent.process.poll() is None, "systemd would have seen an end"
    count = len(reader.results())
    assert eventually(lambda: len(reader.results()) > count)
    results = reader.results()  # once: more come meanwhile
    versions = [result.model.version for result in results]
    assert versions == sorted(versions)
    assert set(versions) == {"1.0.0", "1.1.0"}
    assert len({result.id for result in results}) == len(versions)
    assert reader.payloads("sagui/porch/availability")[-1] == b"online"
    agent.process.send_signal(signal.SIGTERM)
    assert agent.wait()[0] == 0
    assert eventually(lambda: reader.payloads("sagui/porch/availability")[-1] == b"offline")
    # It stays so at the next start; and the model that the settings name is what a revert leads to.
    start("--config", settings_file())
    assert eventually(lambda: reader.payloads("sagui/porch/availability")[-1] == b"online")
    say(mosquitto, "sagui/porch/update/set", "revert")
    assert eventually(lambda: settled(reader, "reverted", "1.0.0"), 60)
    assert states(reader)[-1].error == "taken back by an order"


def test_a_groups_plan_is_followed_forth_and_back(
    settings_file: Write, start: Start, mosquitto: Any, reader: Reader, eventually: Eventually
) -> None:
    say(mosquitto, "sagui/fleet/porches/desired", plan(), retain=True)
    start("--config", settings_file('groups = ["all", "porches"]'))
    assert eventually(lambda: settled(reader, "confirmed", "1.1.0"), 60)
    assert {state.rollout for state in states(reader) if state.phase == "activated"} == {"monday"}
    assert states(reader)[-1].groups == ("all", "porches")
    say(mosquitto, "sagui/fleet/porches/desired", plan(revision=2, action="revert"), retain=True)
    assert eventually(lambda: settled(reader, "reverted", "1.0.0"), 60)
    assert states(reader)[-1].rollout == "monday"


def test_a_model_that_disagrees_is_never_put_to_work(
    settings_file: Write,
    registry: Registry,
    make_bundle: Callable[..., Path],
    start: Start,
    mosquitto: Any,
    reader: Reader,
    eventually: Eventually,
) -> None:
    registry.publish(make_bundle("1.2.0", labels=("green", "blue", "red")))
    start("--config", settings_file())
    assert eventually(lambda: phases(reader) == ["idle"])
    order(mosquitto, version="1.2.0")
    assert eventually(lambda: settled(reader, "failed", "1.0.0"), 60)
    assert "beside 1.0.0: it gives 100% of 20 frames another label" in str(states(reader)[-1].error)
    assert "activated" not in phases(reader)
    assert {result.model.version for result in reader.results()} == {"1.0.0"}
    # It is not tried again, and another version still is.
    count = len(states(reader))
    order(mosquitto, version="1.1.0")
    assert eventually(lambda: settled(reader, "confirmed", "1.1.0"), 60)
    order(mosquitto, version="1.2.0")
    assert eventually(lambda: "1.2.0 was tried and did not do" in str(states(reader)[-1].error), 60)
    assert "shadow" in [state.phase for state in states(reader)[count:]]
    assert reader.results()[-1].model.version == "1.1.0"


def test_a_model_that_does_not_reproduce_its_golden_frames_is_refused(
    settings_file: Write,
    registry: Registry,
    liar: Callable[[str], Path],
    start: Start,
    mosquitto: Any,
    reader: Reader,
    eventually: Eventually,
) -> None:
    registry.publish(liar("1.2.0"))
    start("--config", settings_file())
    assert eventually(lambda: phases(reader) == ["idle"])
    order(mosquitto)
    assert eventually(lambda: settled(reader, "failed", "1.0.0"), 60)
    assert "does not compute what the workstation did" in str(states(reader)[-1].error)
    assert "shadow" not in phases(reader)


def test_another_ones_signature_is_refused_and_the_device_goes_on(
    settings_file: Write, tmp_path: Path, start: Start, mosquitto: Any, reader: Reader, eventually: Eventually
) -> None:
    other = Registry(tmp_path / "other")
    other.publish(tmp_path / "bundles" / "toy-1.0.0.sagui")
    start("--config", settings_file(root=other.root))
    assert eventually(lambda: phases(reader) == ["idle"])
    order(mosquitto)
    assert eventually(lambda: settled(reader, "failed", "1.0.0"), 60)
    assert "wrong key" in str(states(reader)[-1].error)
    count = len(reader.results())
    assert eventually(lambda: len(reader.results()) > count)


def test_what_was_killed_halfway_goes_on(
    settings_file: Write, start: Start, mosquitto: Any, reader: Reader, eventually: Eventually
) -> None:
    slow = settings_file("window = '00:00-23:59'", fps=5)
    agent = start("--config", slow)
    assert eventually(lambda: phases(reader) == ["idle"])
    order(mosquitto)
    assert eventually(lambda: phases(reader)[-1] == "shadow", 60)
    agent.process.kill()
    agent.wait()
    start("--config", settings_file())
    assert eventually(lambda: settled(reader, "confirmed", "1.1.0"), 60)
    assert phases(reader).count("shadow") == 2
    assert phases(reader).count("downloading") <= 1


def test_a_model_on_trial_that_cannot_be_loaded_is_taken_back_by_the_same_process(
    settings_file: Write,
    liar: Callable[[str], Path],
    state: Path,
    start: Start,
    mosquitto: Any,
    reader: Reader,
    eventually: Eventually,
) -> None:
    assert mosquitto
    store, source = Store(state / "models"), OneFile(liar("1.2.0"))
    ledger = bring(store, source, source.find("toy", None), have=None, told=lambda _: None, origin="person")
    assert ledger.staged is not None
    held: Held = ledger.staged.held
    store.change(lambda _: Ledger(current=held, trial=Trial(origin="person")))
    agent = start("--config", settings_file())
    assert eventually(lambda: settled(reader, "reverted", "1.0.0"), 60)
    assert "does not compute what the workstation did" in str(states(reader)[-1].error)
    assert agent.process.poll() is None
    assert {result.model.version for result in reader.results()} <= {"1.0.0"}
    assert [failed.version for failed in store.ledger().failed] == ["1.2.0"]


def test_systemd_hears_of_a_reload_and_of_no_end(
    settings_file: Write,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    start: Start,
    mosquitto: Any,
    reader: Reader,
    eventually: Eventually,
) -> None:
    told: list[str] = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(60)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        monkeypatch.setenv("WATCHDOG_USEC", "60000000")
        start("--config", settings_file())
        while told.count("READY=1") < 2:
            told.append(manager.recv(4096).decode().partition("\n")[0])
            if len(told) == 2:
                assert eventually(lambda: phases(reader) == ["idle"])
                order(mosquitto)
        while not told[-1].startswith("STATUS="):
            told.append(manager.recv(4096).decode())
    # Nor is the watchdog left alone while the new model is loaded.
    assert [one for one in told if one in {"READY=1", "RELOADING=1", "STOPPING=1"}] == [
        "READY=1",
        "RELOADING=1",
        "READY=1",
    ]
    assert "WATCHDOG=1" in told[told.index("RELOADING=1") : len(told) - told[::-1].index("READY=1")]
    assert told[-1].startswith("STATUS=toy 1.1.0 looks at ")


def test_a_device_without_a_registry_says_what_it_runs(
    write_settings: Write, start: Start, mosquitto: Any, reader: Reader, eventually: Eventually
) -> None:
    say(mosquitto, "sagui/porch/update/set", "install", retain=True)
    agent = start("--config", write_settings())
    assert eventually(lambda: phases(reader) == ["idle"])
    (state,) = states(reader)
    assert (state.model, state.installed_version, state.latest_version) == ("toy", "1.2.3", "1.2.3")
    assert eventually(lambda: agent.said("update-ignored") is not None)
    ignored = agent.said("update-ignored")
    assert ignored is not None
    assert ignored["reason"] == "retained"
    say(mosquitto, "sagui/porch/update/set", "install")
    assert eventually(lambda: "no registry of models is set" in str(states(reader)[-1].error))


def test_settings_about_updates_hold_at_once(
    settings_file: Write, start: Start, mosquitto: Any, reader: Reader, eventually: Eventually
) -> None:
    agent = start("--config", settings_file())
    assert eventually(lambda: phases(reader) == ["idle"])
    settings_file('pin = true\ngroups = ["late"]')
    agent.process.send_signal(signal.SIGHUP)
    assert eventually(lambda: states(reader)[-1].pinned)
    assert states(reader)[-1].groups == ("late",)
    say(mosquitto, "sagui/fleet/late/desired", plan(), retain=True)
    assert eventually(lambda: "pinned" in str(states(reader)[-1].error))
    assert states(reader)[-1].phase == "waiting"
    settings_file('groups = ["late"]')
    agent.process.send_signal(signal.SIGHUP)
    assert eventually(lambda: settled(reader, "confirmed", "1.1.0"), 60)
