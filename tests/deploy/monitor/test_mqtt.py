"""The feed from a real broker."""

import getpass
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import free_port
from tests.deploy.monitor.watching import Voice, crowd

from sagui.deploy.broker.command import broker as broker_command
from sagui.deploy.monitor import mqtt as feed_module
from sagui.deploy.monitor.feed import Away, Behind, Connected, Happening, Heard
from sagui.deploy.monitor.monitor import filters
from sagui.deploy.monitor.mqtt import MqttFeed, pause_s
from sagui.deploy.rollout.address import Files, parse_address
from sagui.deploy.rollout.errors import BrokerError

EVERYTHING = filters(())


def until(feed: MqttFeed, condition: Callable[[Happening], bool], timeout_s: float = 30.0) -> list[Happening]:
    """Listens until something is so, and gives all that happened."""
    end = time.monotonic() + timeout_s
    happened: list[Happening] = []
    while time.monotonic() < end:
        new = feed.listen(0.25)
        happened += new
        if any(map(condition, new)):
            return happened
    raise AssertionError(f"it did not happen: {happened[-3:]}")


def is_connected(one: Happening) -> bool:
    return isinstance(one, Connected)


def is_away(one: Happening) -> bool:
    return isinstance(one, Away)


def open_feed(
    url: str, protocol: Any = "auto", environment: dict[str, str] | None = None, files: Files | None = None
) -> Any:
    return closing(MqttFeed(parse_address(url, environment or {}, files or Files()), EVERYTHING, protocol))


@pytest.fixture
def voice(mosquitto: Any) -> Iterator[Voice]:
    found = Voice(mosquitto.port)
    yield found
    found.close()


@pytest.mark.parametrize("protocol", ["auto", "5", "3.1.1"])
def test_what_is_kept_and_what_is_said_comes(mosquitto: Any, voice: Voice, protocol: str) -> None:
    voice.say({"porch/availability": b"online"})
    with open_feed(mosquitto.url, protocol) as feed:
        until(feed, lambda one: isinstance(one, Heard) and one.topic == "sagui/porch/availability" and one.retained)
        before = time.time()
        voice.say({"porch/result": b"{}"}, retain=False)
        happened = until(feed, lambda one: isinstance(one, Heard) and one.topic == "sagui/porch/result")
        (heard,) = [one for one in happened if isinstance(one, Heard)]
        assert (heard.payload, heard.retained) == (b"{}", False)
        assert before - 1 < heard.received_s < time.time() + 1


def test_a_broker_that_is_away_at_the_start_is_found_when_it_comes(stopped_mosquitto: Any) -> None:
    with open_feed(stopped_mosquitto.url) as feed:
        away = next(one for one in until(feed, is_away) if isinstance(one, Away))
        assert "refused" in away.why
        stopped_mosquitto.start()
        until(feed, is_connected)


def test_a_broker_that_goes_is_found_again_and_says_again_what_it_keeps(mosquitto: Any) -> None:
    with open_feed(mosquitto.url) as feed:
        until(feed, is_connected)
        mosquitto.stop()
        until(feed, is_away)
        mosquitto.start()
        until(feed, is_connected)
        voice = Voice(mosquitto.port)
        voice.say({"porch/availability": b"online"})
        voice.close()
        until(feed, lambda one: isinstance(one, Heard))


def test_all_of_many_devices_is_heard(mosquitto: Any, voice: Voice) -> None:
    said = crowd(1500)
    voice.say(said)
    with open_feed(mosquitto.url) as feed:
        missing = {f"sagui/{topic}" for topic in said}
        end = time.monotonic() + 30
        while missing and time.monotonic() < end:
            missing -= {one.topic for one in feed.listen(0.25) if isinstance(one, Heard)}
        assert not missing


def test_who_falls_behind_asks_again(mosquitto: Any, voice: Voice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_module, "_SECOND_LOOK_S", 0.0)
    with open_feed(mosquitto.url) as feed:
        until(feed, is_connected)
        feed._waiting._most = 10
        voice.say({f"cam-{number}/availability": b"online" for number in range(50)})
        deadline = time.monotonic() + 20
        while not feed._waiting.lost and time.monotonic() < deadline:
            time.sleep(0.05)
        feed._waiting._most = 1000
        happened = until(feed, lambda one: isinstance(one, Behind))
        seen = {one.topic for one in happened if isinstance(one, Heard)}
        assert len(seen) < 50
        while len(seen) < 50:
            seen |= {one.topic for one in until(feed, lambda one: isinstance(one, Heard)) if isinstance(one, Heard)}


@pytest.mark.parametrize("protocol", ["auto", "5", "3.1.1"])
def test_a_wrong_password_ends_it_and_is_not_shown(
    stopped_mosquitto: Any, program: Callable[[str], str], tmp_path: Path, protocol: str
) -> None:
    passwords = tmp_path / "passwords"
    subprocess.run([program("mosquitto_passwd"), "-b", "-c", str(passwords), "ana", "right"], check=True)
    own = f"listener {stopped_mosquitto.port} 127.0.0.1\nallow_anonymous false\n"
    (tmp_path / "mosquitto.conf").write_text(f"{own}password_file {passwords}\nuser {getpass.getuser()}\n")
    stopped_mosquitto.start()
    wrong = {"SAGUI_MQTT_USER": "ana", "SAGUI_MQTT_PASSWORD": "wr0ng"}
    with (
        open_feed(stopped_mosquitto.url, protocol, wrong) as feed,
        pytest.raises(
            BrokerError, match=r"refuses the connection: Not authori[sz]ed; set SAGUI_MQTT_USER and"
        ) as caught,
    ):
        until(feed, is_connected)
    assert "wr0ng" not in str(caught.value)
    with open_feed(stopped_mosquitto.url, protocol, wrong | {"SAGUI_MQTT_PASSWORD": "right"}) as feed:
        until(feed, is_connected)


def answer(server: socket.socket, refused: int) -> None:
    """Answers as a broker of MQTT 3.1.1 does that says no to the last so many topics."""
    connection, _ = server.accept()
    connection.recv(1000)
    connection.sendall(b"\x20\x02\x00\x00")
    packet = connection.recv(1000)
    reasons = bytes(len(EVERYTHING) - refused) + b"\x80" * refused
    connection.sendall(bytes([0x90, 2 + len(reasons)]) + packet[2:4] + reasons)
    connection.recv(1000)
    connection.close()


@pytest.mark.parametrize("refused", [1, len(EVERYTHING)])
def test_what_may_not_be_read_is_told_and_if_it_is_all_ends_it(refused: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(20)
        broker = threading.Thread(target=answer, args=(server, refused))
        broker.start()
        with open_feed(f"mqtt://127.0.0.1:{server.getsockname()[1]}", "3.1.1") as feed:
            if refused == 1:
                assert Connected((EVERYTHING[-1],)) in until(feed, is_connected)
            else:
                with pytest.raises(BrokerError, match=r"does not let us read sagui/\+/availability"):
                    until(feed, is_connected)
        broker.join(20)


@pytest.fixture(scope="module")
def site(
    tmp_path_factory: pytest.TempPathFactory, program: Callable[[str], str], eventually: Callable[..., bool]
) -> Iterator[tuple[str, Path]]:
    """A broker with TLS that lets in whom it knows by certificate."""
    folder, log = tmp_path_factory.mktemp("broker") / "site", tmp_path_factory.mktemp("log") / "log"
    port = free_port()
    where = ["--install-dir", folder / "mosquitto", "--port", port, "--bind", "127.0.0.1"]
    done = CliRunner().invoke(
        broker_command, ["init", str(folder), "--host", "localhost", "--reader", "grafana", *map(str, where)]
    )
    assert done.exit_code == 0, done.output
    conf = folder / "mosquitto" / "sagui.conf"
    conf.write_text(conf.read_text() + f"user {getpass.getuser()}\n")
    with log.open("wb") as out, subprocess.Popen([program("mosquitto"), "-c", str(conf)], stderr=out) as process:
        assert eventually(lambda: b" running" in log.read_bytes())
        yield f"mqtts://localhost:{port}", folder
        process.kill()


def test_a_readers_certificate_may_look(site: tuple[str, Path]) -> None:
    url, folder = site
    who = folder / "readers" / "grafana"
    files = Files(folder / "ca" / "ca.crt", who / "agent.crt", who / "agent.key")
    with open_feed(url, files=files) as feed:
        until(feed, is_connected)


def test_without_a_certificate_it_ends_and_says_what_may_be_missing(
    site: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_module, "_RETRY_MIN_S", 0.01)
    url, folder = site
    with (
        open_feed(url, files=Files(folder / "ca" / "ca.crt")) as feed,
        pytest.raises(BrokerError, match=r"it may want a certificate, or another one; see --certificate"),
    ):
        until(feed, is_connected)


def test_a_broker_that_a_stranger_vouches_for_is_not_believed(site: tuple[str, Path]) -> None:
    with open_feed(site[0]) as feed, pytest.raises(BrokerError, match=r"no TLS that we trust: .*--ca names whom"):
        until(feed, is_connected)


def test_what_speaks_no_mqtt_is_away_and_no_more() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        open_feed(f"mqtt://127.0.0.1:{server.getsockname()[1]}", "5") as feed,
    ):
        server.settimeout(20)
        connection, _ = server.accept()
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n" * 10)
        connection.close()
        until(feed, is_away)


def test_a_broker_that_hangs_up_on_mqtt_5_is_asked_in_3_1_1(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_module, "_RETRY_MIN_S", 0.01)
    versions = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(20)
        with open_feed(f"mqtt://127.0.0.1:{server.getsockname()[1]}") as feed:
            for _ in range(3):
                connection, _ = server.accept()
                versions.append(connection.recv(100)[8])
                connection.close()
            until(feed, is_away)
    assert versions == [5, 4, 5]


@given(st.integers(0, 10_000), st.integers())
def test_the_pause_before_another_attempt_is_random_and_bounded(attempt: int, seed: int) -> None:
    random = Random(seed)  # noqa: S311 (nothing is kept secret by it)
    assert 0 <= pause_s(attempt, random) <= min(30.0, 2.0 ** min(attempt, 10))
