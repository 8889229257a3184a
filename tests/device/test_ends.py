"""How an agent ends, as its user, its service manager and its broker see it; each in a process of its own."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt import publish
from tests.conftest import free_port
from tests.device.running import Agent, Reader

from sagui.wire import Health, Telemetry, decode

Eventually = Callable[..., bool]

pytestmark = pytest.mark.usefixtures("state")


@pytest.fixture
def settle(tmp_path: Path, toy_bundle: Path, colours: Path) -> Callable[..., Path]:
    """Writes a file of settings: who names one has an agent with a history of crashes."""

    def write(url: str, spec: str = f"folder:{colours}", more: str = "") -> Path:
        path = tmp_path / "agent.toml"
        path.write_text(
            f'model = "{toy_bundle}"\n[camera]\nspec = "{spec}"\nloop = true\nfps = 20\n[broker]\nurl = "{url}"\n{more}'
        )
        return path

    return write


def record(state: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((state / "starts.json").read_bytes())
    return found


def health(reader: Reader) -> list[Health]:
    return [decode(payload, Health) for payload in reader.payloads("sagui/porch/health")]


def test_why_an_agent_cannot_begin_is_on_the_broker(
    settle: Callable[..., Path], mosquitto: Any, tmp_path: Path, eventually: Eventually
) -> None:
    status, errors = Agent("--config", settle(mosquitto.url, f"folder:{tmp_path}/gone")).wait()
    assert status == 1
    assert len(errors.splitlines()) == 1
    late = Reader(mosquitto.port)
    assert eventually(lambda: bool(health(late)))
    assert health(late)[-1].camera == "none"
    assert f"{tmp_path}/gone is no folder" in str(health(late)[-1].problem)
    assert eventually(lambda: late.payloads("sagui/porch/availability")[-1:] == [b"offline"])
    late.close()


def test_a_stop_while_the_broker_is_away_is_no_crash_however_often_it_is_asked_for(
    settle: Callable[..., Path], stopped_mosquitto: Any, state: Path, eventually: Eventually
) -> None:
    agent = Agent("--config", settle(stopped_mosquitto.url))
    assert eventually(lambda: agent.said("first-result") is not None)
    assert record(state)["running"] is True
    for _ in range(3):
        agent.process.send_signal(signal.SIGTERM)
        time.sleep(0.2)
    status, errors = agent.wait()
    assert status == 1
    assert "wait on disk for the next start" in errors
    assert len(errors.splitlines()) == 1
    assert record(state) == {"running": False, "error": record(state)["error"], "crashes": []}


def test_a_kill_is_a_crash(settle: Callable[..., Path], mosquitto: Any, state: Path, eventually: Eventually) -> None:
    agent = Agent("--config", settle(mosquitto.url))
    assert eventually(lambda: agent.said("first-result") is not None)
    agent.process.kill()
    agent.wait()
    again = Agent("--config", settle(mosquitto.url))
    assert eventually(lambda: again.said("first-result") is not None)
    assert len(record(state)["crashes"]) == 1
    again.process.terminate()
    assert again.wait()[0] == 0
    assert record(state)["running"] is False


@pytest.mark.parametrize(
    ("delegate", "why"),
    [
        ("edgetpu", "compiled for an Edge TPU"),
        ("/nowhere/libnone.so", "libnone.so does not work here"),
        ("gpu", "write cpu"),
    ],
)
def test_a_delegate_that_cannot_be_used_is_one_line(
    toy_bundle: Path, colours: Path, mosquitto: Any, reader: Reader, delegate: str, why: str
) -> None:
    agent = Agent(toy_bundle, "--camera", colours, "--broker", mosquitto.url, "--delegate", delegate)
    status, errors = agent.wait()
    assert status == 1
    assert len(errors.splitlines()) == 1
    assert why in errors
    assert b"online" not in reader.payloads("sagui/porch/availability")


def test_no_password_is_in_anything_that_is_said(
    settle: Callable[..., Path], mosquitto: Any, reader: Reader, monkeypatch: pytest.MonkeyPatch, eventually: Eventually
) -> None:
    monkeypatch.setenv("SAGUI_MQTT_USER", "porch")
    monkeypatch.setenv("SAGUI_MQTT_PASSWORD", "s3cret-broker")
    spec = f"rtsp://me:s3cret-camera@127.0.0.1:{free_port()}/live?stall_seconds=0.5"
    agent = Agent("--config", settle(mosquitto.url, spec).as_posix())
    status, errors = agent.wait()
    assert status == 1
    patient = settle(mosquitto.url, spec)
    patient.write_text(patient.read_text().replace("loop = true", "patient = true"))
    waiting = Agent("--config", patient)
    assert eventually(lambda: any(one.camera == "away" for one in health(reader)))
    waiting.process.terminate()
    assert waiting.wait()[0] == 0
    said = [*map(str, agent.events), *map(str, waiting.events), errors, *(str(m.payload) for m in reader.messages)]
    assert any("rtsp://127.0.0.1" in text for text in said)
    assert not any("s3cret" in text for text in said)


def test_a_broker_of_3_1_1_hears_and_says_the_same(
    settle: Callable[..., Path], mosquitto: Any, reader: Reader, eventually: Eventually
) -> None:
    agent = Agent("--config", settle(mosquitto.url, more="[telemetry]\nevery_s = 3600\n"), "--mqtt", "3.1.1")
    assert eventually(lambda: len(reader.payloads("sagui/porch/telemetry")) == 1)
    assert eventually(lambda: bool(health(reader)) and health(reader)[-1].camera == "ok")
    publish.single("sagui/porch/command", "explode", qos=1, hostname="127.0.0.1", port=mosquitto.port)
    publish.single("sagui/porch/command", "report", qos=1, hostname="127.0.0.1", port=mosquitto.port)
    assert eventually(lambda: len(reader.payloads("sagui/porch/telemetry")) == 2)
    assert decode(reader.payloads("sagui/porch/telemetry")[-1], Telemetry).ignored_commands == 1
    connected = agent.said("connected")
    assert connected is not None
    assert connected["protocol"] == "3.1.1"
    agent.process.terminate()
    assert agent.wait()[0] == 0
    assert eventually(lambda: reader.payloads("sagui/porch/availability")[-1] == b"offline")


def test_telemetry_comes_quicker_as_soon_as_it_is_asked_to(
    settle: Callable[..., Path], mosquitto: Any, reader: Reader, eventually: Eventually
) -> None:
    agent = Agent("--config", settle(mosquitto.url, more="[telemetry]\nevery_s = 3600\n"))
    assert eventually(lambda: len(reader.payloads("sagui/porch/telemetry")) == 1)
    settle(mosquitto.url, more="[telemetry]\nevery_s = 1\n")
    agent.process.send_signal(signal.SIGHUP)
    assert eventually(lambda: len(reader.payloads("sagui/porch/telemetry")) >= 3)
    agent.process.terminate()
    assert agent.wait()[0] == 0


def test_systemd_is_told_when_frames_are_finished_and_when_it_ends(
    settle: Callable[..., Path], mosquitto: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(place))
        manager.settimeout(20)
        monkeypatch.setenv("NOTIFY_SOCKET", str(place))
        monkeypatch.setenv("WATCHDOG_USEC", "200000")
        agent = Agent("--config", settle(mosquitto.url))
        told: list[str] = []
        while told.count("WATCHDOG=1") < 3:
            told.append(manager.recv(4096).decode())
        agent.process.terminate()
        while told[-1] != "STOPPING=1":
            told.append(manager.recv(4096).decode())
        assert agent.wait()[0] == 0
    # Not before the model is proven and the camera open.
    assert told[0] == "READY=1"
    assert told[1].startswith("STATUS=toy 1.2.3 looks at ")


@pytest.mark.parametrize(("form", "begins"), [("plain", "20"), ("json", "{")])
def test_lines_are_as_they_were_asked_for(settle: Callable[..., Path], mosquitto: Any, form: str, begins: str) -> None:
    path = settle(mosquitto.url, more=f'[log]\nformat = "{form}"\n')
    path.write_text(path.read_text().replace("loop = true\n", ""))
    done = subprocess.run(
        [sys.executable, "-m", "sagui.cli", "run", "--config", str(path), "--device", "porch"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=os.environ,
    )
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) >= 3
    assert all(line.startswith(begins) for line in done.stdout.splitlines())
