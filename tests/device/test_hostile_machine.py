"""The agent on a machine that lets it down: clocks that jump by years, disks that are full, read-only or gone."""

import json
import resource
import signal
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.device.hardship import COLLECTING, Clock, Eventually, ended, goes_on, numbers, run_once, unshared, waiting
from tests.device.running import Agent, Reader

from sagui.wire import State, Telemetry, decode

pytestmark = pytest.mark.usefixtures("state")


@pytest.fixture
def clock(program: Callable[[str], str], tmp_path: Path, start: Callable[..., Agent]) -> Clock:
    return Clock(program("gcc"), tmp_path, start)


STEADY = (
    '[[stream]]\nname = "free"\n[[stream]]\nname = "calm"\ndwell_s = 3600\nevery_s = 3600\n'
    "[telemetry]\nevery_s = 1\n[health]\nstuck_seconds = 5\n[outbox]\ndays = 0.5\n"
)


def years(reader: Reader) -> list[int]:
    """Of the results, each once, in the order they came."""
    return list(dict.fromkeys(int(result.time[:4]) for result in reader.results()))


def test_a_clock_that_jumps_by_years_upsets_no_rule_and_no_order(
    write_settings: Callable[..., Path],
    clock: Clock,
    state: Path,
    mosquitto: Any,
    reader: Reader,
    eventually: Eventually,
) -> None:
    agent = clock.start("--config", write_settings(STEADY))
    assert eventually(lambda: len(reader.results()) >= 5)
    now = years(reader)[0]
    clock.jump(10)
    assert eventually(lambda: len(years(reader)) >= 2)
    mosquitto._process.send_signal(signal.SIGSTOP)
    for year in (-20, 30):
        clock.jump(year)
        before = waiting(state)
        assert eventually(lambda before=before: waiting(state) >= before + 30)
    mosquitto._process.send_signal(signal.SIGCONT)
    assert eventually(lambda: len(years(reader)) >= 4)
    # What waited while the clock went back and forth is neither too old nor out of order.
    came = numbers(reader)
    assert came == list(range(len(came)))
    assert np.allclose(years(reader), [now, now + 10, now - 20, now + 30], atol=1)
    clock.jump(0)
    mosquitto.stop()
    assert eventually(lambda: agent.said("away") is not None)
    clock.jump(-30)
    mosquitto.start()
    assert eventually(lambda: sum(event["event"] == "connected" for event in agent.events) == 2)
    assert goes_on(reader, eventually, 10)
    ended(agent)
    stopped = agent.said("stopped")
    assert stopped is not None
    assert (stopped["published"], stopped["dropped"]) == (stopped["acknowledged"], 0)
    # One label for an hour, and one result: by the clock that does not jump.
    assert [result.stream for result in reader.results()].count("calm") == 1
    assert len({decode(payload, State).since for payload in reader.payloads("sagui/porch/state/calm")}) == 1
    told = [decode(payload, Telemetry) for payload in reader.payloads("sagui/porch/telemetry")]
    assert all(one.uptime_s < 3600 and one.fps < 100 for one in told)
    assert all(one.frame_age_ms is None or one.frame_age_ms < 60_000 for one in told)
    assert {event["event"] for event in agent.events}.isdisjoint({"stuck", "task-failed", "dropped", "camera"})


@pytest.mark.parametrize("jump", [25, -25])
def test_what_waits_on_disk_is_not_too_old_for_a_start_in_another_year(
    write_settings: Callable[..., Path],
    clock: Clock,
    state: Path,
    stopped_mosquitto: Any,
    eventually: Eventually,
    jump: int,
) -> None:
    path = write_settings("[outbox]\ndays = 0.5\n")
    agent = clock.start("--config", path)
    assert eventually(lambda: waiting(state) >= 20)
    agent.process.kill()
    agent.wait()
    clock.jump(jump)
    stopped_mosquitto.start()
    reader = Reader(stopped_mosquitto.port)
    assert reader.subscribed.wait(30)
    again = clock.start("--config", path)
    assert eventually(lambda: again.said("first-result") is not None)
    ended(again)
    # One crash, whenever it was, is no reason for safe mode.
    assert again.said("safe-mode") is None
    found, stopped = again.said("outbox"), again.said("stopped")
    assert found is not None
    assert stopped is not None
    assert eventually(lambda: len(reader.results()) == found["waiting"] + stopped["published"])
    ids = [result.id.partition("-") for result in reader.results()]
    reader.close()
    assert [boot for boot, _, _ in ids] == [ids[0][0]] * found["waiting"] + [ids[-1][0]] * stopped["published"]
    assert [int(number) for _, _, number in ids[: found["waiting"]]] == list(range(found["waiting"]))


def test_a_disk_that_fills_up_while_it_runs_stops_nothing_and_loses_nothing(
    write_settings: Callable[..., Path],
    start: Callable[..., Agent],
    tmp_path: Path,
    state: Path,
    noise: Path,
    mosquitto: Any,
    reader: Reader,
    eventually: Eventually,
) -> None:
    agent = start("--config", write_settings(COLLECTING.format(folder=tmp_path / "collected"), photos=noise))
    assert eventually(lambda: bool(list(tmp_path.rglob("collected/*/*.jpg"))))
    assert eventually(lambda: len(reader.results()) >= 3)
    assert (state / "starts.json").exists()
    # From here on no file of the agent's takes another byte: neither outbox, history nor what is collected.
    resource.prlimit(agent.process.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
    mosquitto._process.send_signal(signal.SIGSTOP)
    assert eventually(lambda: agent.said("outbox-memory") is not None)
    assert eventually(lambda: agent.said("collect") is not None)
    count = len(agent.events)
    mosquitto._process.send_signal(signal.SIGCONT)
    assert goes_on(reader, eventually, 30)
    ended(agent)
    said = [event["event"] for event in agent.events]
    assert [said.count(name) for name in ("outbox-memory", "collect", "history")] == [1, 1, 1], agent.events[count:]
    stopped = agent.said("stopped")
    assert stopped is not None
    assert stopped["dropped"] == 0
    assert eventually(lambda: len(reader.results()) == stopped["published"])
    assert numbers(reader) == list(range(stopped["published"]))


def test_what_waited_on_a_disk_that_is_full_is_sent_and_so_is_what_comes(
    write_settings: Callable[..., Path],
    start: Callable[..., Agent],
    toy_bundle: Path,
    colours: Path,
    tmp_path: Path,
    state: Path,
    stopped_mosquitto: Any,
    eventually: Eventually,
) -> None:
    agent = start("--config", write_settings())
    assert eventually(lambda: waiting(state) >= 5)
    agent.process.kill()
    agent.wait()
    disk, filler = tmp_path / "disk", tmp_path / "disk" / "filler"
    disk.mkdir()
    prepare = f"mount -t tmpfs -o size=1m none {disk}; cp {state}/outbox.db* {disk}"
    fill = f"(cat /dev/zero > {filler} 2>/dev/null || true)"
    wrapped = unshared(f'{prepare}; {fill}; "$@" || true; rm {filler}')
    stopped_mosquitto.start()
    reader = Reader(stopped_mosquitto.port)
    assert reader.subscribed.wait(30)
    done = run_once(toy_bundle, colours, stopped_mosquitto.url, "--outbox", disk, wrapped=wrapped)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout.count('"outbox-memory"') == 1
    found = [event["waiting"] for event in map(json.loads, done.stdout.splitlines()) if event["event"] == "outbox"]
    # What waited cannot leave a disk that is full: it is sent, and once more when there is room.
    assert found == [found[0]] * 2
    assert eventually(lambda: len({result.id for result in reader.results()}) == found[0] + 6 + 6)
    ids = list(dict.fromkeys(result.id for result in reader.results()))
    reader.close()
    assert [int(each.partition("-")[2]) for each in ids] == [*range(found[0]), *range(6), *range(6)]


def test_a_log_that_nobody_takes_silences_nothing_else(
    toy_bundle: Path, colours: Path, mosquitto: Any, reader: Reader, eventually: Eventually
) -> None:
    with Path("/dev/full").open("w") as full:
        done = run_once(toy_bundle, colours, mosquitto.url, stdout=full)
    assert "Traceback" not in done.stderr
    assert eventually(lambda: len(reader.results()) == 6)
    assert eventually(lambda: reader.payloads("sagui/porch/availability")[-1] == b"offline")


def test_a_state_folder_that_cannot_be_written_to_is_said_and_nothing_stops(
    write_settings: Callable[..., Path],
    start: Callable[..., Agent],
    tmp_path: Path,
    mosquitto: Any,
    reader: Reader,
    eventually: Eventually,
) -> None:
    (tmp_path / "file").write_text("no folder")
    below = tmp_path / "file" / "below"  # not even root can make it
    agent = start("--config", write_settings(COLLECTING.format(folder=below)), "--outbox", below)
    assert goes_on(reader, eventually, 10)
    ended(agent)
    said = [event["event"] for event in agent.events]
    assert [said.count(name) for name in ("outbox-memory", "collect", "history")] == [1, 1, 1]
    came = numbers(reader)
    assert came == list(range(len(came)))


def test_a_machine_that_is_read_only_is_no_reason_to_be_silent(
    toy_bundle: Path, colours: Path, state: Path, mosquitto: Any, reader: Reader, eventually: Eventually
) -> None:
    # As a card that dies: state, temporary files and home, each of which may be a file system of its own.
    temporary = {tempfile.gettempdir(), "/tmp", "/var/tmp"}  # noqa: S108 (nothing is written there)
    places = [Path("/"), *map(Path, sorted(temporary)), Path.home(), state.parents[2]]
    frozen = 'mount -o remount,bind,ro "$1" 2>/dev/null || { mount --bind "$1" "$1"; mount -o remount,bind,ro "$1"; }'
    checked = "; ".join(f"freeze {at}; if touch {at}/written 2>/dev/null; then exit 3; fi" for at in places)
    wrapped = unshared(f"freeze() {{ {frozen}; }}; {checked}")
    done = run_once(toy_bundle, colours, mosquitto.url, "--snapshots", "--discovery", wrapped=wrapped)
    assert done.returncode == 0, done.stderr
    assert "outbox-memory" in done.stdout
    assert eventually(lambda: len(reader.results()) == 6)
    assert not state.exists()
