"""What both databases promise to who compares a device with its first week."""

import re
from collections.abc import Callable

import pytest

from sagui.deploy.history import History, Row
from sagui.deploy.history.port import MOST_GROUPS, MOST_STREAMS
from sagui.deploy.history.sqlite import _FIRST, _NEWEST_MODELS, _STREAM_COUNTS, SqliteHistory

HOUR = 3_600_000
DAY = 24 * HOUR
PETS = ("pets", "1.0.0")

Make = Callable[..., Row]


def test_labels_are_counted_by_piece_and_stream(history: History, row: Make, noon: int) -> None:
    history.add([row(0, stream="left", score=0.5), row(1, stream="left", score=1.0), row(2, stream="right")])
    history.add([row(4000, stream="left", label="dog"), row(5, device="gate")])
    counts = history.stream_counts("porch", PETS, noon, noon + DAY, HOUR)
    assert [(one.begin_ms, one.stream, one.label, one.count, one.score) for one in counts] == [
        (noon, "left", "cat", 2, 0.75),
        (noon, "right", "cat", 1, 0.75),
        (noon + HOUR, "left", "dog", 1, 0.75),
    ]


def test_only_what_this_model_said_in_this_time_is_counted(history: History, row: Make, noon: int) -> None:
    history.add([row(0), row(1, version="2.0.0"), row(2, model="birds"), row(3), row(10)])
    (count,) = history.stream_counts("porch", PETS, noon, noon + 10_000, HOUR)
    assert (count.count, count.stream) == (2, "")
    assert history.stream_counts("porch", ("pets", "9"), noon, noon + DAY, HOUR) == []
    assert history.stream_counts("nobody", PETS, noon, noon + DAY, HOUR) == []


def test_a_model_that_is_called_like_a_label_is_told_apart(history: History, row: Make, noon: int) -> None:
    history.add([row(0, model="cat", version="cat", label="cat", stream="cat")])
    (count,) = history.stream_counts("porch", ("cat", "cat"), noon, noon + DAY, HOUR)
    assert (count.label, count.stream, count.count) == ("cat", "cat", 1)
    assert history.newest_models("porch", 0) == {"cat": ("cat", "cat")}


def test_pieces_begin_with_the_first_moment_however_long_they_are(history: History, row: Make, noon: int) -> None:
    history.add([row(number) for number in (0, 1, 9, 10, 19, 20, 41)])
    counts = history.stream_counts("porch", PETS, noon + 1000, noon + 40_000, 9_000)
    assert [(one.begin_ms - noon, one.count) for one in counts] == [(1000, 2), (10_000, 1), (19_000, 2)]


def test_a_week_of_sixteen_streams_is_counted_whole(history: History, row: Make, noon: int) -> None:
    rows = [
        row(id=f"{hour}-{stream}-{label}", stream=f"s{stream}", label=f"l{label}", at_ms=noon + hour * HOUR)
        for hour in range(80)
        for stream in range(16)
        for label in range(9)
    ]
    history.add(rows)
    assert len(history.stream_counts("porch", PETS, noon, noon + 7 * DAY, HOUR)) == len(rows) > MOST_GROUPS


def test_the_newest_model_of_each_stream_is_that_of_its_newest_result(history: History, row: Make, noon: int) -> None:
    birds = ("birds", "2.0.0")
    history.add([row(9, stream="gate", version="2.0.0"), row(1, stream="gate"), row(99, device="shed")])
    history.add([row(7, stream="door", model="birds", version="2.0.0"), row(2, stream="door"), row(0, stream="old")])
    newest = {"gate": ("pets", "2.0.0"), "door": birds}
    assert history.newest_models("porch", noon + 1000) == newest
    assert history.newest_models("porch", 0) == newest | {"old": PETS}
    assert history.newest_models("porch", noon + DAY) == {"gate": ("pets", "2.0.0")}
    assert history.newest_models("nobody", 0) == {}


def test_of_a_thousand_streams_few_are_named(history: History, row: Make) -> None:
    history.add([row(number, stream=f"s{number:04d}") for number in range(1000)])
    assert list(history.newest_models("porch", 0)) == [f"s{number:04d}" for number in range(MOST_STREAMS)]


def test_a_model_begins_with_its_first_result(history: History, row: Make, noon: int) -> None:
    history.add([row(1, version="0.9.0"), row(5), row(3), row(7, version="0.9.0"), row(0, device="gate")])
    assert history.first_ms("porch", PETS) == noon + 3000
    assert history.first_ms("porch", ("pets", "0.9.0")) == noon + 1000
    assert history.first_ms("porch", ("pets", "9")) is None
    assert history.first_ms("nobody", PETS) is None


@pytest.mark.parametrize("ask", [_STREAM_COUNTS, _NEWEST_MODELS, _FIRST])
def test_sqlite_looks_at_the_rows_of_the_device_alone(tmp_path: object, row: Make, ask: str) -> None:
    history = SqliteHistory(tmp_path / "history.db")  # type: ignore[operator]
    history.add([row()])
    with history._reading() as reader:
        plan = reader.execute(f"EXPLAIN QUERY PLAN {ask}", [None] * len(set(re.findall(r"\?\d", ask)))).fetchall()
    steps = [step for *_, step in plan if "result" in step]
    history.close()
    assert steps
    assert all(step.startswith("SEARCH result USING PRIMARY KEY (device=?") for step in steps)


def test_postgresql_looks_at_the_rows_of_the_device_alone(postgres_url: str, row: Make, noon: int) -> None:
    from sagui.deploy.history.postgres import _FIRST as FIRST
    from sagui.deploy.history.postgres import _NEWEST_MODELS as NEWEST_MODELS
    from sagui.deploy.history.postgres import _STREAM_COUNTS as STREAM_COUNTS
    from sagui.deploy.history.postgres import PostgresHistory

    history = PostgresHistory(postgres_url)
    history.add([row(number, device=f"cam-{number % 50}") for number in range(5000)])
    times: dict[str, object] = {
        "device": "cam-1",
        "model": "pets",
        "version": "1.0.0",
        "since": noon,
        "until": noon + 60_000,
        "piece": HOUR,
    }
    asked: list[tuple[str, dict[str, object] | tuple[str, ...]]] = [
        (STREAM_COUNTS, times),
        (NEWEST_MODELS, times),
        (FIRST, ("cam-1", *PETS)),
    ]
    with history._writing() as connection:
        connection.execute("ANALYZE sagui_result")
        plans = [connection.execute(f"EXPLAIN {ask}".encode(), values).fetchall() for ask, values in asked]
    history.close()
    for plan in plans:
        text = "\n".join(step for (step,) in plan)
        assert "sagui_result_at" in text, text
        assert "Seq Scan" not in text, text
