"""The broker, step by step, against real ones and ones that refuse."""

import getpass
import socket
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from sagui.device.doctor import broker
from sagui.device.doctor.broker import REASONS, check_broker, explain_unreachable
from sagui.device.doctor.report import Finding, Level
from sagui.device.doctor.tls import Files
from sagui.device.machine import Machine
from sagui.device.mqtt.address import Address

Answers = Callable[[dict[int, bytes | None]], int]
BOTH = ("5", "3.1.1")
# Started by root, mosquitto would become another user, who may not read the test's files.
AS_WE_ARE = f"user {getpass.getuser()}"


def ask(address: Address, files: Files | None = None, versions: tuple[str, ...] = BOTH) -> list[Finding]:
    return check_broker(Machine(), address, files or Files(), versions, datetime.now(UTC))


def connack_5(code: int) -> bytes:
    return bytes([0x20, 3, 0, code, 0])


def connack_3(code: int) -> bytes:
    return bytes([0x20, 2, 0, code])


@pytest.mark.parametrize("version", BOTH)
def test_a_broker_lets_us_in(mosquitto: Any, version: str) -> None:
    (finding,) = ask(Address("127.0.0.1", mosquitto.port), versions=(version,))
    assert finding.level is Level.OK
    assert f"(no user, MQTT {version})" in finding.text


def test_the_agents_own_connection_is_left_alone(mosquitto: Any, eventually: Callable[..., bool]) -> None:
    import paho.mqtt.client as mqtt
    from paho.mqtt.enums import CallbackAPIVersion

    lost: list[object] = []
    agent = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="sagui-porch")
    agent.on_disconnect = lambda *_: lost.append(1)
    agent.connect("127.0.0.1", mosquitto.port)
    agent.loop_start()
    assert eventually(agent.is_connected)
    assert ask(Address("127.0.0.1", mosquitto.port))[0].level is Level.OK
    assert agent.is_connected()
    assert not lost
    agent.disconnect()
    agent.loop_stop()


@pytest.fixture
def with_password(tmp_path: Path, stopped_mosquitto: Any, program: Callable[[str], str]) -> Any:
    passwords = tmp_path / "passwords"
    passwords.touch()
    subprocess.run([program("mosquitto_passwd"), "-b", str(passwords), "pi", "right"], check=True, capture_output=True)
    config = tmp_path / "mosquitto.conf"
    open_to_all = config.read_text()
    closed = open_to_all.replace("allow_anonymous true", f"allow_anonymous false\npassword_file {passwords}")
    config.write_text(f"{AS_WE_ARE}\n{closed}")
    stopped_mosquitto.start()
    return stopped_mosquitto


@pytest.mark.parametrize("version", BOTH)
@pytest.mark.parametrize(("user", "password"), [(None, None), ("pi", "wrong"), ("pi", "right")])
def test_credentials_are_tried(with_password: Any, version: str, user: str | None, password: str | None) -> None:
    address = Address("127.0.0.1", with_password.port, user=user, password=password)
    (finding,) = ask(address, versions=(version,))
    assert finding.level is (Level.OK if password == "right" else Level.FAILED)  # noqa: S105 (a test's own)
    if finding.level is Level.FAILED:
        assert "mosquitto_passwd" in finding.mend
    if password is not None:
        assert password not in finding.text + finding.mend


def test_no_broker_at_all() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    (finding,) = ask(Address("127.0.0.1", port))
    assert finding.level is Level.FAILED
    assert "nothing listens there" in finding.text


@pytest.mark.parametrize(
    ("error", "words", "mend"),
    [
        (socket.gaierror(-2, "Name or service not known"), "no such name", "getent hosts far.local"),
        (TimeoutError(), "no answer within", "ping far.local"),
        (OSError(113, "No route to host"), "No route to host", "ip route"),
    ],
)
def test_what_cannot_be_reached_is_explained(error: OSError, words: str, mend: str) -> None:
    finding = explain_unreachable(error, Address("far.local", 1883))
    assert finding.level is Level.FAILED
    assert words in finding.text
    assert mend in finding.mend


@pytest.mark.parametrize("code", [0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8A, 0x8C, 0x97, 0x9C, 0x9D, 0x9F])
def test_every_reason_of_mqtt_5_is_explained(broker_that_answers: Answers, code: int) -> None:
    (finding,) = ask(Address("127.0.0.1", broker_that_answers({5: connack_5(code)})), versions=("5",))
    assert finding.level is Level.FAILED
    assert any(f"{reason}; {why}" in finding.text for reason, (why, _) in REASONS.items())


@pytest.mark.parametrize("code", [2, 3, 4, 5])
def test_every_reason_of_mqtt_3_1_1_is_explained(broker_that_answers: Answers, code: int) -> None:
    (finding,) = ask(Address("127.0.0.1", broker_that_answers({4: connack_3(code)})), versions=("3.1.1",))
    assert finding.level is Level.FAILED
    assert any(f"{reason}; {why}" in finding.text for reason, (why, _) in REASONS.items())


def test_a_reason_without_a_meaning_is_told_as_it_is(broker_that_answers: Answers) -> None:
    (finding,) = ask(Address("127.0.0.1", broker_that_answers({5: connack_5(0x83)})), versions=("5",))
    assert "Implementation specific error" in finding.text


@pytest.mark.parametrize(
    "answer", [connack_5(0x84), connack_3(1), None], ids=["refuses", "refuses in its own way", "hangs up"]
)
def test_a_broker_of_3_1_1_alone_is_a_warning(broker_that_answers: Answers, answer: bytes | None) -> None:
    (finding,) = ask(Address("127.0.0.1", broker_that_answers({5: answer, 4: connack_3(0)})))
    assert finding.level is Level.WARNING
    assert "does not speak MQTT 5" in finding.text
    assert "--mqtt 3.1.1" in finding.mend


def test_wrong_credentials_are_not_tried_twice(broker_that_answers: Answers) -> None:
    (finding,) = ask(Address("127.0.0.1", broker_that_answers({5: connack_5(0x86), 4: connack_3(0)})))
    assert finding.level is Level.FAILED
    assert "Bad user name or password" in finding.text


def test_what_is_no_broker_is_told_so(broker_that_answers: Answers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker, "LIMIT_S", 0.3)
    answers: dict[int, bytes | None] = {5: b"HTTP/1.1 400 Bad Request\r\n\r\n", 4: None}
    (finding,) = ask(Address("127.0.0.1", broker_that_answers(answers)))
    assert finding.level is Level.FAILED
    assert "does not answer as a broker does" in finding.text


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.binary(max_size=40)
    | st.binary(max_size=12).map(lambda rest: bytes([0x20, len(rest)]) + rest)
    | st.binary(max_size=12).map(lambda rest: bytes([0x20, len(rest) + 3, 0, 0, len(rest)]) + rest)
)
@example(b"\x20\x06\x00\x00\x03\x12\x00\x09")
def test_no_answer_upsets_the_doctor(
    broker_that_answers: Answers, monkeypatch: pytest.MonkeyPatch, answer: bytes
) -> None:
    monkeypatch.setattr(broker, "LIMIT_S", 0.05)
    (finding,) = ask(Address("127.0.0.1", broker_that_answers({5: answer, 4: answer})))
    assert finding.check == "broker"
    assert finding.mend or finding.level is Level.OK


def test_a_paho_that_is_too_old_leaves_the_rest_standing(mosquitto: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "paho.mqtt.enums", None)
    (finding,) = ask(Address("127.0.0.1", mosquitto.port))
    assert finding.level is Level.WARNING
    assert "MQTT was not tried" in finding.text


@pytest.fixture
def secured(
    tmp_path: Path, stopped_mosquitto: Any, certify: Callable[..., tuple[Path, Path]]
) -> Callable[..., tuple[Any, Path]]:
    """Starts a broker with a certificate of its own."""

    def start(extra: str = "", **how: Any) -> tuple[Any, Path]:
        certificate, key = certify("broker", **how)
        config = tmp_path / "mosquitto.conf"
        config.write_text(f"{AS_WE_ARE}\n{config.read_text()}certfile {certificate}\nkeyfile {key}\n{extra}\n")
        stopped_mosquitto.start()
        return stopped_mosquitto, certificate

    return start


def test_a_trusted_certificate_is_all_right_and_its_end_is_told(secured: Callable[..., tuple[Any, Path]]) -> None:
    listening, authority = secured()
    ours, shown, welcome = ask(Address("localhost", listening.port, tls=True), Files(authority))
    assert {ours.level, shown.level, welcome.level} == {Level.OK}
    assert "is valid until" in shown.text
    assert "lets us in" in welcome.text


@pytest.mark.parametrize(
    ("begins", "ends", "words", "mend"),
    [(-400, -30, "has expired", "renew it"), (30, 400, "is not valid yet", "set-ntp")],
)
def test_a_certificate_of_another_time_is_refused(
    secured: Callable[..., tuple[Any, Path]], begins: int, ends: int, words: str, mend: str
) -> None:
    listening, authority = secured(begins=begins, days=ends)
    ours, refusal = ask(Address("localhost", listening.port, tls=True), Files(authority))
    assert {ours.level, refusal.level} == {Level.FAILED}
    assert words in refusal.text
    assert mend in refusal.mend


def test_an_authority_that_is_not_known_is_refused(secured: Callable[..., tuple[Any, Path]]) -> None:
    listening, _ = secured()
    (finding,) = ask(Address("localhost", listening.port, tls=True))
    assert finding.level is Level.FAILED
    assert finding.mend.endswith("--ca CA.crt")


def test_a_certificate_for_another_name_is_refused(secured: Callable[..., tuple[Any, Path]]) -> None:
    listening, authority = secured(host="elsewhere")
    last = ask(Address("localhost", listening.port, tls=True), Files(authority))[-1]
    assert last.level is Level.FAILED
    assert "is not for localhost" in last.text


def test_a_certificate_that_ends_soon_is_a_warning(secured: Callable[..., tuple[Any, Path]]) -> None:
    listening, authority = secured(days=3)
    findings = ask(Address("localhost", listening.port, tls=True), Files(authority))
    assert [finding.level for finding in findings] == [Level.WARNING, Level.WARNING, Level.OK]


def test_a_broker_that_wants_our_certificate_gets_it(
    secured: Callable[..., tuple[Any, Path]], certify: Callable[..., tuple[Path, Path]]
) -> None:
    certificate, key = certify("ours")
    listening, authority = secured(f"cafile {certificate}\nrequire_certificate true")
    address = Address("localhost", listening.port, tls=True)
    assert ask(address, Files(authority, certificate, key))[-1].level is Level.OK
    without = ask(address, Files(authority))[-1]
    assert without.level is Level.FAILED
    assert "--cert FILE" in without.mend


def test_a_plain_listener_does_not_speak_tls(mosquitto: Any) -> None:
    (finding,) = ask(Address("localhost", mosquitto.port, tls=True))
    assert finding.level is Level.FAILED
    assert "does not answer in TLS" in finding.text or "Connection reset" in finding.text


def test_files_that_cannot_be_used_end_the_check(mosquitto: Any, tmp_path: Path) -> None:
    (finding,) = ask(Address("localhost", mosquitto.port, tls=True), Files(tmp_path / "none.crt"))
    assert finding.level is Level.FAILED
    assert "cannot be used" in finding.text


def test_a_broker_that_hangs_is_given_up(broker_that_answers: Answers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker, "LIMIT_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        (finding,) = ask(Address("127.0.0.1", silent.getsockname()[1]), versions=("5",))
    assert finding.level is Level.FAILED
    assert "does not answer as a broker does" in finding.text
