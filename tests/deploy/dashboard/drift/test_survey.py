"""Comparing devices with their first week, over a history of SQLite."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sagui.deploy.dashboard.drift.survey import KEEP_S, KEEP_WEEK_S, MOST_STREAMS, Survey
from sagui.deploy.history import HistoryError, Row
from sagui.deploy.history.sqlite import SqliteHistory

HOUR = 3_600_000
DAY = 24 * HOUR
NOW = 498_700 * HOUR


class Clock:
    """Stands until it is moved."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def steady(self) -> float:
        return self.now_s

    def unix(self) -> float:
        return NOW / 1000 + self.now_s


def results(
    begin_ms: int, hours: int, label: str = "cat", *, device: str = "porch", version: str = "1.0.0", stream: str = ""
) -> Iterator[Row]:
    """Ten in each hour."""
    for number in range(10 * hours):
        at_ms = begin_ms + number * HOUR // 10
        name = f"{begin_ms}-{version}-{stream}-{number}"
        yield Row(device, name, at_ms, at_ms, at_ms, label, 0.9, "pets", version, stream, 4.5)


class Watched(SqliteHistory):
    """Counts what it is asked."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.asked: list[tuple[int, int]] = []

    def stream_hours(self, device, model, since_ms, until_ms):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
        self.asked.append((since_ms, until_ms))
        return super().stream_hours(device, model, since_ms, until_ms)


@pytest.fixture
def history(tmp_path: Path) -> Iterator[Watched]:
    opened = Watched(tmp_path / "history.db")
    yield opened
    opened.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def survey(history: Watched, clock: Clock) -> Survey:
    return Survey(history, clock.unix, clock.steady)


def test_the_last_day_is_compared_with_the_first_week(survey: Survey, history: Watched) -> None:
    history.add([*results(NOW - 30 * DAY, 9 * 24), *results(NOW - DAY, 24, "dog")])
    (drift,) = survey.compare(["porch"], DAY)
    assert drift.week_ms == (NOW - 30 * DAY, NOW - 23 * DAY)
    assert drift.now_ms == (NOW - DAY, NOW)
    assert (drift.comparison.count_then, drift.comparison.count_now) == (1680, 240)
    assert (drift.comparison.verdict, drift.model, drift.name) == ("changed", ("pets", "1.0.0"), "porch")


def test_a_new_version_has_a_first_week_of_its_own(survey: Survey, history: Watched) -> None:
    history.add([*results(NOW - 30 * DAY, 20 * 24, "dog"), *results(NOW - 9 * DAY, 9 * 24, version="2.0.0")])
    (drift,) = survey.compare(["porch"], DAY)
    assert (drift.model, drift.week_ms) == (("pets", "2.0.0"), (NOW - 9 * DAY, NOW - 2 * DAY))
    assert [share.label for share in drift.comparison.shares] == ["cat"]
    assert drift.comparison.verdict == "steady"


def test_a_version_that_is_put_back_keeps_its_first_week(survey: Survey, history: Watched) -> None:
    history.add([*results(NOW - 30 * DAY, 8 * 24), *results(NOW - 20 * DAY, 24, version="2.0.0")])
    history.add([*results(NOW - DAY, 24)])
    (drift,) = survey.compare(["porch"], DAY)
    assert drift.week_ms == (NOW - 30 * DAY, NOW - 23 * DAY)


def test_a_first_week_ends_where_the_present_begins(survey: Survey, history: Watched) -> None:
    history.add([*results(NOW - 3 * DAY, 2 * 24), *results(NOW - DAY, 24, "dog")])
    (drift,) = survey.compare(["porch"], DAY)
    assert (drift.week_ms, drift.comparison.verdict) == ((NOW - 3 * DAY, NOW - DAY), "changed")
    (drift,) = survey.compare(["porch"], 7 * DAY)
    assert (drift.comparison.count_then, drift.comparison.verdict) == (0, "too few")


def test_each_stream_is_compared_and_one_that_fell_silent_is_told(survey: Survey, history: Watched) -> None:
    history.add([*results(NOW - 9 * DAY, 9 * 24, stream="left"), *results(NOW - 9 * DAY, 7 * 24, stream="right")])
    found = {drift.name: drift.comparison for drift in survey.compare(["porch"], DAY)}
    assert {name: one.verdict for name, one in found.items()} == {"porch · left": "steady", "porch · right": "too few"}
    assert found["porch · right"].count_now == 0


def test_a_device_of_a_thousand_streams_gets_no_more_than_its_lines(survey: Survey, history: Watched) -> None:
    history.add([row for number in range(1000) for row in results(NOW - DAY, 1, stream=f"s{number}")])
    assert len(survey.compare(["porch"], DAY)) == MOST_STREAMS


def test_a_clock_that_is_a_little_ahead_is_no_loss(survey: Survey, history: Watched) -> None:
    history.add([*results(NOW - 9 * DAY, 8 * 24), *results(NOW + 60_000, 1)])
    (drift,) = survey.compare(["porch"], HOUR)
    assert drift.comparison.count_now == 1  # the one result of the next five minutes


def test_a_device_without_results_has_no_line(survey: Survey) -> None:
    assert survey.compare(["nobody"], DAY) == []


def test_an_answer_is_remembered_for_a_minute_and_a_week_for_an_hour(
    survey: Survey, history: Watched, clock: Clock
) -> None:
    history.add([*results(NOW - 30 * DAY, 9 * 24), *results(NOW - DAY, 24)])
    survey.compare(["porch"], HOUR)
    assert len(history.asked) == 2
    clock.now_s = KEEP_S - 1
    survey.compare(["porch"], HOUR)
    assert len(history.asked) == 2
    clock.now_s = KEEP_S
    survey.compare(["porch"], HOUR)
    assert len(history.asked) == 3
    clock.now_s = KEEP_WEEK_S
    survey.compare(["porch"], HOUR)
    assert len(history.asked) == 5


def test_a_week_that_is_not_over_is_remembered_too(survey: Survey, history: Watched, clock: Clock) -> None:
    history.add([*results(NOW - 5 * DAY, 5 * 24)])
    survey.compare(["porch"], DAY)
    clock.now_s = 2 * KEEP_S
    survey.compare(["porch"], DAY)
    assert history.asked.count((NOW - 5 * DAY, NOW - DAY)) == 1


def test_a_new_version_is_seen_though_the_old_ones_week_is_remembered(
    survey: Survey, history: Watched, clock: Clock
) -> None:
    history.add([*results(NOW - 9 * DAY, 8 * 24)])
    survey.compare(["porch"], DAY)
    history.add([*results(NOW - HOUR, 1, version="2.0.0")])
    clock.now_s = KEEP_S
    (drift,) = survey.compare(["porch"], DAY)
    assert drift.model == ("pets", "2.0.0")


def test_a_database_that_fails_is_told(survey: Survey, history: Watched, tmp_path: Path) -> None:
    for path in tmp_path.glob("history.db*"):
        path.unlink()
    with pytest.raises(HistoryError, match="cannot be opened"):
        survey.compare(["porch"], DAY)
