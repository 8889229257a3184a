"""What is on disk is there again after any end."""

from pathlib import Path

import pytest
from tests.device.outbox.holding import append, crash, open_disk, payloads
from tests.device.said import Said

from sagui.device.outbox import (
    OutboxError,
    open_outbox,
)


def test_a_new_start_finds_what_waited(tmp_path: Path) -> None:
    said = Said()
    before = open_outbox(tmp_path / "deep" / "down", said)
    append(before, 1, 2, 3)
    before.acknowledge(before.take(1)[0].seq)
    before.close()
    after = open_outbox(tmp_path / "deep" / "down", said)
    assert (after.counts.inherited, after.counts.waiting) == (2, 2)
    assert "2 results of an earlier start wait in" in said.texts[-1]
    append(after, 4)
    assert payloads(after) == [b"2", b"3", b"4"]
    after.close()


def test_what_can_be_taken_survives_a_kill(tmp_path: Path) -> None:
    outbox = open_disk(tmp_path / "outbox.db")
    seen: list[Path] = []
    outbox.when_ready(lambda: seen.append(crash(outbox, tmp_path / "outbox.db", tmp_path / f"crash{len(seen)}")))
    append(outbox, 1)
    append(outbox, 2, 3)
    taken = payloads(outbox)
    outbox.close()
    assert taken == [b"1", b"2", b"3"]
    found = []
    for path in seen:
        again = open_disk(path)
        found.append(payloads(again))
        again.close()
    assert found[-1] == taken
    assert all(some == taken[: len(some)] and some for some in found)


def test_every_commit_is_synced(tmp_path: Path) -> None:
    outbox = open_disk(tmp_path / "outbox.db")
    writer = outbox._database._writer
    assert writer.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert writer.execute("PRAGMA synchronous").fetchone() == (2,)
    outbox.close()


def test_a_second_agent_is_told_that_there_is_a_first(tmp_path: Path) -> None:
    first = open_outbox(tmp_path, Said())
    with pytest.raises(OutboxError, match=r"another agent uses .*; stop it, or give this one another --device"):
        open_outbox(tmp_path, Said())
    first.close()
    open_outbox(tmp_path, Said()).close()
