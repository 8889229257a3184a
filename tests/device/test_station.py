"""What goes on around the agent's loop, as a user runs it: telemetry, health, commands, settings, several streams."""

import json
import signal
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from paho.mqtt import publish
from tests.conftest import free_port
from tests.device.hardship import goes_on
from tests.device.running import Agent, Reader

from sagui.device.health.crashes import CRASHES
from sagui.device.mqtt.claim import TIE_S
from sagui.wire import Health, State, Telemetry, decode

Eventually = Callable[..., bool]

pytestmark = pytest.mark.usefixtures("state")


def say(mosquitto: Any, topic: str, payload: bytes | str, *, retain: bool = False) -> None:
    publish.single(topic, payload, qos=1, retain=retain, hostname="127.0.0.1", port=mosquitto.port)


def ended(agent: Agent, number: signal.Signals = signal.SIGTERM) -> None:
    agent.process.send_signal(number)
    status, errors = agent.wait()
    assert status == 0, errors


@pytest.fixture
def write_settings(tmp_path: Path, toy_bundle: Path, colours: Path, mosquitto: Any) -> Callable[[str], Path]:
    def write(more: str = "") -> Path:
        path = tmp_path / "agent.toml"
        path.write_text(
            f'model = "{toy_bundle}"\n[camera]\nspec = "folder:{colours}"\nloop = true\nfps = 20\n'
            f'[broker]\nurl = "{mosquitto.url}"\n{more}'
        )
        return path

    return write


def test_telemetry_is_kept_by_the_broker(
    write_settings: Callable[..., Path], mosquitto: Any, reader: Reader, eventually: Eventually
) -> None:
    agent = Agent("--config", write_settings("[telemetry]\nevery_s = 1\n"))
    assert eventually(lambda: len(reader.payloads("sagui/porch/telemetry")) >= 3)
    told = decode(reader.payloads("sagui/porch/telemetry")[-1], Telemetry)
    assert told.mode == "normal"
    assert told.frames > 0
    assert told.fps > 0
    assert told.latency_ms is not None
    assert told.memory_bytes is not None
    assert told.memory_bytes > 1e7
    assert told.model is not None
    assert told.model.name == "toy"
    late = Reader(mosquitto.port)
    assert eventually(lambda: any(m.retain for m in late.messages if m.topic == "sagui/porch/telemetry"))
    late.close()
    ended(agent)


def test_a_camera_that_stalls_is_said_and_so_is_its_return(
    toy_bundle: Path, mosquitto: Any, reader: Reader, eventually: Eventually
) -> None:
    spec = "synthetic?fps=20&stall_after=40&stall_seconds=0.5"
    agent = Agent(toy_bundle, "--camera", spec, "--broker", mosquitto.url)

    def cameras() -> list[str]:
        return [decode(payload, Health).camera for payload in reader.payloads("sagui/porch/health")]

    # Before its first frame nobody knows whether it is there.
    assert eventually(lambda: [state for state in cameras() if state != "none"][:1] == ["ok"])
    assert eventually(lambda: "away" in cameras())
    away = next(h for h in (decode(p, Health) for p in reader.payloads("sagui/porch/health")) if h.camera == "away")
    assert "no frame for 0.5 s" in str(away.problem)
    assert eventually(lambda: cameras()[-1] == "ok" and len(cameras()) >= 3)
    assert agent.said("camera") is not None
    ended(agent)


def test_commands_are_carried_out_and_others_counted(
    write_settings: Callable[..., Path], mosquitto: Any, reader: Reader, eventually: Eventually
) -> None:
    agent = Agent("--config", write_settings("[telemetry]\nevery_s = 3600\n[snapshot]\nenabled = true\n"))
    assert eventually(lambda: bool(reader.payloads("sagui/porch/telemetry")))
    assert eventually(lambda: agent.said("first-result") is not None)
    for payload in (b"\xff\xfe", b"{" * 2000, b'{"command": "explode"}'):
        say(mosquitto, "sagui/porch/command", payload)
    say(mosquitto, "sagui/porch/command", "snapshot", retain=True)
    before = len(reader.payloads("sagui/porch/snapshot"))
    say(mosquitto, "sagui/porch/command", '{"command": "snapshot"}')
    assert eventually(lambda: len(reader.payloads("sagui/porch/snapshot")) > before)
    photo = cv2.imdecode(np.frombuffer(reader.payloads("sagui/porch/snapshot")[-1], np.uint8), cv2.IMREAD_COLOR)
    assert photo is not None
    say(mosquitto, "sagui/porch/command", "report")
    assert eventually(lambda: len(reader.payloads("sagui/porch/telemetry")) >= 2)
    # What was said to nobody in particular, retained, arrives as an ordinary message at those who are there.
    assert eventually(lambda: decode(reader.payloads("sagui/porch/telemetry")[-1], Telemetry).ignored_commands >= 3)
    ignored = [event for event in agent.events if event["event"] == "command-ignored"]
    assert len(ignored) == len({event["reason"] for event in ignored})
    ended(agent)


def test_without_snapshots_nobody_gets_a_photo(
    write_settings: Callable[..., Path], mosquitto: Any, reader: Reader, eventually: Eventually
) -> None:
    agent = Agent("--config", write_settings())
    assert eventually(lambda: bool(reader.results()))
    say(mosquitto, "sagui/porch/command", "snapshot")
    assert eventually(lambda: agent.said("command-ignored") is not None)
    # What an earlier start may have left with the broker is taken away.
    assert set(reader.payloads("sagui/porch/snapshot")) == {b""}
    ended(agent)


def test_a_restart_by_command_is_a_clean_end(
    write_settings: Callable[..., Path], mosquitto: Any, reader: Reader, eventually: Eventually
) -> None:
    agent = Agent("--config", write_settings())
    assert eventually(lambda: len(reader.results()) > 3)

    def ask() -> bool:
        say(mosquitto, "sagui/porch/command", "restart")  # in the first ten seconds it is not taken up
        return agent.process.poll() is not None

    assert eventually(ask, 20)
    assert agent.wait()[0] == 0
    stopped = agent.said("stopped")
    assert stopped is not None
    assert stopped["published"] == stopped["acknowledged"]


def test_home_assistant_is_told_and_told_again_when_it_starts(
    write_settings: Callable[..., Path], mosquitto: Any, eventually: Eventually
) -> None:
    heard = Reader(mosquitto.port, "#")
    assert heard.subscribed.wait(30)
    topic = "homeassistant/device/porch/config"
    agent = Agent("--config", write_settings("[home_assistant]\ndiscovery = true\n"))
    assert eventually(lambda: len(heard.payloads(topic)) == 1)
    assert json.loads(heard.payloads(topic)[0])["device"]["name"] == "porch"
    assert eventually(lambda: bool(heard.payloads("sagui/porch/state")))
    say(mosquitto, "homeassistant/status", "online")
    assert eventually(lambda: len(heard.payloads(topic)) == 2)
    heard.close()
    ended(agent)


def test_several_streams_each_have_a_region_and_a_state(
    write_settings: Callable[..., Path], reader: Reader, eventually: Eventually
) -> None:
    more = '[[stream]]\nname = "left"\nregion = "0,0,0.5,1"\n[[stream]]\nname = "right"\nregion = "0.5,0,0.5,1"\n'
    agent = Agent("--config", write_settings(more))
    assert eventually(lambda: len(reader.results()) >= 6)
    results = reader.results()
    assert [result.stream for result in results[:4]] == ["left", "right", "left", "right"]
    assert results[0].frame == results[1].frame
    assert eventually(lambda: bool(reader.payloads("sagui/porch/state/left")))
    assert decode(reader.payloads("sagui/porch/state/right")[0], State).stream == "right"
    assert not reader.payloads("sagui/porch/state")
    ended(agent)


def test_a_label_changes_only_when_enough_frames_agree(
    toy_bundle: Path, colours: Path, mosquitto: Any, reader: Reader, eventually: Eventually
) -> None:
    # Each photo is of another colour than the one before: never do two in a row agree.
    agent = Agent(toy_bundle, "--camera", colours, "--broker", mosquitto.url, "--agree", "2/2")
    assert agent.wait()[0] == 0
    assert eventually(lambda: len(reader.results()) == 6)
    assert not reader.payloads("sagui/porch/state")


def test_settings_are_read_again_on_a_hangup(
    write_settings: Callable[..., Path], reader: Reader, eventually: Eventually
) -> None:
    agent = Agent("--config", write_settings("[decide]\nevery_s = 3600\n"))
    assert eventually(lambda: len(reader.results()) >= 3)
    path = write_settings("[decide]\nevery_s = 'often'\n")
    agent.process.send_signal(signal.SIGHUP)
    assert eventually(lambda: agent.said("reload-refused") is not None)
    refused = agent.said("reload-refused")
    assert refused is not None
    assert str(path) in refused["text"]
    write_settings("[decide]\nevery_s = 0\nagree = '2/2'\n[log]\nformat = 'plain'\n")
    agent.process.send_signal(signal.SIGHUP)
    assert eventually(lambda: agent.said("reloaded") is not None)
    reloaded = agent.said("reloaded")
    assert reloaded is not None
    assert {"decide.every_s", "decide.agree"} <= set(reloaded["changed"])
    # More than may be on their way: what comes then is by the new rules, by which the state never changes.
    assert goes_on(reader, eventually, 20)
    states = len(reader.payloads("sagui/porch/state"))
    assert goes_on(reader, eventually, 20)
    assert len(reader.payloads("sagui/porch/state")) == states
    ended(agent)


def test_five_crashes_lead_to_safe_mode_which_says_why(
    write_settings: Callable[..., Path], tmp_path: Path, reader: Reader, eventually: Eventually
) -> None:
    path = write_settings()
    broken = tmp_path / "gone"
    path.write_text(path.read_text().replace('spec = "folder:', f'spec = "folder:{broken}/'))
    for _ in range(CRASHES):
        status, errors = Agent("--config", path).wait()
        assert status == 1, errors
    safe = Agent("--config", path)
    assert eventually(lambda: safe.said("safe-mode") is not None)
    assert eventually(lambda: bool(reader.payloads("sagui/porch/health")))
    assert eventually(lambda: decode(reader.payloads("sagui/porch/health")[-1], Health).mode == "safe")
    health = decode(reader.payloads("sagui/porch/health")[-1], Health)
    assert health.camera == "none"
    assert "is no folder" in str(health.problem)
    assert eventually(lambda: reader.payloads("sagui/porch/availability")[-1] == b"online")
    assert eventually(lambda: bool(reader.payloads("sagui/porch/telemetry")))
    assert decode(reader.payloads("sagui/porch/telemetry")[-1], Telemetry).mode == "safe"
    ended(safe)
    # A person stopped it: the next start is an ordinary one.
    write_settings()
    agent = Agent("--config", path)
    assert eventually(lambda: agent.said("first-result") is not None)
    ended(agent)


def test_a_person_at_a_terminal_never_meets_safe_mode(
    toy_bundle: Path, tmp_path: Path, colours: Path, mosquitto: Any
) -> None:
    for _ in range(CRASHES):
        assert Agent(toy_bundle, "--camera", f"folder:{tmp_path}/gone", "--broker", mosquitto.url).wait()[0] == 1
    agent = Agent(toy_bundle, "--camera", colours, "--broker", mosquitto.url)
    assert agent.wait()[0] == 0
    assert agent.said("safe-mode") is None


def test_telemetry_for_prometheus(write_settings: Callable[..., Path], reader: Reader, eventually: Eventually) -> None:
    pytest.importorskip("prometheus_client")
    port = free_port()
    agent = Agent("--config", write_settings(f"[telemetry]\nprometheus = '127.0.0.1:{port}'\n"))
    assert eventually(lambda: len(reader.results()) > 3)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=60) as answer:
        text = answer.read().decode()
    assert "sagui_frames_total" in text
    assert 'sagui_model_info{name="toy"' in text
    ended(agent)


def test_two_agents_with_one_name_on_two_machines_are_one_too_many(
    toy_bundle: Path, colours: Path, tmp_path: Path, mosquitto: Any, reader: Reader, eventually: Eventually
) -> None:
    def start(place: str) -> Agent:
        folder = tmp_path / place
        return Agent(
            *(toy_bundle, "--camera", colours, "--loop", "--fps", "20"),
            *("--broker", mosquitto.url, "--outbox", folder),
        )

    first = start("one")
    # Of two as old as each other another thing would decide.
    assert eventually(lambda: len(reader.results()) > 20 * 2 * TIE_S)
    second = start("two")
    status, errors = second.wait()
    assert status == 1
    assert "another agent" in errors
    assert len(errors.splitlines()) == 1
    count = len(reader.results())
    assert eventually(lambda: len(reader.results()) > count + 3)
    assert eventually(lambda: reader.payloads("sagui/porch/availability")[-1] == b"online")
    ended(first)


def test_collected_photos_are_the_ones_it_was_unsure_of(
    write_settings: Callable[..., Path], tmp_path: Path, eventually: Eventually
) -> None:
    folder = tmp_path / "collected"
    agent = Agent("--config", write_settings(f"[collect]\nfolder = '{folder}'\nbelow = 1.0\nevery_s = 0\n"))
    assert eventually(lambda: bool(list(folder.rglob("*.jpg"))))
    ended(agent)


@pytest.mark.parametrize("lacking", ["--camera", "--broker", "model"])
def test_what_is_missing_is_named(toy_bundle: Path, colours: Path, run_sagui: Callable[..., Any], lacking: str) -> None:
    given = {"--camera": colours, "--broker": "mqtt://127.0.0.1:1", "--device": "porch"}
    given.pop(lacking, None)
    model = () if lacking == "model" else (toy_bundle,)
    done = run_sagui("run", *model, *(part for pair in given.items() for part in pair))
    assert done.returncode == 2
    assert {"--camera": "SAGUI_CAMERA_SPEC", "--broker": "SAGUI_BROKER_URL", "model": "SAGUI_MODEL"}[
        lacking
    ] in done.stderr
