"""The agent as a user runs it: in a process of its own, against real brokers."""

import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.device.running import Agent, Reader

from sagui.bundle import Golden, Manifest, decode_golden, encode_golden, write_bundle
from sagui.wire import State, decode

Eventually = Callable[..., bool]


pytestmark = pytest.mark.usefixtures("state")


def test_it_says_what_it_sees(
    toy_bundle: Path, colours: Path, mosquitto: Any, reader: Reader, eventually: Eventually
) -> None:
    agent = Agent(toy_bundle, "--camera", f"folder:{colours}", "--broker", mosquitto.url)
    status, errors = agent.wait()
    assert status == 0, errors
    assert eventually(lambda: len(reader.results()) == 6)
    results = reader.results()
    assert [result.label for result in results] == ["red", "green", "blue"] * 2
    assert all(result.label in str(result.frame.source) for result in results)
    assert [result.frame.index for result in results] == list(range(6))
    assert len({result.id for result in results}) == 6
    assert results[0].model.name == "toy"
    assert results[0].top[0].label == "red"
    assert results[0].latency_ms.total >= results[0].latency_ms.infer > 0
    states = [decode(payload, State) for payload in reader.payloads("sagui/porch/state")]
    # A state that the next one overtook before it was sent is not sent: in order they are, and the last one counts.
    told = iter(zip([result.label for result in results], [result.time for result in results], strict=True))
    assert all((state.label, state.since) in told for state in states)
    assert states[-1].since == results[-1].time
    stopped = agent.said("stopped")
    assert stopped is not None
    assert (stopped["published"], stopped["acknowledged"]) == (6, 6)
    ready = agent.said("ready")
    assert ready is not None
    assert ready["golden"] == {"count": 3, "difference": 0.0, "unit": "steps"}
    connected = agent.said("connected")
    assert connected is not None
    assert connected["protocol"] == "5"


def test_availability_and_state_are_kept_by_the_broker(
    toy_bundle: Path, colours: Path, mosquitto: Any, reader: Reader, eventually: Eventually
) -> None:
    agent = Agent(toy_bundle, "--camera", colours, "--broker", mosquitto.url, "--loop", "--fps", "20")
    assert eventually(lambda: bool(reader.payloads("sagui/porch/state")))
    late = Reader(mosquitto.port)
    try:
        assert eventually(lambda: b"online" in late.payloads("sagui/porch/availability"))
        assert eventually(lambda: any(m.retain for m in late.messages if m.topic == "sagui/porch/state"))
        assert not any(message.retain for message in late.messages if message.topic == "sagui/porch/result")
        agent.process.send_signal(signal.SIGTERM)
        assert agent.wait()[0] == 0
        assert eventually(lambda: late.payloads("sagui/porch/availability")[-1] == b"offline")
    finally:
        late.close()


def test_the_last_will_speaks_for_an_agent_that_was_killed(
    toy_bundle: Path, colours: Path, mosquitto: Any, reader: Reader, eventually: Eventually
) -> None:
    agent = Agent(toy_bundle, "--camera", colours, "--broker", mosquitto.url, "--loop", "--fps", "20")
    assert eventually(lambda: b"online" in reader.payloads("sagui/porch/availability"))
    agent.process.kill()
    assert eventually(lambda: reader.payloads("sagui/porch/availability")[-1] == b"offline")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_is_clean(
    toy_bundle: Path, colours: Path, mosquitto: Any, reader: Reader, eventually: Eventually, number: signal.Signals
) -> None:
    agent = Agent(toy_bundle, "--camera", colours, "--broker", mosquitto.url, "--loop", "--fps", "50")
    assert eventually(lambda: len(reader.results()) >= 5)
    agent.process.send_signal(number)
    status, errors = agent.wait()
    assert status == 0, errors
    stopped = agent.said("stopped")
    assert stopped is not None
    assert eventually(lambda: len(reader.results()) == stopped["published"])
    assert eventually(lambda: reader.payloads("sagui/porch/availability")[-1] == b"offline")


def test_a_broker_that_is_away_at_the_start_is_waited_for(
    toy_bundle: Path, colours: Path, stopped_mosquitto: Any, eventually: Eventually
) -> None:
    agent = Agent(toy_bundle, "--camera", colours, "--broker", stopped_mosquitto.url)
    assert eventually(lambda: agent.said("away") is not None)
    away = agent.said("away")
    assert away is not None
    assert "is away; trying again" in away["text"]
    stopped_mosquitto.start()
    status, errors = agent.wait()
    assert status == 0, errors
    stopped = agent.said("stopped")
    assert stopped is not None
    assert (stopped["published"], stopped["acknowledged"]) == (6, 6)


def test_a_broker_that_stays_away_is_an_error(toy_bundle: Path, colours: Path, stopped_mosquitto: Any) -> None:
    agent = Agent(toy_bundle, "--camera", colours, "--broker", stopped_mosquitto.url)
    status, errors = agent.wait()
    assert status == 1
    assert "did not acknowledge every result within 10 s" in errors
    assert "Traceback" not in errors
    stopped = agent.said("stopped")
    assert stopped is not None
    assert "6 were not delivered; 6 wait on disk for the next start" in stopped["text"]


def rows_on_disk(path: Path) -> int:
    """Results that a power cut would not take."""
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            return int(database.execute("SELECT count(*) FROM message").fetchone()[0])
    except sqlite3.OperationalError:  # not there yet
        return 0


def test_what_was_not_delivered_comes_first_at_the_next_start(
    toy_bundle: Path, colours: Path, stopped_mosquitto: Any, state: Path, eventually: Eventually
) -> None:
    away = Agent(toy_bundle, "--camera", colours, "--broker", stopped_mosquitto.url, "--loop", "--fps", "50")
    assert eventually(lambda: rows_on_disk(state / "outbox.db") > 0)
    away.process.kill()
    away.wait()
    stopped_mosquitto.start()
    reader = Reader(stopped_mosquitto.port)
    assert reader.subscribed.wait(30)
    agent = Agent(toy_bundle, "--camera", colours, "--broker", stopped_mosquitto.url)
    status, errors = agent.wait()
    assert status == 0, errors
    found, stopped = agent.said("outbox"), agent.said("stopped")
    assert found is not None
    assert stopped is not None
    assert (stopped["published"], stopped["acknowledged"]) == (6, 6 + found["waiting"])
    assert eventually(lambda: len(reader.results()) == 6 + found["waiting"])
    starts = [result.id.partition("-")[0] for result in reader.results()]
    assert starts == [starts[0]] * found["waiting"] + [starts[-1]] * 6
    reader.close()


def test_a_second_agent_with_the_same_name_says_so_and_stops(
    toy_bundle: Path, colours: Path, mosquitto: Any, reader: Reader, eventually: Eventually
) -> None:
    first = Agent(toy_bundle, "--camera", colours, "--broker", mosquitto.url, "--loop", "--fps", "20")
    assert eventually(lambda: first.said("first-result") is not None)
    second = Agent(toy_bundle, "--camera", colours, "--broker", mosquitto.url)
    status, errors = second.wait()
    assert status == 1
    assert "another agent uses" in errors
    assert len(errors.splitlines()) == 1
    assert first.process.poll() is None
    first.process.terminate()
    assert first.wait()[0] == 0
    in_memory = Agent(toy_bundle, "--camera", colours, "--broker", mosquitto.url, "--outbox", "memory")
    assert in_memory.wait()[0] == 0


@pytest.mark.parametrize("most_bytes", [16_384, 32_768], ids=["at the start", "later"])
def test_a_disk_that_is_full_is_said_and_nothing_stops(
    toy_bundle: Path, colours: Path, mosquitto: Any, reader: Reader, eventually: Eventually, most_bytes: int
) -> None:
    # No file may grow past the limit; that of the log's index is past the lower one.
    code = (
        f"import resource, runpy; resource.setrlimit(resource.RLIMIT_FSIZE, ({most_bytes}, {most_bytes})); "
        "runpy.run_module('sagui.cli', run_name='__main__')"
    )
    arguments = ["run", toy_bundle, "--camera", colours, "--broker", mosquitto.url, "--device", "porch", "--fps", "20"]
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments), "--json"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "outbox-memory" in done.stdout
    assert eventually(lambda: len(reader.results()) == 6)


def test_a_limit_on_the_command_line_holds(toy_bundle: Path, colours: Path, stopped_mosquitto: Any) -> None:
    limits = ("--outbox-rows", "2", "--outbox-mib", "1", "--outbox-days", "0.5")
    agent = Agent(toy_bundle, "--camera", colours, "--broker", stopped_mosquitto.url, *limits)
    assert agent.wait()[0] == 1
    assert agent.said("dropped") is not None
    stopped = agent.said("stopped")
    assert stopped is not None
    assert [stopped[key] for key in ("published", "acknowledged", "waiting", "dropped")] == [6, 0, 2, 4]


def test_it_comes_back_after_the_broker_was_killed(
    toy_bundle: Path, colours: Path, mosquitto: Any, reader: Reader, eventually: Eventually
) -> None:
    agent = Agent(toy_bundle, "--camera", colours, "--broker", mosquitto.url, "--loop", "--fps", "20")
    assert eventually(lambda: len(reader.results()) >= 3)
    mosquitto.stop()
    assert eventually(lambda: agent.said("away") is not None)
    before = len(reader.results())
    mosquitto.start()
    assert eventually(lambda: sum(event["event"] == "connected" for event in agent.events) == 2)
    assert eventually(lambda: len(reader.results()) > before + 3)
    # The new broker knows nothing: availability and state were said again.
    late = Reader(mosquitto.port)
    assert eventually(lambda: b"online" in late.payloads("sagui/porch/availability"))
    assert eventually(lambda: bool(late.payloads("sagui/porch/state")))
    late.close()
    agent.process.terminate()
    assert agent.wait()[0] == 0
    stopped = agent.said("stopped")
    assert stopped is not None
    assert stopped["published"] == stopped["acknowledged"]


def test_it_goes_down_to_3_1_1_by_itself(toy_bundle: Path, colours: Path) -> None:
    from sagui.deploy.demo.broker import local_broker

    with local_broker() as url:
        agent = Agent(toy_bundle, "--camera", colours, "--broker", url)
        status, errors = agent.wait()
    assert status == 0, errors
    fallback, connected = agent.said("fallback"), agent.said("connected")
    assert fallback is not None
    assert "going on with MQTT 3.1.1" in fallback["text"]
    assert connected is not None
    assert connected["protocol"] == "3.1.1"


@contextmanager
def fake_broker(answer_to_5: bytes | None) -> Iterator[tuple[str, list[int]]]:
    """Notes which versions are asked for; None holds its tongue, and the line."""
    versions: list[int] = []

    def serve() -> None:
        held = []
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            packet = connection.recv(1024)
            versions.append(packet[packet.index(b"MQTT") + 4])
            if versions[-1] == 5 and answer_to_5 is None:
                held.append(connection)
                continue
            if versions[-1] == 5:
                connection.sendall(answer_to_5 or b"")
            connection.close()

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=serve, daemon=True).start()
        yield f"mqtt://127.0.0.1:{server.getsockname()[1]}", versions


def test_a_wrong_password_is_no_reason_to_fall_back(toy_bundle: Path, colours: Path, eventually: Eventually) -> None:
    not_authorized = b"\x20\x03\x00\x87\x00"
    with fake_broker(not_authorized) as (url, versions):
        agent = Agent(toy_bundle, "--camera", colours, "--broker", url, "--loop", "--fps", "5")
        try:
            assert eventually(lambda: len(versions) >= 3)
            assert set(versions) == {5}
            refused = agent.said("refused")
            assert refused is not None
            assert "Not authorized" in refused["text"]
            assert agent.said("fallback") is None
        finally:
            agent.process.kill()
            agent.wait()


def test_a_model_that_is_not_proven_never_goes_online(
    tmp_path: Path,
    colours: Path,
    mosquitto: Any,
    reader: Reader,
    bundle_entries: dict[str, bytes],
    make_manifest: Callable[..., Manifest],
) -> None:
    golden = decode_golden(bundle_entries["golden.npz"])
    off = golden.outputs.copy()
    off[0, 0] ^= 1
    entries = bundle_entries | {"golden.npz": encode_golden(Golden(golden.frames, off))}
    agent = Agent(write_bundle(tmp_path, make_manifest(), entries), "--camera", colours, "--broker", mosquitto.url)
    status, errors = agent.wait()
    assert status == 1
    assert "the model is not used" in errors
    assert b"online" not in reader.payloads("sagui/porch/availability")
    assert not reader.results()


@pytest.mark.parametrize(
    ("answer", "reason"),
    [(b"\x20\x02\x00\x01", "does not speak MQTT 5"), (b"", "hangs up on MQTT 5"), (None, "does not answer MQTT 5")],
)
def test_each_way_to_refuse_mqtt_5_leads_to_3_1_1(
    toy_bundle: Path, colours: Path, eventually: Eventually, answer: bytes | None, reason: str
) -> None:
    with fake_broker(answer) as (url, versions):
        agent = Agent(toy_bundle, "--camera", colours, "--broker", url, "--loop", "--fps", "5")
        try:
            assert eventually(lambda: 4 in versions)
            assert versions[0] == 5
            assert eventually(lambda: agent.said("fallback") is not None)
            fallback = agent.said("fallback")
            assert fallback is not None
            assert reason in fallback["text"]
        finally:
            agent.process.kill()
            agent.wait()


def test_a_plain_tflite_file_runs_too(
    toy_tflite: bytes, tmp_path: Path, colours: Path, mosquitto: Any, reader: Reader, eventually: Eventually
) -> None:
    (tmp_path / "plain.tflite").write_bytes(toy_tflite)
    (tmp_path / "labels.txt").write_text("red\ngreen\nblue\n")
    agent = Agent(
        tmp_path / "plain.tflite",
        *("--labels", tmp_path / "labels.txt"),
        *("--camera", colours, "--broker", mosquitto.url, "--mqtt", "3.1.1"),
    )
    assert agent.wait()[0] == 0
    assert eventually(lambda: len(reader.results()) == 6)
    assert [result.label for result in reader.results()] == ["red", "green", "blue"] * 2
    assert reader.results()[0].model.name == "plain"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"model": "gone.sagui"}, "gone.sagui: cannot be read"),
        ({"--camera": "folder:/nowhere"}, "camera: /nowhere is no folder"),
        ({"--broker": "http://x"}, "use mqtt://HOST:PORT"),
        ({"--device": "Front Porch"}, "cannot stand in a topic"),
    ],
)
def test_bad_input_is_one_line_and_status_1(
    toy_bundle: Path,
    colours: Path,
    run_sagui: Callable[..., subprocess.CompletedProcess[str]],
    changes: dict[str, str],
    reason: str,
) -> None:
    arguments: dict[str, object] = {
        "model": toy_bundle,
        "--camera": colours,
        "--broker": "mqtt://127.0.0.1:1",
        "--device": "porch",
    } | changes
    model = arguments.pop("model")
    done = run_sagui("run", model, *(part for pair in arguments.items() for part in pair))
    assert done.returncode == 1
    assert reason in done.stderr
    assert len(done.stderr.splitlines()) == 1
