from collections.abc import Iterator
from pathlib import Path

import pytest

from sagui.deploy.dashboard.past.day import read_past
from sagui.deploy.history import HistoryError, Row
from sagui.deploy.history.port import PAGE
from sagui.deploy.history.rows import DAY_MS, HOUR_MS
from sagui.deploy.history.sqlite import SqliteHistory

DAY = 1_795_219_200_000


def row(at_ms: int, label: str = "cat", score: float = 0.5, stream: str = "", device: str = "porch") -> Row:
    return Row(device, f"a-{at_ms}-{stream}", at_ms, at_ms, at_ms, label, score, "pets", "1.0.0", stream, 4.5)


@pytest.fixture
def history(tmp_path: Path) -> Iterator[SqliteHistory]:
    opened = SqliteHistory(tmp_path / "history.db")
    yield opened
    opened.close()


def test_a_day_is_read_with_what_held_at_both_midnights(history: SqliteHistory) -> None:
    history.add([row(DAY - 5000, "dog"), row(DAY + DAY_MS + 100, "dog"), row(DAY + DAY_MS + HOUR_MS, "cow")])
    history.add([row(DAY + 5000 + hour * HOUR_MS) for hour in range(24)])
    day = read_past(history, DAY, "porch", "other").day
    assert day is not None
    assert day.labels == ("cat",)
    assert [(one.label, one.from_ms - DAY, one.to_ms - DAY, one.results) for one in day.intervals] == [
        ("dog", 0, 5000, 0),
        ("cat", 5000, DAY_MS, 24),
    ]
    assert day.silence_ms == 3 * HOUR_MS


def test_midnight_between_results_that_are_close_together_is_no_gap(history: SqliteHistory) -> None:
    times = range(DAY - 600_000, DAY + DAY_MS + 600_000, 50_000)
    history.add([row(at_ms + 20_000) for at_ms in times])
    history.add([row(DAY - 70_000, "dog", stream="yard"), row(DAY + DAY_MS + 70_000, "dog", stream="yard")])
    day = read_past(history, DAY, "porch", "other").day
    assert day is not None
    assert [(one.stream, one.label, one.from_ms - DAY, one.to_ms - DAY) for one in day.intervals] == [
        ("", "cat", 0, DAY_MS)
    ]
    assert (day.silence_ms, day.intervals[0].results) == (150_000, DAY_MS // 50_000)


def test_a_day_of_many_pages_is_read_whole(history: SqliteHistory) -> None:
    count = 2 * PAGE + 10
    history.add([row(DAY + n * 1000, "cat" if n < PAGE + 5 else "dog", n / count) for n in range(count)])
    day = read_past(history, DAY, "porch", "other").day
    assert day is not None
    assert [(one.label, one.results) for one in day.intervals] == [("cat", PAGE + 5), ("dog", PAGE + 5)]
    assert sum(slot.count for slot in day.scores.line() if slot) == count


def test_rare_labels_have_no_colour_of_their_own(history: SqliteHistory) -> None:
    history.add([row(DAY + n, f"label {n // (n % 12 + 1):02d}") for n in range(500)])
    past = read_past(history, DAY, "porch", "other")
    assert past.day is not None
    assert len(past.day.labels) == 8
    assert past.labels[8].label == "other"
    assert any(past.day.scores.line(8))


def test_all_devices_together_have_counts_alone(history: SqliteHistory) -> None:
    history.add([row(DAY), row(DAY + 1, device="gate")])
    past = read_past(history, DAY, None, "other")
    assert (past.labels[0].total, past.day) == (2, None)


def test_a_day_without_results_has_nothing(history: SqliteHistory) -> None:
    history.add([row(DAY - 1)])
    past = read_past(history, DAY, "porch", "other")
    assert (past.labels, past.day) == ([], None)


def test_a_database_that_is_away_is_told(history: SqliteHistory, tmp_path: Path) -> None:
    (tmp_path / "history.db").rename(tmp_path / "elsewhere.db")
    with pytest.raises(HistoryError, match=r"history\.db"):
        read_past(history, DAY, "porch", "other")
