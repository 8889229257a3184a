"""A file that is damaged is set aside and said; results go on."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.device.outbox.holding import Eventually, append, open_disk, payloads
from tests.device.said import Said

from sagui.device.outbox import (
    open_outbox,
)
from sagui.device.outbox.database import Database
from sagui.device.outbox.errors import DamagedError


@pytest.mark.parametrize("content", [b"no database at all, " * 100, b"SQLite format 3\0" + b"\xff" * 8000])
def test_a_damaged_file_is_set_aside_and_said(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "outbox.db").write_bytes(content)
    (tmp_path / "outbox-damaged-1.db").write_bytes(b"an earlier one")
    said = Said()
    outbox = open_outbox(tmp_path, said)
    append(outbox, 1)
    assert payloads(outbox) == [b"1"]
    assert said.events == ["outbox-damaged"]
    assert "outbox-damaged-2.db" in said.texts[0]
    assert (tmp_path / "outbox-damaged-2.db").read_bytes() == content
    assert (tmp_path / "outbox-damaged-1.db").read_bytes() == b"an earlier one"
    outbox.close()


def test_another_programs_database_is_set_aside(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "outbox.db") as other:
        other.execute("CREATE TABLE theirs (x)")
    other.close()
    with pytest.raises(DamagedError, match="is no outbox of this version"):
        Database(tmp_path / "outbox.db")
    said = Said()
    open_outbox(tmp_path, said).close()
    assert said.events == ["outbox-damaged"]


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(0, 60_000), damage=st.binary(min_size=1, max_size=5000))
@example(at=3799, damage=b"\x80")  # in a column's name
def test_no_damage_to_the_file_is_more_than_a_loss_of_rows(
    eventually: Callable[..., bool], at: int, damage: bytes
) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "outbox.db"
        outbox = open_disk(path)
        append(outbox, *range(300))
        outbox.close()
        content = bytearray(path.read_bytes())
        at %= len(content)
        content[at : at + len(damage)] = damage
        path.write_bytes(content)
        opened = open_outbox(Path(folder), Said())
        append(opened, 1000)
        taken = payloads(opened)
        append(opened, 1001)

        def came() -> bool:  # where the damage is found by a read, another thread replaces the file
            taken.extend(payloads(opened))
            return b"1001" in taken or not opened.durable

        assert eventually(came)
        opened.close()


def test_damage_found_later_is_set_aside_too(tmp_path: Path) -> None:
    said = Said()
    path = tmp_path / "outbox.db"
    before = open_disk(path)
    append(before, *range(1000, 3000))
    before.close()
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 8192 * 4096)
        file.write(b"\xff" * 3 * 4096)
    outbox = open_disk(path, said=said)
    assert payloads(outbox) == []
    append(outbox, 1, 2)
    assert payloads(outbox) == [b"1", b"2"]
    assert said.events == ["outbox-damaged"]
    assert "with 2000 results" in said.texts[0]
    assert (outbox.counts.dropped, outbox.counts.waiting) == (2000, 2)
    assert (tmp_path / "outbox-damaged-1.db").exists()
    outbox.close()


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE message SET topic = CAST(x'ff' AS TEXT) WHERE seq = 2",
        "UPDATE message SET payload = 7 WHERE seq = 2",
        "UPDATE held SET rows = 'many'",
        "DELETE FROM held",
        "DROP TABLE held",
        "PRAGMA user_version = 2",
    ],
)
def test_rows_that_are_no_messages_are_damage(tmp_path: Path, damage: str, eventually: Eventually) -> None:
    before = open_disk(tmp_path / "outbox.db")
    append(before, 1, 2, 3)
    before.close()
    with closing(sqlite3.connect(tmp_path / "outbox.db", isolation_level=None)) as database:
        database.execute(damage)
    said = Said()
    outbox = open_outbox(tmp_path, said)
    assert payloads(outbox) == []
    assert eventually(lambda: "outbox-damaged" in said.events)
    append(outbox, 4)
    assert payloads(outbox) == [b"4"]
    assert outbox.counts.waiting == 1
    outbox.close()
