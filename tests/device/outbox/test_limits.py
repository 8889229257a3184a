"""What is bounded: the oldest goes first, and is counted."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from tests.device.outbox.holding import Clock, append, open_disk, payloads
from tests.device.said import Said

from sagui.device.outbox import (
    Limits,
    MemoryOutbox,
)
from sagui.device.outbox.rules import Entry, Held, excess


def test_past_the_rows_the_oldest_goes_and_is_counted(tmp_path: Path) -> None:
    said = Said()
    for outbox in (open_disk(tmp_path / "a.db", Limits(rows=3), said), MemoryOutbox(said, Limits(rows=3))):
        append(outbox, 1, 2, 3, 4, 5)
        assert payloads(outbox) == [b"3", b"4", b"5"]
        assert (outbox.counts.dropped, outbox.counts.waiting) == (2, 3)
        outbox.close()
    assert said.events == ["dropped", "dropped"]


def test_what_is_on_its_way_is_not_dropped(tmp_path: Path) -> None:
    for outbox in (open_disk(tmp_path / "a.db", Limits(rows=3)), MemoryOutbox(Said(), Limits(rows=3))):
        append(outbox, 1, 2, 3)
        given = outbox.take(2)
        append(outbox, 4, 5)
        assert payloads(outbox) == [b"5"]
        for row in given:
            outbox.acknowledge(row.seq)
        assert outbox.counts.dropped == 2
        assert outbox.counts.waiting == 1
        outbox.close()


def test_bytes_and_age_are_limits_too(tmp_path: Path) -> None:
    clock = Clock()
    outbox = open_disk(tmp_path / "a.db", Limits(bytes=3, age_s=60), clock=clock)
    append(outbox, 1, 2, 3, 4)
    assert payloads(outbox) == [b"2", b"3", b"4"]
    outbox.rewind()
    clock.now += 61
    append(outbox, 5)
    assert payloads(outbox) == [b"5"]
    assert outbox.counts.dropped == 4
    outbox.close()


def test_time_without_power_makes_nothing_older(tmp_path: Path) -> None:
    # The clock of the next start has nothing to do with that of this one.
    early, late = Clock(), Clock()
    early.now, late.now = 5_000_000.0, 3.0
    for clock, number in ((early, 1), (late, 2)):
        outbox = open_disk(tmp_path / "a.db", Limits(age_s=60), clock=clock)
        append(outbox, number)
        clock.now += 40
        outbox.close()
    last = open_disk(tmp_path / "a.db", Limits(age_s=60), clock=late)
    append(last, 3)
    assert payloads(last) == [b"1", b"2", b"3"]
    late.now += 61
    last.rewind()
    append(last, 4)
    assert payloads(last) == [b"4"]
    last.close()


def test_dropping_is_said_again_after_all_was_delivered(tmp_path: Path) -> None:
    for name, make in (("disk", open_disk), ("memory", None)):
        said = Said()
        limits = Limits(rows=1)
        outbox = make(tmp_path / name, limits, said) if make else MemoryOutbox(said, limits)
        append(outbox, 1, 2)
        append(outbox, 3)
        assert said.events == ["dropped"], name
        for row in outbox.take(9):
            outbox.acknowledge(row.seq)
        append(outbox, 4, 5)
        assert said.events == ["dropped", "dropped"], name
        outbox.close()


entries = st.lists(st.tuples(st.integers(0, 50), st.floats(0, 10)), max_size=20).map(
    lambda pairs: [
        Entry(seq + 1, size, born) for seq, (size, born) in enumerate(sorted(pairs, key=lambda pair: pair[1]))
    ]
)


@given(entries, st.integers(0, 20), st.integers(0, 300), st.floats(0, 20))
def test_no_more_is_dropped_than_has_to_be(rows: list[Entry], most: int, most_bytes: int, age_s: float) -> None:
    limits, now_s = Limits(most, most_bytes, age_s), 20.0
    held = Held(len(rows), sum(row.size_bytes for row in rows))
    over = excess(rows, held, limits, now_s)

    def fits(kept: list[Entry]) -> bool:
        return (
            len(kept) <= most
            and sum(row.size_bytes for row in kept) <= most_bytes
            and all(now_s - row.born_s <= age_s for row in kept)
        )

    assert fits(rows[over.held.rows :])
    assert not over.held.rows or not fits(rows[over.held.rows - 1 :])
    assert over.held.bytes == sum(row.size_bytes for row in rows[: over.held.rows])
    assert over.upto == (rows[over.held.rows - 1].seq if over.held.rows else 0)
