import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from sagui.deploy.history import Glance, HistoryError, HourCount, Row, StreamCount, Tally, Writer
from sagui.deploy.history.rows import DAY_MS
from sagui.deploy.history.sqlite import SqliteHistory

Make = Callable[..., Row]
Eventually = Callable[..., bool]


class Sick:
    """A history in memory that can fail."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], Row] = {}
        self.why = ""
        self.pruned: list[int] = []
        self.closed = False
        self.checked = 0
        self.batches: list[int] = []

    def add(self, rows: Sequence[Row]) -> int:
        if self.why:
            raise HistoryError(self.why)
        before = len(self.kept)
        self.batches.append(len(rows))
        self.kept |= {(row.device, row.id): row for row in rows}
        return len(self.kept) - before

    def hours(self, since_ms: int, until_ms: int, device: str | None = None) -> list[HourCount]:
        raise NotImplementedError

    def stream_counts(
        self, device: str, model: tuple[str, str], since_ms: int, until_ms: int, piece_ms: int
    ) -> list[StreamCount]:
        raise NotImplementedError

    def newest_models(self, device: str, since_ms: int) -> dict[str, tuple[str, str]]:
        raise NotImplementedError

    def first_ms(self, device: str, model: tuple[str, str]) -> int | None:
        raise NotImplementedError

    def rows(self, device: str, since_ms: int, until_ms: int) -> Iterator[list[Row]]:
        raise NotImplementedError

    def glances(self, device: str, since_ms: int, until_ms: int) -> Iterator[list[Glance]]:
        raise NotImplementedError

    def devices(self) -> list[str]:
        raise NotImplementedError

    def prune(self, before_ms: int) -> int:
        self.pruned.append(before_ms)
        return 0

    def check(self) -> None:
        self.checked += 1

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def sick() -> Sick:
    return Sick()


def test_what_is_put_is_written_and_counted(sick: Sick, row: Make, eventually: Eventually) -> None:
    writer = Writer(sick)
    for number in (1, 2, 2, 3):
        writer.put(row(number))
    assert eventually(lambda: writer.tally == Tally(written=3, doubled=1))
    writer.close()
    assert sick.closed


def test_closing_writes_what_waits(sick: Sick, row: Make) -> None:
    writer = Writer(sick)
    for number in range(12_000):
        writer.put(row(number))
    writer.close()
    assert writer.tally == Tally(written=12_000)
    assert max(sick.batches) <= 5000


def test_what_a_sick_database_does_not_take_waits_in_order(sick: Sick, row: Make, eventually: Eventually) -> None:
    sick.why = "the disk is full"
    writer = Writer(sick, most_waiting=100)
    for number in range(50):
        writer.put(row(number))
    assert eventually(lambda: writer.tally == Tally(waiting=50, trouble="the disk is full"))
    sick.why = ""
    writer.hurry()
    assert eventually(lambda: writer.tally == Tally(written=50))
    assert [kept.id for kept in sick.kept.values()] == [row(number).id for number in range(50)]
    writer.close()


def test_past_the_bound_the_oldest_are_given_up_and_counted(sick: Sick, row: Make, eventually: Eventually) -> None:
    sick.why = "locked"
    writer = Writer(sick, most_waiting=100)
    for number in range(150):
        writer.put(row(number))
    assert eventually(lambda: (writer.tally.dropped, writer.tally.waiting) == (50, 100))
    sick.why = ""
    writer.hurry()
    assert eventually(lambda: writer.tally.written == 100)
    assert (("porch", row(49).id) in sick.kept, ("porch", row(50).id) in sick.kept) == (False, True)
    writer.close()


def test_what_is_left_at_the_end_is_counted_as_lost(sick: Sick, row: Make) -> None:
    sick.why = "locked"
    writer = Writer(sick)
    writer.put(row())
    writer.close()
    assert (writer.tally.dropped, writer.tally.waiting, writer.tally.trouble) == (1, 0, "locked")


def test_a_database_that_failed_is_left_alone_for_a_while(sick: Sick, row: Make, eventually: Eventually) -> None:
    now = [0.0]
    sick.why = "locked"
    writer = Writer(sick, monotonic=lambda: now[0])
    writer.put(row())
    assert eventually(lambda: bool(writer.tally.trouble))
    sick.why = ""
    now[0] = 4.0
    writer.put(row(1))
    assert not eventually(lambda: writer.tally.written > 0, 0.5)
    now[0] = 5.0
    assert eventually(lambda: writer.tally == Tally(written=2))
    writer.close()


def test_old_rows_go_at_the_start_and_each_hour(sick: Sick, eventually: Eventually) -> None:
    now = [100.0]
    writer = Writer(sick, days=7, clock=lambda: 1_795_262_400.0, monotonic=lambda: now[0])
    assert eventually(lambda: sick.pruned == [1_795_262_400_000 - 7 * DAY_MS])
    now[0] += 3600.0
    assert eventually(lambda: len(sick.pruned) == 2)
    writer.close()


def test_many_threads_lose_nothing(tmp_path: Path, row: Make) -> None:
    writer = Writer(SqliteHistory(tmp_path / "history.db"))

    def put(name: str) -> None:
        for number in range(1000):
            writer.put(row(number, device=name))

    threads = [threading.Thread(target=put, args=(f"device-{number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    writer.close()
    assert writer.tally == Tally(written=8000)
    again = SqliteHistory(tmp_path / "history.db")
    assert sum(len(page) for number in range(8) for page in again.rows(f"device-{number}", 0, 2**42)) == 8000
    again.close()
