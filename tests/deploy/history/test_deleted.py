"""A database whose file goes, or becomes another one, while results are written to it."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sagui.deploy.history import DamagedError, HistoryError, Row, Tally, Writer
from sagui.deploy.history.sqlite import SqliteHistory

Make = Callable[..., Row]
Eventually = Callable[..., bool]


class Clock:
    """Seconds that grow when they are told to."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "history.db"


@pytest.fixture
def history(path: Path) -> SqliteHistory:
    return SqliteHistory(path)


@pytest.fixture
def writer(history: SqliteHistory, clock: Clock) -> Iterator[Writer]:
    made = Writer(history, monotonic=clock)
    yield made
    made.close()


def delete(path: Path) -> None:
    """As `rm history.db*` does."""
    for file in path.parent.glob("history.db*"):
        file.unlink()


def numbers(path: Path) -> list[int]:
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as reader:
        found = [int(name.rpartition("-")[2]) for (name,) in reader.execute("SELECT id FROM result ORDER BY at_ms")]
    reader.close()
    return found


def put(writer: Writer, row: Make, *which: int) -> None:
    for number in which:
        writer.put(row(number))


def test_what_was_written_into_a_deleted_file_waits_and_is_written_into_a_new_one(
    path: Path, writer: Writer, row: Make, clock: Clock, eventually: Eventually
) -> None:
    put(writer, row, 0)
    assert eventually(lambda: writer.tally == Tally(written=1))
    clock.now_s += 1.0
    put(writer, row, 1)
    assert eventually(lambda: writer.tally == Tally(written=2))  # the check before it found all well
    delete(path)
    put(writer, row, 2)
    assert eventually(lambda: writer.tally == Tally(written=3))  # nobody has looked again yet
    clock.now_s += 1.0
    trouble = f"database {path}: was deleted or moved; it is made anew within seconds"
    assert eventually(lambda: writer.tally == Tally(written=1, waiting=2, trouble=trouble))
    assert not path.exists()
    put(writer, row, 3)
    clock.now_s += 5.0
    assert eventually(lambda: writer.tally == Tally(written=4))
    assert numbers(path) == [1, 2, 3]


def test_it_is_noticed_and_made_anew_though_no_result_comes(
    path: Path, writer: Writer, clock: Clock, eventually: Eventually
) -> None:
    delete(path)
    clock.now_s += 1.0
    assert eventually(lambda: "was deleted" in writer.tally.trouble)
    clock.now_s += 5.0
    assert eventually(lambda: writer.tally == Tally())
    assert numbers(path) == []


def test_a_file_deleted_at_the_very_end_loses_nothing(
    path: Path, history: SqliteHistory, row: Make, clock: Clock, eventually: Eventually
) -> None:
    writer = Writer(history, monotonic=clock)
    writer.put(row(0))
    assert eventually(lambda: writer.tally.written == 1)
    delete(path)
    writer.put(row(1))
    writer.close()
    assert numbers(path) == [0, 1]
    assert writer.tally.dropped == 0


def test_the_new_file_is_locked_as_the_old_one_was(
    path: Path, writer: Writer, clock: Clock, eventually: Eventually
) -> None:
    delete(path)
    clock.now_s += 1.0
    assert eventually(lambda: bool(writer.tally.trouble))
    clock.now_s += 5.0
    assert eventually(lambda: not writer.tally.trouble)
    with pytest.raises(HistoryError, match="another dashboard writes to it"):
        SqliteHistory(path)


def test_a_lock_that_was_deleted_alone_is_taken_again(path: Path, history: SqliteHistory, row: Make) -> None:
    history.add([row(0)])
    path.with_name("history.db.lock").unlink()
    history.check()
    with pytest.raises(HistoryError, match="another dashboard writes to it"):
        SqliteHistory(path)
    assert history.add([row(1)]) == 1
    history.close()
    assert numbers(path) == [0, 1]


def test_two_never_write_to_one_file_though_the_lock_was_deleted(path: Path, row: Make) -> None:
    first = SqliteHistory(path)
    path.with_name("history.db.lock").unlink()
    second = SqliteHistory(path)
    with pytest.raises(HistoryError, match="another dashboard writes to it"):
        first.check()
    with pytest.raises(HistoryError, match="another dashboard writes to it"):
        first.add([row(0)])
    second.close()
    first.check()
    assert first.add([row(0)]) == 1
    first.close()


def test_a_file_that_was_moved_alone_has_all_that_was_written(
    tmp_path: Path, path: Path, history: SqliteHistory, row: Make
) -> None:
    history.add([row(0), row(1)])
    path.rename(tmp_path / "kept.db")
    with pytest.raises(HistoryError, match="was deleted or moved"):
        history.check()
    history.check()
    assert history.add([row(2)]) == 1
    history.close()
    assert (numbers(tmp_path / "kept.db"), numbers(path)) == ([0, 1], [2])


def test_another_programs_file_in_its_place_is_refused_and_left_alone(
    tmp_path: Path, path: Path, writer: Writer, row: Make, clock: Clock, eventually: Eventually
) -> None:
    put(writer, row, 0)
    assert eventually(lambda: writer.tally == Tally(written=1))
    other = sqlite3.connect(tmp_path / "photos.db", isolation_level=None)
    other.executescript("PRAGMA journal_mode = WAL; CREATE TABLE photo (name TEXT)")
    delete(path)
    for end in ("", "-wal", "-shm"):
        os.replace(tmp_path / f"photos.db{end}", f"{path}{end}")  # noqa: PTH105 (as mv does)
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir() if not file.name.endswith("-shm")}
    clock.now_s += 1.0
    assert eventually(lambda: "was replaced by another file" in writer.tally.trouble)
    put(writer, row, 1)
    clock.now_s += 5.0
    assert eventually(lambda: "is another program's; name another file" in writer.tally.trouble)
    assert (writer.tally.waiting, writer.tally.dropped) == (2, 0)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir() if not file.name.endswith("-shm")} == before
    other.close()
    delete(path)
    clock.now_s += 5.0
    assert eventually(lambda: writer.tally == Tally(written=2))
    assert numbers(path) == [0, 1]


def test_a_history_of_ours_in_its_place_is_gone_on_with(
    tmp_path: Path, path: Path, writer: Writer, row: Make, clock: Clock, eventually: Eventually
) -> None:
    kept = SqliteHistory(tmp_path / "kept.db")
    kept.add([row(number, label="dog") for number in (7, 8)])
    kept.close()
    put(writer, row, 9)
    assert eventually(lambda: writer.tally.written == 1)
    delete(path)
    (tmp_path / "kept.db").rename(path)
    clock.now_s += 1.0
    assert eventually(lambda: "was replaced" in writer.tally.trouble)
    clock.now_s += 5.0
    assert eventually(lambda: writer.tally == Tally(written=1))
    assert numbers(path) == [7, 8, 9]


def test_who_reads_a_deleted_file_is_told_that_it_was_deleted(path: Path, history: SqliteHistory) -> None:
    delete(path)
    for look in (history.devices, history.check, history.devices):
        with pytest.raises(HistoryError, match="was deleted or moved"):
            look()
    history.check()
    assert history.devices() == []
    history.close()


def test_a_refused_database_gets_no_lock_beside_it(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "photos.db") as other:
        other.execute("CREATE TABLE photo (name TEXT)")
    other.close()
    with pytest.raises(DamagedError, match="another program's"):
        SqliteHistory(tmp_path / "photos.db")
    assert [file.name for file in tmp_path.iterdir()] == ["photos.db"]


def test_a_lock_that_was_there_before_stays(tmp_path: Path) -> None:
    (tmp_path / "history.db.lock").touch()
    (tmp_path / "history.db").write_bytes(b"no database at all, only text\n" * 100)
    with pytest.raises(DamagedError):
        SqliteHistory(tmp_path / "history.db")
    assert (tmp_path / "history.db.lock").exists()


def test_a_folder_is_told_to_be_one(tmp_path: Path) -> None:
    with pytest.raises(HistoryError, match=r"is a folder; name a file, such as .*/history\.db"):
        SqliteHistory(tmp_path)
    assert not tmp_path.with_name(tmp_path.name + ".lock").exists()
