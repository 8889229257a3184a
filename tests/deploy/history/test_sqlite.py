import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sagui.deploy.history import DamagedError, HistoryError, NewerError, Row
from sagui.deploy.history.sqlite import VERSION, SqliteHistory

Make = Callable[..., Row]


def test_a_file_of_a_newer_sagui_is_refused_and_left_alone(tmp_path: Path, row: Make) -> None:
    path = tmp_path / "history.db"
    made = SqliteHistory(path)
    made.add([row()])
    made.close()
    with sqlite3.connect(path) as other:
        other.execute(f"PRAGMA user_version = {VERSION + 1}")
    other.close()
    before = path.read_bytes()
    with pytest.raises(NewerError, match=r"newer sagui.*update sagui"):
        SqliteHistory(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", [b"no database at all, only text\n" * 100, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "history.db"
    path.write_bytes(content)
    with pytest.raises(DamagedError, match="name another file"):
        SqliteHistory(path)
    assert path.read_bytes() == content


def test_anothers_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "photos.db"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE photo (name TEXT)")
    other.close()
    with pytest.raises(DamagedError, match="another program's"):
        SqliteHistory(path)


def test_a_full_disk_is_told_and_nothing_half_is_left(tmp_path: Path, row: Make) -> None:
    history = SqliteHistory(tmp_path / "history.db")
    history._writer.execute("PRAGMA max_page_count = 20")
    with pytest.raises(HistoryError, match="the disk is full; free some space"):
        history.add([row(number, label=f"label {number}" * 9) for number in range(5000)])
    assert history.devices() == []
    history._writer.execute("PRAGMA max_page_count = 1073741823")
    assert history.add([row(number) for number in range(5000)]) == 5000  # and it goes on, with names and all
    assert history.devices() == ["porch"]
    history.close()


def test_a_file_that_may_not_be_written_is_told(tmp_path: Path, row: Make) -> None:
    history = SqliteHistory(tmp_path / "history.db")
    history._writer.execute("PRAGMA query_only = ON")
    with pytest.raises(HistoryError, match="read-only; make the file and its folder writable"):
        history.add([row()])
    history.close()


def test_a_folder_that_cannot_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HistoryError, match="its folder must be writable"):
        SqliteHistory(tmp_path / "file" / "history.db")


def test_a_lock_of_another_program_is_told_and_passes(tmp_path: Path, row: Make) -> None:
    history = SqliteHistory(tmp_path / "history.db", busy_s=0.0)
    other = sqlite3.connect(tmp_path / "history.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(HistoryError, match="locked by another program"):
        history.add([row()])
    other.execute("ROLLBACK")
    other.close()
    assert history.add([row()]) == 1
    history.close()


def test_a_second_dashboard_is_refused(tmp_path: Path) -> None:
    history = SqliteHistory(tmp_path / "history.db")
    with pytest.raises(HistoryError, match="another dashboard writes to it"):
        SqliteHistory(tmp_path / "history.db")
    history.close()
    SqliteHistory(tmp_path / "history.db").close()


def test_what_was_added_survives_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    code = (
        "import os, sys; from pathlib import Path; from sagui.deploy.history import Row; "
        "from sagui.deploy.history.sqlite import SqliteHistory; "
        "history = SqliteHistory(Path(sys.argv[1])); "
        "history.add([Row('porch', 'a-1', 1, 1, 1, 'cat', 0.5, 'pets', '1.0.0', '', 1.0)]); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", code, str(path)], check=False)
    history = SqliteHistory(path)
    assert [row.id for page in history.rows("porch", 0, 10) for row in page] == ["a-1"]
    history.close()


def test_names_that_nothing_uses_go_with_the_old(tmp_path: Path, row: Make, noon: int) -> None:
    history = SqliteHistory(tmp_path / "history.db")
    history.add([row(number, label=f"once {number}") for number in range(10_001)])
    history.add([row(20_000)])
    history.prune(noon + 20_000_000)
    with sqlite3.connect(tmp_path / "history.db") as reader:
        assert reader.execute("SELECT count(*) FROM name").fetchone()[0] < 10
    reader.close()
    assert history.add([row(20_001, label="once 1")]) == 1
    assert [one.label for page in history.rows("porch", 0, 2**42) for one in page] == ["cat", "once 1"]
    history.close()
