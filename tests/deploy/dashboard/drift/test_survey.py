"""Comparing devices with their first week, over a history of SQLite."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from sagui.deploy.dashboard.drift.survey import KEEP_S, KEEP_WEEK_S, MOST_BYTES, Found, Survey
from sagui.deploy.history import HistoryError, Row, StreamCount
from sagui.deploy.history.port import MOST_COUNTS, MOST_STREAMS
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
    begin_ms: int,
    hours: int,
    label: str = "cat",
    *,
    device: str = "porch",
    version: str = "1.0.0",
    stream: str = "",
    model: str = "pets",
) -> Iterator[Row]:
    """Ten in each hour."""
    for number in range(10 * hours):
        at_ms = begin_ms + number * HOUR // 10
        name = f"{begin_ms}-{model}-{version}-{stream}-{number}"
        yield Row(device, name, at_ms, at_ms, at_ms, label, 0.9, model, version, stream, 4.5)


class Watched(SqliteHistory):
    """Counts what it is asked, and fails for those who are sick."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.asked: list[tuple[int, int]] = []
        self.sick: set[str] = set()
        self.sickly_asked = 0

    def stream_counts(
        self, device: str, model: tuple[str, str], since_ms: int, until_ms: int, piece_ms: int
    ) -> list[StreamCount]:
        self.asked.append((since_ms, until_ms))
        return super().stream_counts(device, model, since_ms, until_ms, piece_ms)

    def newest_models(self, device: str, since_ms: int) -> dict[str, tuple[str, str]]:
        if device in self.sick:
            self.sickly_asked += 1
            raise HistoryError("database: canceling statement due to statement timeout")
        return super().newest_models(device, since_ms)


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
    (drift,) = survey.compare(["porch"], DAY).drifts
    assert drift.week_ms == (NOW - 30 * DAY, NOW - 23 * DAY)
    assert drift.now_ms == (NOW - DAY, NOW)
    assert (drift.comparison.count_then, drift.comparison.count_now) == (1680, 240)
    assert (drift.comparison.verdict, drift.model, drift.name) == ("changed", ("pets", "1.0.0"), "porch")


def test_a_new_version_has_a_first_week_of_its_own(survey: Survey, history: Watched) -> None:
    history.add([*results(NOW - 30 * DAY, 20 * 24, "dog"), *results(NOW - 9 * DAY, 9 * 24, version="2.0.0")])
    (drift,) = survey.compare(["porch"], DAY).drifts
    assert (drift.model, drift.week_ms) == (("pets", "2.0.0"), (NOW - 9 * DAY, NOW - 2 * DAY))
    assert [share.label for share in drift.comparison.shares] == ["cat"]
    assert drift.comparison.verdict == "steady"


def test_a_version_that_is_put_back_keeps_its_first_week(survey: Survey, history: Watched) -> None:
    history.add([*results(NOW - 30 * DAY, 8 * 24), *results(NOW - 20 * DAY, 24, version="2.0.0")])
    history.add([*results(NOW - DAY, 24)])
    (drift,) = survey.compare(["porch"], DAY).drifts
    assert drift.week_ms == (NOW - 30 * DAY, NOW - 23 * DAY)


def test_a_first_week_ends_where_the_present_begins(survey: Survey, history: Watched) -> None:
    history.add([*results(NOW - 3 * DAY, 2 * 24), *results(NOW - DAY, 24, "dog")])
    (drift,) = survey.compare(["porch"], DAY).drifts
    assert (drift.week_ms, drift.comparison.verdict) == ((NOW - 3 * DAY, NOW - DAY), "changed")
    (drift,) = survey.compare(["porch"], 7 * DAY).drifts
    assert (drift.comparison.count_then, drift.comparison.verdict) == (0, "too few")


def test_each_stream_is_compared_and_one_that_fell_silent_is_told(survey: Survey, history: Watched) -> None:
    history.add([*results(NOW - 9 * DAY, 9 * 24, stream="left"), *results(NOW - 9 * DAY, 7 * 24, stream="right")])
    found = {drift.name: drift.comparison for drift in survey.compare(["porch"], DAY).drifts}
    assert {name: one.verdict for name, one in found.items()} == {"porch · left": "steady", "porch · right": "too few"}
    assert found["porch · right"].count_now == 0


def test_a_device_of_a_thousand_streams_gets_no_more_than_its_lines(survey: Survey, history: Watched) -> None:
    history.add([row for number in range(1000) for row in results(NOW - DAY, 1, stream=f"s{number}")])
    assert len(survey.compare(["porch"], DAY).drifts) == MOST_STREAMS


def test_a_clock_that_is_a_little_ahead_is_no_loss(survey: Survey, history: Watched) -> None:
    history.add([*results(NOW - 9 * DAY, 8 * 24), *results(NOW + 60_000, 1)])
    (drift,) = survey.compare(["porch"], HOUR).drifts
    assert drift.comparison.count_now == 1  # the one result of the next five minutes


def test_a_device_without_results_has_no_line(survey: Survey) -> None:
    assert survey.compare(["nobody"], DAY) == Found()


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
    (drift,) = survey.compare(["porch"], DAY).drifts
    assert drift.model == ("pets", "2.0.0")


def test_streams_of_different_models_are_compared_at_every_look(survey: Survey, history: Watched, clock: Clock) -> None:
    for stream, model in (("gate", "cars"), ("door", "pets")):
        history.add([*results(NOW - 9 * DAY, 9 * 24 + 1, stream=stream, model=model)])
    for _ in range(3):  # whichever spoke last
        found = {drift.stream: drift for drift in survey.compare(["porch"], DAY).drifts}
        assert {stream: drift.model[0] for stream, drift in found.items()} == {"door": "pets", "gate": "cars"}
        assert {drift.comparison.verdict for drift in found.values()} == {"steady"}
        clock.now_s += KEEP_S + 10
        stream, model = ("gate", "cars") if clock.now_s < 100 else ("door", "pets")
        moment_ms = round(clock.unix() * 1000)
        history.add([*results(moment_ms - HOUR, 1, stream=stream, model=model)])


def test_a_stream_that_changed_its_model_has_one_line(survey: Survey, history: Watched) -> None:
    history.add([*results(NOW - 9 * DAY, 9 * 24, stream="gate")])
    history.add([*results(NOW - 9 * DAY, 6 * 24, stream="door")])
    history.add([*results(NOW - 3 * DAY, 3 * 24, "car", stream="door", model="cars")])
    found = survey.compare(["porch"], DAY).drifts
    assert [(drift.stream, drift.model[0]) for drift in found] == [("door", "cars"), ("gate", "pets")]
    assert found[0].week_ms[0] == NOW - 3 * DAY


def test_a_silent_stream_of_two_models_is_told_once_by_the_later(survey: Survey, history: Watched) -> None:
    history.add([*results(NOW - 20 * DAY, 20 * 24, stream="gate", model="zebras")])
    history.add([*results(NOW - 15 * DAY, 15 * 24, stream="door", model="cars")])
    history.add([*results(NOW - 20 * DAY, 24, stream="old", model="zebras")])
    history.add([*results(NOW - 15 * DAY, 24, stream="old", model="cars")])
    found = {drift.stream: drift.model[0] for drift in survey.compare(["porch"], DAY).drifts}
    assert found == {"gate": "zebras", "door": "cars", "old": "cars"}


def many(streams: int, labels: int, hours: int, begin_ms: int, often: int) -> Iterator[Row]:
    """Each label once in each hour and stream, and one of them more often."""
    for hour in range(hours):
        at_ms = begin_ms + hour * HOUR
        for stream in range(streams):
            for number in range(labels + often):
                name = f"{at_ms}-{stream}-{number}"
                label = f"l{min(number, labels)}"
                yield Row("porch", name, at_ms, at_ms, at_ms, label, 0.9, "pets", "1.0.0", f"s{stream:02d}", 4.5)


@pytest.mark.parametrize("span_ms", [HOUR, DAY])
def test_a_device_of_many_streams_that_did_not_change_is_steady(survey: Survey, history: Watched, span_ms: int) -> None:
    history.add([*many(16, 9, 5 * 24, NOW - 6 * DAY, often=5), *many(16, 9, 24, NOW - DAY, often=5)])
    for minute in range(20):  # the last hour has enough for a verdict
        history.add([*many(16, 9, 1, NOW - HOUR // 2 + minute, often=5)])
    found = survey.compare(["porch"], span_ms).drifts
    assert {drift.comparison.verdict for drift in found} == {"steady"}
    assert max(drift.comparison.distance for drift in found) < 0.01


def test_where_more_labels_come_than_are_counted_there_is_no_verdict(
    survey: Survey, history: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    history.add([*results(NOW - 9 * DAY, 8 * 24), *results(NOW - DAY, 24, "dog")])
    assert survey.compare(["porch"], DAY).drifts[0].comparison.verdict == "changed"
    one = StreamCount(NOW - 9 * DAY, "", "cat", 1, 0.9)
    monkeypatch.setattr(history, "stream_counts", lambda *_: [one] * MOST_COUNTS)
    (drift,) = Survey(history, lambda: NOW / 1000).compare(["porch"], DAY).drifts
    assert (drift.comparison.verdict, drift.comparison.is_whole) == ("too few", False)


def test_days_are_remembered_by_the_day_and_weeks_only_while_they_last(
    survey: Survey, history: Watched, clock: Clock
) -> None:
    history.add([*many(1, 20, 8 * 24, NOW - 9 * DAY, often=0), *many(1, 20, 24, NOW - DAY, often=0)])
    survey.compare(["porch"], DAY)
    daily_bytes = survey._weeks.size_bytes
    assert daily_bytes < 5_000
    survey.compare(["porch"], HOUR)
    assert survey._weeks.size_bytes < daily_bytes + 168 * 22 * 8 + 5_000
    clock.now_s = KEEP_WEEK_S
    survey.compare(["porch"], DAY)
    assert (len(survey._weeks), len(survey._answers)) == (1, 1)
    assert survey._weeks.size_bytes + survey._answers.size_bytes < MOST_BYTES


def test_a_device_where_the_database_fails_is_no_loss_for_the_others(
    survey: Survey, history: Watched, clock: Clock
) -> None:
    history.add([*results(NOW - 9 * DAY, 9 * 24), *results(NOW - 9 * DAY, 9 * 24, device="slow")])
    history.sick = {"slow"}
    found = survey.compare(["slow", "porch"], DAY)
    assert [drift.device for drift in found.drifts] == ["porch"]
    assert found.failed == {"slow": "database: canceling statement due to statement timeout"}
    clock.now_s = KEEP_S - 1
    assert survey.compare(["slow"], DAY).failed
    assert history.sickly_asked == 1
    history.sick, clock.now_s = set(), KEEP_S
    assert [drift.device for drift in survey.compare(["slow"], DAY).drifts] == ["slow"]


def test_a_database_that_is_gone_is_told(survey: Survey, history: Watched, tmp_path: Path) -> None:
    for path in tmp_path.glob("history.db*"):
        path.unlink()
    assert "was deleted" in survey.compare(["porch"], DAY).failed["porch"]
    with pytest.raises(HistoryError, match="was deleted"):
        asyncio.run(survey.devices())
