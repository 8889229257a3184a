"""What anyone may say on the topic ``command``."""

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.device.said import Said

from sagui.device.commands import LONGEST_BYTES, Commands, Ignored, parse_command
from sagui.device.events import JsonEvents, PlainEvents
from sagui.wire import Command, encode

NAMES = ("snapshot", "restart", "report")

json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
looks_like_a_command = st.fixed_dictionaries(
    {}, optional={"v": json_values, "command": json_values | st.sampled_from(NAMES), "id": json_values}
)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Asked:
    """Commands whose handlers note that they were called."""

    def __init__(self, *turned_off: str) -> None:
        self.done: list[str] = []
        self.said, self.clock = Said(), Clock()
        handlers: dict[Any, Callable[[], None]] = {
            name: lambda name=name: self.done.append(name)  # type: ignore[misc]
            for name in NAMES
            if name not in turned_off
        }
        self.commands = Commands(handlers, self.said, self.clock)
        self.clock.now += 10  # past the time in which a restart is not taken up

    def take(self, payload: bytes, *, retained: bool = False) -> None:
        self.commands.take(payload, retained=retained)


def reason_of(payload: bytes, *, retained: bool = False) -> str:
    answer = parse_command(payload, retained=retained)
    assert isinstance(answer, Ignored), payload
    return answer.reason


@pytest.mark.parametrize("name", NAMES)
def test_a_command_is_json_or_the_bare_word(name: Any) -> None:
    expected = Command(command=name)
    assert parse_command(encode(expected), retained=False) == expected
    assert parse_command(b'{"command": "%s"}' % name.encode(), retained=False) == expected
    assert parse_command(name.encode(), retained=False) == expected
    assert parse_command(b" %s\r\n" % name.encode(), retained=False) == expected


def test_an_id_comes_along_and_unknown_keys_do_no_harm() -> None:
    payload = b'{"v": 1, "command": "report", "id": "a-7", "later": {"x": [1]}}'
    assert parse_command(payload, retained=False) == Command(command="report", id="a-7")


@pytest.mark.parametrize(
    "payload",
    [
        b"reboot",
        b"Snapshot",
        b"snap shot",
        b"null",
        b"[]",
        b"{}",
        b"true",
        b"NaN",
        b'"snapshot"',
        b'["snapshot"]',
        b'{"command": "reboot"}',
        b'{"command": ["snapshot"]}',
        b'{"command": null}',
        b'{"command": NaN}',
        b'{"v": 2, "command": "snapshot"}',
        b'{"v": "1", "command": "snapshot"}',
        b'{"v": NaN, "command": "snapshot"}',
        b'{"command": "snapshot", "id": 7}',
        b'{"command": "snapshot", "id": "%s"}' % (b"x" * 65),
        b'{"command": "snapshot"',
        b'{"command": "snapshot"}}',
        b'{"command": "snapshot", "id": "\\ud800"}',
        b"\xff\xfe\x00",
        b"\x00",
        "snapshot".encode("utf-16"),
        '{"command": "\ud800"}'.encode("utf-8", "surrogatepass"),
        b"[" * LONGEST_BYTES,
        b'{"command":' * (LONGEST_BYTES // 11),
        b"9" * LONGEST_BYTES,
    ],
)
def test_what_is_no_command_is_unknown(payload: bytes) -> None:
    assert reason_of(payload) == "unknown"


def test_a_command_that_the_broker_kept_is_ignored() -> None:
    assert reason_of(b"restart", retained=True) == "retained"


def test_the_end_of_a_retained_message_is_no_command() -> None:
    assert reason_of(b"") == "empty"
    assert reason_of(b" \n") == "empty"


def test_what_is_too_long_is_not_looked_at() -> None:
    fits = b'{"command": "report"' + b" " * (LONGEST_BYTES - 21) + b"}"
    assert len(fits) == LONGEST_BYTES
    assert parse_command(fits, retained=False) == Command(command="report")
    assert reason_of(fits + b" ") == "long"
    assert reason_of(b"[" * 10_000_000) == "long"


@settings(deadline=None)
@given(
    st.binary(max_size=2 * LONGEST_BYTES)
    | st.text().map(lambda text: text.encode("utf-8", "surrogatepass"))
    | json_values.map(lambda value: json.dumps(value).encode())
    | looks_like_a_command.map(lambda value: json.dumps(value).encode()),
    st.booleans(),
)
@example(b'{"command": "snapshot", "command": "restart"}', False)
@example(b'{"id": "\\u0000\\n\\u2028", "command": "report"}', False)
def test_every_payload_has_an_answer(payload: bytes, retained: bool) -> None:  # noqa: FBT001
    answer = parse_command(payload, retained=retained)
    if isinstance(answer, Ignored):
        assert answer.text.isascii()
        assert answer.text.isprintable(), "or a payload could write lines of its own in the journal"
        assert len(answer.text) < 400
    else:
        assert answer.command in NAMES
        assert not retained


@settings(deadline=None)
@given(looks_like_a_command)
def test_a_command_is_taken_up_only_if_all_its_keys_are_right(value: dict[str, Any]) -> None:
    version = value.get("v", 1)
    right = (
        value.get("command") in NAMES
        and type(version) in {int, float}
        and version == 1
        and (value.get("id") is None or (isinstance(value["id"], str) and len(value["id"]) <= 64))
    )
    payload = json.dumps(value).encode()
    if len(payload) <= LONGEST_BYTES and right:
        assert isinstance(parse_command(payload, retained=False), Command)
    else:
        assert isinstance(parse_command(payload, retained=False), Ignored)


def test_a_command_is_carried_out_and_said() -> None:
    asked = Asked()
    asked.take(b'{"command": "snapshot", "id": "n1"}')
    assert asked.done == ["snapshot"]
    assert asked.said.texts == ["command: snapshot (id 'n1')"]
    assert asked.said.events == ["command"]
    assert asked.said.fields == [{"command": "snapshot", "id": "n1"}]
    assert asked.commands.ignored == 0


def test_nonsense_is_counted_and_each_kind_said_once() -> None:
    asked = Asked()
    for _ in range(3):
        asked.take(b"reboot")
        asked.take(b"")
        asked.take(b"restart", retained=True)
        asked.take(b"x" * 5000)
    assert asked.done == []
    assert asked.commands.ignored == 12
    assert [fields["reason"] for fields in asked.said.fields] == ["unknown", "empty", "retained", "long"]
    assert "'reboot' is no command" in asked.said.texts[0]


def test_a_command_that_is_turned_off_is_named() -> None:
    asked = Asked("snapshot")
    asked.take(b"snapshot")
    assert asked.done == []
    assert asked.said.texts == ["command ignored: snapshot is not turned on (said once; more of the kind are counted)"]


@pytest.mark.parametrize(("name", "least_s"), [("snapshot", 1.0), ("report", 1.0), ("restart", 10.0)])
def test_a_command_is_not_carried_out_too_often(name: str, least_s: float) -> None:
    asked = Asked()
    asked.take(name.encode())
    asked.clock.now += least_s - 0.001
    asked.take(name.encode())
    assert asked.done == [name]
    assert asked.commands.ignored == 1
    asked.clock.now += 0.001
    asked.take(name.encode())
    assert asked.done == [name, name]


def test_one_command_does_not_hold_up_another() -> None:
    asked = Asked()
    for name in NAMES:
        asked.take(name.encode())
    assert asked.done == list(NAMES)


def test_an_agent_that_has_just_started_does_not_restart() -> None:
    # Else a restart that is delivered again, because its acknowledgement was lost, would go on for ever.
    asked = Asked()
    asked.clock.now -= 10
    asked.take(b"restart")
    assert asked.done == []
    asked.clock.now += 10
    asked.take(b"restart")
    assert asked.done == ["restart"]


def test_commands_from_many_threads_are_all_counted() -> None:
    asked = Asked()

    def flood() -> None:
        for _ in range(500):
            asked.take(b"x")

    threads = [threading.Thread(target=flood) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert asked.commands.ignored == 4000
    assert len(asked.said.events) == 1


@pytest.mark.parametrize("events", [PlainEvents, JsonEvents])
def test_a_payload_writes_no_lines_of_its_own(events: Any, capsys: pytest.CaptureFixture[str]) -> None:
    commands = Commands({"report": lambda: None}, events())
    commands.take(b"x\n2026-01-01T00:00:00Z all is well\x1b[2J", retained=False)
    commands.take('{"command": "report", "id": "\\n\u2028é"}'.encode(), retained=False)
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_a_command_can_be_turned_on_and_off_meanwhile() -> None:
    done: list[str] = []
    handlers: dict[Any, Callable[[], None]] = {}
    commands = Commands(handlers, Said())
    commands.take(b"snapshot", retained=False)
    handlers["snapshot"] = lambda: done.append("snapshot")
    commands.take(b"snapshot", retained=False)
    del handlers["snapshot"]
    commands.take(b"snapshot", retained=False)
    assert done == ["snapshot"]
    assert commands.ignored == 2
