"""What is put in comes out once, in its order, until it was acknowledged."""

import sqlite3
import subprocess
import sys
import textwrap
import threading
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from tests.device.outbox.holding import TOPIC, Clock, Eventually, append, crash, open_disk, payloads
from tests.device.said import Said

from sagui.device.outbox import (
    Limits,
    Outbox,
)
from sagui.device.outbox import disk as disk_module


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


def test_who_writes_is_woken_at_once_whenever_it_rests(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, eventually: Eventually
) -> None:
    monkeypatch.setattr(disk_module, "_TIDY_S", 3600.0)  # it looks by itself so seldom
    monkeypatch.setattr(disk_module, "GATHER_S", 0.05)
    outbox, came = open_disk(tmp_path / "outbox.db"), list[bytes]()
    outbox.when_ready(lambda: came.extend(payloads(outbox)))
    for number in range(20):
        outbox.append(TOPIC, b"%d" % number)
        # Some come while it lets more gather, some while it rests.
        assert number % 3 == 0 or eventually(lambda last=b"%d" % number: came[-1:] == [last])
    outbox.append(TOPIC, b"last")
    assert eventually(lambda: came[-1:] == [b"last"])
    assert came == [*(b"%d" % number for number in range(20)), b"last"]
    outbox.close()


def test_the_topic_and_any_bytes_come_back(outbox: Outbox) -> None:
    outbox.append("sagui/other", bytes(range(256)))
    outbox.append(TOPIC, b"")
    outbox.flush()
    assert [(row.topic, row.payload) for row in outbox.take(5)] == [("sagui/other", bytes(range(256))), (TOPIC, b"")]


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

    @rule(seconds=st.integers(0, 320).map(lambda eighths: eighths / 8))
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
