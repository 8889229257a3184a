"""A disk that is full, locked, or read-only: results go on from memory."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.device.outbox.holding import TOPIC, Clock, append, open_disk, payloads
from tests.device.said import Said

from sagui.device.outbox import (
    IN_MEMORY,
    DiskOutbox,
    default_folder,
    open_outbox,
)
from sagui.device.outbox import disk as disk_module


@contextmanager
def full_disk(outbox: DiskOutbox) -> Iterator[None]:
    """SQLite says "database or disk is full", as it does when the file system has no block left."""
    writer = outbox._database._writer
    pages = writer.execute("PRAGMA page_count").fetchone()[0]
    writer.execute(f"PRAGMA max_page_count = {pages}")
    yield
    writer.execute("PRAGMA max_page_count = 1000000")


def test_with_a_full_disk_results_go_on_from_memory_and_back_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said, clock = Said(), Clock()
    path = tmp_path / "outbox.db"
    outbox = open_disk(path, said=said, clock=clock)
    large = [b"%d" % number + b"x" * 5000 for number in range(6)]

    def put(payload: bytes) -> None:
        outbox.append(TOPIC, payload)
        outbox.flush()

    put(large[0])
    with full_disk(outbox):
        put(large[1])
        put(large[2])
        assert said.events == ["outbox-memory"]
        assert "full; results wait in memory" in said.texts[0]
        assert not outbox.durable
        assert payloads(outbox) == large[:3]
        outbox.rewind()
        rows = outbox.take(2)
        assert [row.payload for row in rows] == large[:2]
        outbox.acknowledge(rows[0].seq)
    put(large[3])
    assert not outbox.durable, "a disk that failed is left alone for a while"
    clock.now += disk_module.RETRY_S
    put(large[4])
    assert outbox.durable
    assert said.events == ["outbox-memory", "outbox-disk"]
    outbox.rewind()
    assert payloads(outbox) == large[1:5]
    outbox.close()
    again = open_disk(path)
    assert payloads(again) == large[1:5]
    again.close()


def test_memory_is_bounded_while_the_disk_is_full(tmp_path: Path) -> None:
    said, clock = Said(), Clock()
    outbox = open_disk(tmp_path / "outbox.db", said=said, clock=clock)
    with full_disk(outbox):
        outbox.append(TOPIC, b"x" * 5000)
        for number in range(IN_MEMORY.rows):
            outbox.append(TOPIC, b"%d" % number)
        outbox.flush()
        assert outbox.counts.dropped == 1
        assert payloads(outbox, 20_000)[0] == b"0"
    assert said.events == ["outbox-memory", "dropped"]
    outbox.close()


def test_a_file_that_another_program_locks_is_waited_for_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sagui.device.outbox.database._BUSY_S", 0.05)
    said, clock = Said(), Clock()
    outbox = open_disk(tmp_path / "outbox.db", said=said, clock=clock)
    other = sqlite3.connect(tmp_path / "outbox.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    append(outbox, 1)
    assert payloads(outbox) == [b"1"]
    assert "locked by another program" in said.texts[0]
    other.execute("ROLLBACK")
    other.close()
    clock.now += disk_module.RETRY_S
    append(outbox, 2)
    outbox.close()
    assert said.events == ["outbox-memory", "outbox-disk"]
    again = open_disk(tmp_path / "outbox.db")
    assert payloads(again) == [b"1", b"2"]
    again.close()


def test_a_place_that_cannot_be_written_means_memory(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    said = Said()
    outbox = open_outbox(tmp_path / "file" / "porch", said)
    assert not outbox.durable
    assert said.events == ["outbox-memory"]
    assert "make the folder writable" in said.texts[0]
    append(outbox, 1)
    assert payloads(outbox) == [b"1"]


def test_default_places() -> None:
    assert default_folder("porch", {"STATE_DIRECTORY": "/var/lib/sagui"}) == Path("/var/lib/sagui/porch")
    assert default_folder("porch", {"STATE_DIRECTORY": "/a:/b", "HOME": "/h"}) == Path("/a/porch")
    assert default_folder("porch", {"XDG_STATE_HOME": "/x", "HOME": "/h"}) == Path("/x/sagui/porch")
    assert default_folder("porch", {"HOME": "/h"}) == Path("/h/.local/state/sagui/porch")
