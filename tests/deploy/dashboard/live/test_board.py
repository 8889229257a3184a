from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sagui.deploy.dashboard.live.absence import Absence
from sagui.deploy.dashboard.live.board import Board
from sagui.deploy.history import Writer
from sagui.deploy.history.sqlite import SqliteHistory
from sagui.deploy.watch import Limits

Eventually = Callable[..., bool]
LOST = Absence("lost", "mqtt://hut:1883", "Unspecified error")
MISSING = Absence("missing", "mqtt://hut:1883", "Connection refused")


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[Writer]:
    opened = Writer(SqliteHistory(tmp_path / "history.db"))
    yield opened
    opened.close()


@pytest.fixture
def board(script: Any, writer: Writer) -> Iterator[Board]:
    opened = Board(script, writer, Limits(devices=20))
    yield opened
    opened.close()


def test_only_what_changed_is_named(board: Board, script: Any, words: Any, eventually: Eventually) -> None:
    for device in ("a", "b", "c"):
        script.say(f"sagui/{device}/state", words.state())
    assert eventually(lambda: len(board.changed(0)[1]) == 3)
    serial, _ = board.changed(0)
    assert board.changed(serial) == (serial, [])
    script.say("sagui/b/state", words.state("dog"))
    assert eventually(lambda: board.changed(serial)[1] == ["b"])
    assert board.see(["b"])["b"].row.streams[0].label == "dog"


def test_a_device_that_was_taken_back_is_named_and_gone(
    board: Board, script: Any, words: Any, eventually: Eventually
) -> None:
    script.say("sagui/a/state", words.state())
    assert eventually(lambda: board.changed(0)[1] == ["a"])
    serial, _ = board.changed(0)
    script.say("sagui/a/state", b"")
    assert eventually(lambda: board.changed(serial)[1] == ["a"])
    assert board.see(["a"]) == {}


def test_results_are_saved_once(board: Board, script: Any, words: Any, writer: Writer, eventually: Eventually) -> None:
    for number in (1, 2, 2):
        script.say("sagui/a/result", words.result(number))
    assert eventually(lambda: (writer.tally.written, writer.tally.doubled) == (2, 1))


def test_garbage_is_not_saved_and_harms_nothing(
    board: Board, script: Any, words: Any, writer: Writer, eventually: Eventually
) -> None:
    for payload in (b"", b"\xff", b"[" * 100_000, b"{}", words.result(1)[:-5], b"x" * 10_000_000):
        script.say("sagui/a/result", payload)
    for topic in ("sagui", "sagui//result", "sagui/../result", "sagui/A B/result", "other/a/result", "sagui/a/"):
        script.say(topic, words.result(7))
    script.say("sagui/a/result", words.result(9))
    assert eventually(lambda: writer.tally.written == 1)
    row = board.see(["a"])["a"].row
    assert row.unreadable == 5  # an empty one of a device that is not known tells of none


def test_photos_are_kept_beside(board: Board, script: Any, words: Any, eventually: Eventually) -> None:
    script.say("sagui/a/state", words.state())
    script.say("sagui/a/snapshot", b"\xff\xd8\xff1")
    assert eventually(lambda: board.photo("a") is not None)
    photo = board.see(["a"])["a"].photo
    assert photo is not None
    assert photo.jpeg == b"\xff\xd8\xff1"
    script.say("sagui/a/snapshot", b"")
    assert eventually(lambda: board.photo("a") is None)


def test_devices_without_end_are_bounded_and_told(board: Board, script: Any, eventually: Eventually) -> None:
    for number in range(50):
        script.say(f"sagui/device-{number}/availability", b"online")
    assert eventually(lambda: board.condition.crowded == 30)
    assert len(board.rows()) == 20


def test_names_that_come_and_go_do_not_pile_up(board: Board, script: Any, words: Any, eventually: Eventually) -> None:
    for number in range(200):
        script.say(f"sagui/device-{number}/availability", b"online")
        script.say(f"sagui/device-{number}/result", words.result(number))
        script.say(f"sagui/device-{number}/availability", b"")
    script.say("sagui/last/availability", b"online")
    assert eventually(lambda: "last" in board.see(["last"]))
    assert len(board._changed) <= 41
    assert len(board._budgets) <= 41


def test_all_that_was_heard_is_kept_when_it_ends(script: Any, tmp_path: Path, words: Any) -> None:
    # The broker was told that they arrived, and will not send them again.
    writer = Writer(SqliteHistory(tmp_path / "history.db"))
    for number in range(3000):
        script.say("sagui/porch/result", words.result(number))
    Board(script, writer).close()
    writer.close()
    assert writer.tally.written == 3000


def test_the_brokers_absence_is_told(board: Board, script: Any) -> None:
    script.away, script.overrun = LOST, 3
    assert (board.condition.away, board.condition.overrun) == (LOST, 3)


def test_a_broker_is_awaited_until_it_was_there_once(script: Any, writer: Writer, eventually: Eventually) -> None:
    script.away = MISSING
    board = Board(script, writer)
    assert board.is_awaited
    script.away = None
    assert eventually(lambda: not board.is_awaited)
    script.away = LOST
    assert not eventually(lambda: board.is_awaited, 0.5)
    board.close()


def test_what_is_wrong_is_written_once_for_who_has_no_page_open(
    board: Board, script: Any, eventually: Eventually, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sagui.deploy.dashboard.live.aside.LASTS_S", 0.0)
    lines: list[str] = []
    board.tell(lines.append)
    script.away = MISSING
    assert eventually(lambda: lines == ["the broker is away: mqtt://hut:1883 is not there: Connection refused"])
    script.away = Absence("refused", "mqtt://hut:1883", "Banned")
    assert eventually(
        lambda: lines[1:] == ["the broker cannot be used: mqtt://hut:1883 refuses the connection: Banned"]
    )
    script.away = None
    assert eventually(lambda: lines[2:] == ["the broker is connected again"])


def test_a_terminal_that_is_gone_does_not_stop_it(
    board: Board, script: Any, words: Any, eventually: Eventually, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sagui.deploy.dashboard.live.aside.LASTS_S", 0.0)
    told: list[str] = []

    def gone(line: str) -> None:
        told.append(line)
        raise BrokenPipeError

    board.tell(gone)
    script.away = MISSING
    assert eventually(lambda: bool(told))
    script.say("sagui/porch/state", words.state())
    assert eventually(lambda: "porch" in board.see(["porch"]))
