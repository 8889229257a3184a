"""`sagui rollout`, against a real broker and devices that follow the device's own rules."""

import getpass
import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.deploy.rollout.fleet import MqttFleet
from tests.deploy.rollout.people import crowd, plan_for, said

from sagui.wire import Desired, decode, encode, topics

TOPIC = topics.desired("porch")
QUICK = ("--dwell", "0s", "--timeout", "60s")


class Desk:
    """An operator's terminal."""

    def __init__(self, broker: str) -> None:
        self._broker = broker
        self._left: list[subprocess.Popen[str]] = []

    def begin(self, *arguments: str) -> subprocess.Popen[str]:
        code = "import sys; from sagui.cli import cli; from sagui.deploy.rollout.command import rollout"
        code += "; cli.commands['rollout'] = rollout; cli.get_command = lambda _, name: cli.commands.get(name)"
        code += "; cli(prog_name='sagui')"
        places = ("--group", "porch", "--broker", self._broker)
        process = subprocess.Popen(
            [sys.executable, "-c", code, "rollout", arguments[0], *places, *arguments[1:]],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._left.append(process)
        return process

    def run(self, *arguments: str) -> tuple[int, str, str]:
        process = self.begin(*arguments)
        out, err = process.communicate(timeout=120)
        return process.returncode, out, err

    def close(self) -> None:
        for process in self._left:
            if process.poll() is None:
                process.kill()
            process.communicate()


@pytest.fixture
def desk(mosquitto: Any) -> Iterator[Desk]:
    found = Desk(mosquitto.url)
    yield found
    found.close()


@pytest.fixture
def devices(mosquitto: Any) -> Iterator[Callable[..., MqttFleet]]:
    made: list[MqttFleet] = []

    def make(count: int = 20, **kinds: Any) -> MqttFleet:
        made.append(MqttFleet(mosquitto.port, count, **kinds))
        return made[-1]

    yield make
    for one in made:
        one.close()


def test_a_good_model_reaches_everybody_in_waves(desk: Desk, devices: Any) -> None:
    world = devices()
    status, out, err = desk.run("start", "pets==1.4.0", "--waves", "5,25,100%", *QUICK)
    assert (status, err) == (0, "")
    assert [f"wave {number} of 3" in out for number in (1, 2, 3)] == [True] * 3
    assert "pets==1.4.0: done, wave 3 of 3: 20 confirmed" in out.splitlines()[-1]
    assert set(world.fleet.installed.values()) == {"1.4.0"}


def test_a_bad_model_halts_in_the_first_wave_and_a_revert_cleans_up(desk: Desk, devices: Any) -> None:
    world = devices(bad=["1.4.0"])
    status, out, err = desk.run("start", "pets==1.4.0", "--waves", "5,25,100%", *QUICK)
    assert status == 1
    assert len(world.fleet.touched) == 1
    assert "6 of 10 photos got another label than before" in out
    assert "halted, by " in err
    assert (out + err).count("6 of 10 photos got another label than before") == 1
    assert "sagui rollout revert goes back" in err
    assert desk.run("status")[0] == 1
    status, out, _ = desk.run("revert")
    assert status == 0
    assert "revert from pets==1.4.0: done" in out


def test_a_revert_that_not_all_followed_is_status_1_and_names_one(desk: Desk, devices: Any) -> None:
    world = devices(3)
    world.fleet.hear = lambda *_: None
    at_work = said("confirmed", "1.4.0", rollout="r-1")
    for number in range(3):
        world.keep(f"sagui/cam-{number}/update/state", encode(at_work))
    world.keep(TOPIC, encode(msgspec.structs.replace(plan_for(crowd(3), timeout_s=1.0), share=1.0, status="halted")))
    status, out, err = desk.run("revert")
    assert status == 1
    assert err == "Error: 3 did not go back from 1.4.0\n"
    assert "revert from pets==1.4.0: done" in out
    assert "3 of 3 devices did not go back from 1.4.0 (cam-0: still confirmed after 1 s)" in out


def test_a_revert_with_devices_away_waits_for_them_and_is_status_1_in_the_end(desk: Desk, devices: Any) -> None:
    world = devices(5, away=["cam-0", "cam-1"])
    for device in ("cam-0", "cam-1"):
        world.keep(topics.update_state(device), encode(said("confirmed", "1.4.0", rollout="r-1")))
    world.keep(TOPIC, encode(msgspec.structs.replace(plan_for(crowd(5), timeout_s=10.0), share=1.0, status="halted")))
    status, out, err = desk.run("revert")
    assert "2 of 5 devices still run 1.4.0, 2 of them away" in out
    assert (status, err) == (1, "Error: 2 away, they go back when they come\n")


def test_an_operator_who_is_killed_leaves_a_plan_that_another_carries_on(
    desk: Desk, devices: Any, eventually: Any
) -> None:
    world = devices(mute=["cam-0", "cam-1"])
    first = desk.begin(
        "start", "pets==1.4.0", "--waves", "50,100%", "--dwell", "4s", "--error", "20%", "--success", "80%"
    )
    assert eventually(lambda: len(world.fleet.touched) >= 8)
    first.send_signal(signal.SIGKILL)
    first.wait(10)
    assert world.fleet.plan.wave == 0
    status, out, _ = desk.run("status", "--json")
    assert status == 0
    assert json.loads(out)["plan"]["id"] == world.fleet.plan.id
    status, _, err = desk.run("status", "--follow")
    assert (status, err) == (0, "")
    assert eventually(lambda: world.fleet.plan.status == "done")
    assert len(world.fleet.touched) == 18


def test_ctrl_c_says_that_the_plan_stays_and_how_to_go_on(desk: Desk, devices: Any, tmp_path: Path) -> None:
    world = devices(mute=[f"cam-{number}" for number in range(20)])
    (tmp_path / "my user").write_text("ana")
    (tmp_path / "password").write_text("s3cret")
    files = ("--user-file", str(tmp_path / "my user"), "--password-file", str(tmp_path / "password"))
    process = desk.begin("start", "pets==1.4.0", "--mqtt", "3.1.1", *files)
    assert process.stdout is not None
    assert "running" in process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 1
    assert "the plan stays" in err
    command = shlex.split(err.partition("Go on: ")[2])
    assert command[:6] == ["sagui", "rollout", "status", "--follow", "--group", "porch"]
    assert command[8:] == ["--mqtt", "3.1.1", *files]
    assert "s3cret" not in err
    assert world.fleet.plan.status == "running"


def test_a_broker_that_restarts_without_persistence_is_given_the_plan_again(
    desk: Desk, devices: Any, mosquitto: Any
) -> None:
    world = devices()
    process = desk.begin("start", "pets==1.4.0", "--waves", "50,100%", "--dwell", "6s", "--timeout", "60s")
    assert process.stdout is not None
    assert "wave 1 of 2" in process.stdout.readline()
    mosquitto.stop()
    mosquitto.start()
    out, err = process.communicate(timeout=120)
    assert (process.returncode, err) == (0, ""), out
    assert "the plan stays, trying again" in out
    assert "the broker came back without the plan: written again" in out
    assert len(world.fleet.touched) == 20


def test_pause_and_resume_from_another_terminal(desk: Desk, devices: Any) -> None:
    world = devices()
    assert desk.run("start", "pets==1.4.0", "--waves", "10,100%", *QUICK, "--detach")[0] == 0
    status, out, _ = desk.run("pause", "--reason", "lunch")
    assert status == 0
    assert "paused, wave 1 of 2" in out
    assert out.rstrip().endswith("lunch")
    status, _, err = desk.run("status", "--follow")
    assert status == 1
    assert "sagui rollout resume goes on" in err
    assert len(world.fleet.touched) == 2
    assert desk.run("resume")[0] == 0
    assert len(world.fleet.touched) == 20


def test_a_halt_ends_it_where_it_is(desk: Desk, devices: Any, eventually: Any) -> None:
    world = devices()
    desk.run("start", "pets==1.4.0", "--waves", "10,100%", "--detach")
    assert desk.run("halt", "--reason", "smoke")[0] == 0
    status, _, err = desk.run("halt")
    assert status == 1
    assert "halted already" in err
    assert eventually(lambda: world.fleet.plan.status == "halted")
    assert len(world.fleet.touched) == 2


def test_of_two_operators_who_start_at_once_one_is_told(desk: Desk, devices: Any, eventually: Any) -> None:
    world = devices()
    both = [desk.begin("start", f"pets=={version}", "--dwell", "60s") for version in ("1.4.0", "1.5.0")]
    assert eventually(lambda: any(one.poll() is not None for one in both))
    loser, winner = sorted(both, key=lambda one: one.poll() is None)
    _, err = loser.communicate()
    assert loser.returncode == 1
    assert "another" in err or "is running in group porch" in err
    assert "@" in err
    assert winner.poll() is None
    assert f"pets=={world.fleet.plan.version}" in str(winner.args)


def test_garbage_on_the_topics_is_counted_and_does_no_harm(desk: Desk, devices: Any) -> None:
    world = devices(mute=["cam-3"])
    for topic in ("sagui/cam-x/update/state", "sagui/cam-3/update/state", "sagui/fleet/update/state"):
        world.keep(topic, b"\xff\x00{")
    assert desk.run("start", "pets==1.4.0", "--detach")[0] == 0
    assert "2 messages of devices cannot be read" in desk.run("status")[1].replace("\n", " ")


def test_garbage_in_place_of_the_plan_is_told_and_can_be_written_over(desk: Desk, devices: Any) -> None:
    world = devices()
    world.fleet.hear = lambda *_: None
    world.keep(TOPIC, b'{"v": 7}')
    status, _, err = desk.run("start", "pets==1.4.0", *QUICK)
    assert status == 1
    assert "--replace writes over it" in err
    assert desk.run("start", "pets==1.4.0", "--replace", "--detach")[0] == 0


def test_a_rollout_of_yesterday_is_not_in_the_way(desk: Desk, devices: Any, eventually: Any) -> None:
    world = devices()
    old = encode(plan_for(crowd(1)))
    world.keep(TOPIC, old.replace(b'"running"', b'"done"').replace(b'"revision":0', b'"revision":7'))
    assert desk.run("start", "pets==1.5.0", "--detach")[0] == 0
    assert eventually(lambda: world.fleet.plan.revision == 8)


def test_a_model_nobody_has_is_refused(desk: Desk, devices: Any) -> None:
    devices(3)
    status, _, err = desk.run("start", "birds==1.4.0")
    assert status == 1
    assert "no device of group porch has the model birds; they have pets (3)" in err


def test_a_broker_that_speaks_the_older_mqtt_serves_as_well(desk: Desk, devices: Any, eventually: Any) -> None:
    world = devices()
    assert desk.run("start", "pets==1.4.0", "--waves", "100%", *QUICK, "--mqtt", "3.1.1")[0] == 0
    assert eventually(lambda: world.fleet.plan.status == "done")


def test_more_devices_than_a_broker_queues_are_all_seen(desk: Desk, devices: Any) -> None:
    devices(1500)
    assert desk.run("start", "pets==1.4.0", "--waves", "1,100%", "--detach")[0] == 0
    assert json.loads(desk.run("status", "--json")[1])["devices"] == 1500


def test_status_shows_the_plan_and_who_wrote_it(desk: Desk, devices: Any) -> None:
    devices(4)
    assert "has no rollout" in desk.run("status")[2]
    desk.run("start", "pets==1.4.0", "--detach")
    status, out, _ = desk.run("status")
    assert status == 0
    assert "pets==1.4.0: running, wave 1 of 4" in out
    assert f"@{os.uname().nodename}" in out


@pytest.mark.parametrize(
    "arguments",
    [
        ("start",),
        ("start", "pets"),
        ("start", "pets==1.4.0", "--waves", "1,5"),
        ("start", "pets==1.4.0", "--success", "0%"),
        ("start", "pets==1.4.0", "--timeout", "0s"),
        ("start", "pets==1.4.0", "--dwell", "10"),
        ("start", "pets==1.4.0", "--group", "Porch!"),
        ("resume", "--success", "0"),
        ("status", "--mqtt", "4"),
    ],
)
def test_wrong_use_is_status_2_before_anything_is_connected(arguments: tuple[str, ...]) -> None:
    desk = Desk("mqtt://127.0.0.1:1")
    status, _, err = desk.run(*arguments)
    assert status == 2, err
    assert "Traceback" not in err


def test_a_broker_that_is_away_is_told_in_a_line() -> None:
    status, _, err = Desk("mqtt://127.0.0.1:1").run("status")
    assert status == 1
    assert err.startswith("Error: mqtt://127.0.0.1:1 is not there: ")
    assert len(err.splitlines()) == 1


def test_who_may_not_write_the_plan_is_told(
    program: Callable[[str], str], tmp_path: Path, stopped_mosquitto: Any
) -> None:
    rules = tmp_path / "rules"
    rules.write_text("topic read sagui/#\npattern write sagui/+/update/state\npattern write sagui/+/availability\n")
    with (tmp_path / "mosquitto.conf").open("a") as config:
        # As root it would give its rights up, and read nothing of ours.
        config.write(f"acl_file {rules}\nuser {getpass.getuser()}\n")
    rules.chmod(0o600)
    stopped_mosquitto.start()
    world = MqttFleet(stopped_mosquitto.port, 3)
    try:
        status, _, err = Desk(stopped_mosquitto.url).run("start", "pets==1.4.0", "--detach")
        assert status == 1
        assert "does not let us write sagui/fleet/porch/desired: Not authorized" in err
    finally:
        world.close()


def test_the_plan_that_is_kept_is_the_plan_that_was_shown(desk: Desk, devices: Any) -> None:
    world = devices(8)
    desk.run("start", "pets==1.4.0", "--detach")
    shown = json.loads(desk.run("status", "--json")[1])["plan"]
    assert decode(json.dumps(shown).encode(), Desired) == world.fleet.plan
