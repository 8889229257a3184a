"""Rollouts to a simulated fleet: `sagui fleet simulate`, `sagui rollout` and mosquitto, each in a process of its own.

``SAGUI_FLEET=1000`` makes the fleet as large; `make fleet` does. Without it, it is small, and everything goes quickly.
"""

import json
import os
import subprocess
from math import ceil
from typing import Any

import pytest
from tests.deploy.simulate.running import Fleet, roll_out

from sagui.wire import Desired, UpdateState, decode, topics

DEVICES = int(os.environ.get("SAGUI_FLEET", "40"))
LARGE = DEVICES > 100
FASTER = "10" if LARGE else "100"
"""Updates of 15 seconds, or of 1.5."""

FIRST_WAVE = ceil(DEVICES / 100)
WAVES = "1,5,25,100%" if LARGE else "1,100%"
TERMS = ("--waves", WAVES, "--dwell", "2s" if LARGE else "0s", "--timeout", "5m")


def fleet(mosquitto: Any, *options: str) -> Fleet:
    return Fleet(mosquitto.url, "--devices", str(DEVICES), "--faster", FASTER, *options)


def start(mosquitto: Any, version: str = "1.1.0") -> subprocess.CompletedProcess[str]:
    return roll_out("start", f"pets=={version}", "--group", "demo", "--broker", mosquitto.url, *TERMS)


def kept(mosquitto: Any, topic: str, count: int) -> list[bytes]:
    """What the broker keeps there: so many messages."""
    command = ["mosquitto_sub", "-p", str(mosquitto.port), "-t", topic, "-C", str(count), "-W", "20"]
    done = subprocess.run(command, capture_output=True, check=True)
    return done.stdout.splitlines()


def states(mosquitto: Any) -> list[UpdateState]:
    return [decode(one, UpdateState) for one in kept(mosquitto, topics.every("update/state"), DEVICES)]


def plan(mosquitto: Any) -> Desired:
    return decode(kept(mosquitto, topics.desired("demo"), 1)[0], Desired)


@pytest.mark.timeout(900)
def test_a_rollout_goes_through_its_waves_and_finishes(mosquitto: Any) -> None:
    with fleet(mosquitto) as simulated:
        simulated.until(lambda record: record["online"] == DEVICES)
        done = start(mosquitto)
        assert done.returncode == 0, done.stdout + done.stderr
        assert plan(mosquitto).status == "done"
        end = simulated.until(lambda record: record["phases"] == {"confirmed": DEVICES})
        assert end["versions"] == {"1.1.0": DEVICES}
        assert {state.installed_version for state in states(mosquitto)} == {"1.1.0"}
    print(f"\n{DEVICES} devices: {json.dumps(end)}")  # noqa: T201 (make fleet shows it)


@pytest.mark.timeout(900)
def test_a_bad_model_halts_in_the_first_wave_and_touches_nobody_else(mosquitto: Any) -> None:
    with fleet(mosquitto, "--bad", "1.1.0") as simulated:
        simulated.until(lambda record: record["online"] == DEVICES)
        halted = start(mosquitto)
        assert halted.returncode != 0
        end = plan(mosquitto)
        assert (end.status, end.wave) == ("halted", 0)
        simulated.until(lambda record: record["versions"] == {"1.0.0": DEVICES})
        assert 1 <= sum(state.phase != "idle" for state in states(mosquitto)) <= FIRST_WAVE
    assert all(set(record["versions"]) <= {"1.0.0", "1.1.0"} for record in simulated.records)
    touched = max(record["devices"] - record["phases"].get("idle", 0) for record in simulated.records)
    assert touched <= FIRST_WAVE
    print(f"\n{DEVICES} devices: halted after {touched}: {end.reason}")  # noqa: T201 (make fleet shows it)


def test_at_the_end_the_broker_keeps_nothing_of_the_fleet(mosquitto: Any) -> None:
    with Fleet(mosquitto.url, "--devices", "20", "--results-per-s", "5") as simulated:
        simulated.until(lambda record: record["results"] > 50)
        simulated.stop()
    command = ["mosquitto_sub", "-p", str(mosquitto.port), "-t", "#", "-W", "1"]
    assert subprocess.run(command, capture_output=True, text=True, check=False).stdout == ""
