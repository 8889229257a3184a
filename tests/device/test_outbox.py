"""What waits for the broker: durable before it can be taken, in order, bounded, and whole after any end."""

import shutil
import sqlite3
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from tests.device.said import Said

from sagui.device.outbox import (
    IN_MEMORY,
    DiskOutbox,
    Limits,
    MemoryOutbox,
    Outbox,
    OutboxError,
    default_folder,
    open_outbox,
)
from sagui.device.outbox import disk as disk_module
from sagui.device.outbox.database import Database
from sagui.device.outbox.errors import DamagedError
from sagui.device.outbox.rules import Entry, Held, excess

TOPIC = "sagui/porch/result"
Eventually = Callable[..., bool]


class Clock:
    """Stands still until it is told otherwise."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def open_disk(path: Path, limits: Limits | None = None, said: Said | None = None, clock: Clock | None = None) -> Any:
    return DiskOutbox(said or Said(), Database(path), limits or Limits(), clock=clock or Clock())


def payloads(outbox: Outbox, count: int = 10_000) -> list[bytes]:
    return [row.payload for row in outbox.take(count)]


def append(outbox: Outbox, *numbers: int) -> None:
    for number in numbers:
        outbox.append(TOPIC, b"%d" % number)
    outbox.flush()


def crash(outbox: DiskOutbox, path: Path, to: Path) -> Path:
    """The files as a SIGKILL would leave them at this moment."""
    to.mkdir()
    with outbox._handing:
        for end in ("", "-wal"):
            if (source := path.with_name(path.name + end)).exists():
                shutil.copy(source, to / source.name)
    return to / path.name


@pytest.fixture(params=["disk", "memory"])
def outbox(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Outbox]:
    opened: Outbox = MemoryOutbox(Said()) if request.param == "memory" else open_disk(tmp_path / "outbox.db")
    yield opened
    opened.close()


def test_what_comes_is_given_once_in_its_order(outbox: Outbox) -> None:
    append(outbox, 1, 2, 3)
    assert payloads(outbox, 2) == [b"1", b"2"]
    append(outbox, 4)
    assert payloads(outbox) == [b"3", b"4"]
    assert payloads(outbox) == []


def test_what_was_not_acknowledged_is_given_again_after_a_rewind(outbox: Outbox) -> None:
    append(outbox, 1, 2, 3)
    first, *_ = outbox.take(2)
    outbox.acknowledge(first.seq)
    outbox.rewind()
    append(outbox, 4)
    assert payloads(outbox) == [b"2", b"3", b"4"]
    assert outbox.counts.waiting == 3


def test_it_is_told_when_there_is_something_to_take(outbox: Outbox) -> None:
    told = threading.Event()
    outbox.when_ready(told.set)
    outbox.append(TOPIC, b"1")
    assert told.wait(5)
    assert payloads(outbox) == [b"1"]


def test_the_topic_and_any_bytes_come_back(outbox: Outbox) -> None:
    outbox.append("sagui/other", bytes(range(256)))
    outbox.append(TOPIC, b"")
    outbox.flush()
    assert [(row.topic, row.payload) for row in outbox.take(5)] == [("sagui/other", bytes(range(256))), (TOPIC, b"")]


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


def test_an_append_waits_for_a_disk_that_is_slow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, eventually: Eventually
) -> None:
    monkeypatch.setattr(disk_module, "GROUP", 2)
    outbox = open_disk(tmp_path / "outbox.db")
    hold = threading.Event()
    to_disk = outbox._to_disk
    monkeypatch.setattr(outbox, "_to_disk", lambda batch: hold.wait(10) and to_disk(batch))
    appending = threading.Thread(target=append, args=[outbox, *range(20)])
    appending.start()
    assert eventually(lambda: outbox.counts.appended >= 2)
    appending.join(0.2)
    assert outbox.counts.appended <= 5
    hold.set()
    appending.join(10)
    assert payloads(outbox) == [b"%d" % number for number in range(20)]
    outbox.close()


def test_space_goes_back_to_the_disk_after_a_long_queue(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, eventually: Eventually
) -> None:
    monkeypatch.setattr("sagui.device.outbox.database._RETURNED_PAGES", 100)
    monkeypatch.setattr(disk_module, "_TIDY_S", 0.02)
    outbox = open_disk(tmp_path / "outbox.db")
    for _ in range(1000):
        outbox.append(TOPIC, b"x" * 2000)
    outbox.flush()

    def pages() -> int:
        return int(outbox._database._reader.execute("PRAGMA page_count").fetchone()[0])

    before = pages()
    for row in outbox.take(1000):
        outbox.acknowledge(row.seq)
    assert eventually(lambda: pages() < before / 2)
    outbox.close()


def test_default_places() -> None:
    assert default_folder("porch", {"STATE_DIRECTORY": "/var/lib/sagui"}) == Path("/var/lib/sagui/porch")
    assert default_folder("porch", {"STATE_DIRECTORY": "/a:/b", "HOME": "/h"}) == Path("/a/porch")
    assert default_folder("porch", {"XDG_STATE_HOME": "/x", "HOME": "/h"}) == Path("/x/sagui/porch")
    assert default_folder("porch", {"HOME": "/h"}) == Path("/h/.local/state/sagui/porch")


def test_many_rows_cost_no_memory(tmp_path: Path) -> None:
    code = """
        import resource, sys
        from pathlib import Path
        from sagui.device.outbox import open_outbox
        class Quiet:
            def say(self, event, text, **fields): print(event, text)
        def peak_mib(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        outbox = open_outbox(Path(sys.argv[1]), Quiet())
        def cycle(count):
            for number in range(count):
                outbox.append("sagui/porch/result", b"%09d" % number + b"x" * 400)
            outbox.flush()
            after = -1
            while rows := outbox.take(200):
                for row in rows:
                    assert int(row.payload[:9]) == after + 1
                    after += 1
                    outbox.acknowledge(row.seq)
            assert after == count - 1
        cycle(5_000)
        before = peak_mib()
        cycle(50_000)
        assert peak_mib() - before < 8, peak_mib() - before
        outbox.close()
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(code), str(tmp_path)], check=True, timeout=120)


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


class AnyOrderOfEvents(RuleBasedStateMachine):
    """Appends, acknowledgements, lost connections, restarts, kills and full disks, in any order.

    A model in plain lists says what has to wait; what is delivered after the last step has to be that.
    """

    LIMITS = Limits(rows=12, bytes=60, age_s=30.0)

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.path = Path(self.folder.name) / "outbox.db"
        self.clock = Clock()
        self.said = Said()
        self.outbox = open_disk(self.path, self.LIMITS, self.said, self.clock)
        self.number = self.crashes = 0
        self.born_s = 0.0
        self.waiting: list[tuple[bytes, float]] = []
        self.sent: list[Any] = []
        self.dropped = 0

    @rule(count=st.integers(1, 8), size=st.integers(1, 9))
    def comes(self, count: int, size: int) -> None:
        for _ in range(count):
            self.number += 1
            payload = b"%0*d" % (size, self.number)
            self.outbox.append(TOPIC, payload)
            self.waiting.append((payload, self.born_s))
        self.outbox.flush()
        self.forget()

    def forget(self) -> None:
        on_way = len(self.sent)
        while len(self.waiting) > on_way and (
            len(self.waiting) > self.LIMITS.rows
            or sum(len(payload) for payload, _ in self.waiting) > self.LIMITS.bytes
            or self.born_s - self.waiting[on_way][1] > self.LIMITS.age_s
        ):
            del self.waiting[on_way]
            self.dropped += 1

    @rule(count=st.integers(1, 10))
    def is_sent(self, count: int) -> None:
        rows = self.outbox.take(count)
        expected = self.waiting[len(self.sent) :][:count]
        assert [row.payload for row in rows] == [payload for payload, _ in expected]
        self.sent += rows

    @precondition(lambda self: self.sent)
    @rule(data=st.data())
    def is_acknowledged(self, data: st.DataObject) -> None:
        for _ in range(data.draw(st.integers(1, len(self.sent)))):
            self.outbox.acknowledge(self.sent.pop(0).seq)
            self.waiting.pop(0)

    @rule()
    def connection_is_lost(self) -> None:
        self.outbox.rewind()
        self.sent.clear()

    @rule(seconds=st.floats(0, 40))
    def time_passes(self, seconds: float) -> None:
        self.clock.now += seconds
        self.born_s += seconds

    @rule()
    def restarts(self) -> None:
        self.outbox.close()
        self.begin_again()

    @rule()
    def is_killed(self) -> None:
        # What was acknowledged may not have left the disk: it would come again, which its id tells.
        acknowledged = self.outbox._acknowledged
        self.crashes += 1
        self.path = crash(self.outbox, self.path, Path(self.folder.name) / f"crash{self.crashes}")
        self.outbox.close()
        with sqlite3.connect(self.path) as database:
            database.execute("DELETE FROM message WHERE seq <= ?", (acknowledged,))
            database.execute("UPDATE held SET rows = (SELECT count(*) FROM message)")
            database.execute("UPDATE held SET bytes = (SELECT coalesce(sum(length(payload)), 0) FROM message)")
        database.close()
        self.begin_again()

    def begin_again(self) -> None:
        self.outbox = open_disk(self.path, self.LIMITS, self.said, self.clock)
        self.sent.clear()
        self.dropped = 0
        # The clock goes on where the last commit was.
        self.born_s = self.outbox._now_s()

    @invariant()
    def counts_are_right(self) -> None:
        assert self.outbox.counts.waiting == len(self.waiting)
        assert self.outbox.counts.dropped == self.dropped

    def teardown(self) -> None:
        self.outbox.rewind()
        assert payloads(self.outbox) == [payload for payload, _ in self.waiting]
        self.outbox.close()
        self.folder.cleanup()


TestAnyOrderOfEvents = AnyOrderOfEvents.TestCase
TestAnyOrderOfEvents.settings = settings(max_examples=20, stateful_step_count=20, deadline=None)
