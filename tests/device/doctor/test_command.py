"""`sagui doctor` as a user runs it."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from sagui.device.doctor import command
from sagui.device.doctor.command import doctor, line, summary
from sagui.device.doctor.report import Finding, failed, ok, warning
from sagui.device.doctor.subject import Subject
from sagui.device.machine import Machine


@pytest.fixture
def finds(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Has the doctor find what a test wants, and keeps what it was asked."""
    subjects: list[Subject] = []

    def choose(*findings: Finding) -> list[Subject]:
        def examine(_: Machine, subject: Subject) -> Iterator[Finding]:
            subjects.append(subject)
            yield from findings

        monkeypatch.setattr(command, "examine", examine)
        return subjects

    return choose


def test_a_healthy_machine_ends_well(finds: Any) -> None:
    finds(ok("python", "Python 3.11"), warning("clock", "hm", "timedatectl"))
    done = CliRunner().invoke(doctor, [])
    assert done.exit_code == 0
    assert done.output.splitlines() == [
        "ok       python       Python 3.11",
        "warning  clock        hm",
        "                      -> timedatectl",
        "1 ok, 1 warning, 0 failed",
    ]


def test_a_failure_is_the_exit_status(finds: Any) -> None:
    finds(failed("camera", "gone", "plug it in"), warning("a", "b", "c"), warning("a", "b", "c"))
    done = CliRunner().invoke(doctor, [])
    assert done.exit_code == 1
    assert done.output.endswith("0 ok, 2 warnings, 1 failed\n")


def test_colour_is_for_terminals_alone(finds: Any) -> None:
    finds(ok("a", "b"))
    assert "\x1b" not in CliRunner().invoke(doctor, []).output
    assert "\x1b[32m" in CliRunner().invoke(doctor, [], color=True).output


def test_json_is_one_object(finds: Any) -> None:
    finds(ok("a", "48 °C"), failed("b", "c", "d"))
    done = CliRunner().invoke(doctor, ["--json"])
    assert done.exit_code == 1
    told = json.loads(done.output)
    assert told["failed"] == 1
    assert [one["check"] for one in told["findings"]] == ["a", "b"]


def test_options_reach_the_checks(finds: Any, tmp_path: Path) -> None:
    subjects = finds()
    options = [
        "cats.sagui",
        "--broker",
        "mqtts://broker",
        "--mqtt",
        "3.1.1",
        "--ca",
        "ca.crt",
        "--state",
        str(tmp_path),
    ]
    environment = {"SAGUI_MQTT_USER": "pi", "SAGUI_MQTT_PASSWORD": "s3cret"}
    assert CliRunner().invoke(doctor, options, env=environment).exit_code == 0
    (subject,) = subjects
    assert subject.broker is not None
    assert (subject.broker.host, subject.broker.port, subject.broker.user) == ("broker", 8883, "pi")
    assert (subject.model, subject.state, subject.files.authority) == (Path("cats.sagui"), tmp_path, Path("ca.crt"))
    assert subject.versions == ("3.1.1",)


def test_without_a_model_or_a_broker_they_are_left_out(finds: Any) -> None:
    subjects = finds()
    CliRunner().invoke(doctor, [])
    assert (subjects[0].model, subjects[0].broker) == (None, None)
    assert subjects[0].versions == ("5", "3.1.1")


def test_a_camera_that_calls_itself_strange_things_does_not_steer_the_terminal() -> None:
    said = line(warning("camera", "evil\x1b[2Jcam\r", "x\ny"))
    assert "\x1b[2J" not in said
    assert "\r" not in said
    assert said.count("\n") == 1


def test_settings_and_single_things_exclude_each_other(finds: Any, tmp_path: Path) -> None:
    finds()
    done = CliRunner().invoke(doctor, ["--config", str(tmp_path / "agent.toml"), "--broker", "mqtt://x"])
    assert done.exit_code == 2
    assert "leave the others out" in done.output


def test_settings_say_what_is_looked_at(finds: Any, tmp_path: Path) -> None:
    subjects = finds()
    (tmp_path / "agent.toml").write_text('device = "porch"\nbroker = { url = "mqtt://broker.local" }\n')
    assert CliRunner().invoke(doctor, ["--config", str(tmp_path / "agent.toml")]).exit_code == 0
    (subject,) = subjects
    assert subject.broker.host == "broker.local"


def test_no_finding_is_still_a_summary() -> None:
    assert summary([]) == "0 ok, 0 warnings, 0 failed"


def test_this_very_machine_can_be_examined(tmp_path: Path) -> None:
    code = "from sagui.device.doctor.command import doctor; doctor()"
    done = subprocess.run(
        [sys.executable, "-c", code, "--json", "--state", str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode in {0, 1}, done.stderr
    checks = {one["check"]: one["level"] for one in json.loads(done.stdout)["findings"]}
    assert {"python", "packages", "runtime", "camera", "edgetpu", "disk", "state", "clock"} <= set(checks)
    assert (checks["python"], checks["runtime"], checks["state"]) == ("ok", "ok", "ok")
    assert list(tmp_path.iterdir()) == []


def test_the_doctor_itself_loads_nothing_that_may_be_broken() -> None:
    code = "import sys; import sagui.device.doctor.command; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {name.partition(".")[0] for name in done.stdout.split()} & {"numpy", "cv2", "paho", "msgspec", "rich"}
