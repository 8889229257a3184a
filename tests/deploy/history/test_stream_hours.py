"""What both databases promise to who compares a device with its first week."""

from collections.abc import Callable

import pytest

from sagui.deploy.history import History, Row
from sagui.deploy.history.sqlite import _FIRST, _NEWEST_MODEL, _STREAM_HOURS, SqliteHistory

HOUR = 3_600_000
DAY = 24 * HOUR
PETS = ("pets", "1.0.0")

Make = Callable[..., Row]


def test_labels_are_counted_by_hour_and_stream(history: History, row: Make, noon: int) -> None:
    history.add([row(0, stream="left", score=0.5), row(1, stream="left", score=1.0), row(2, stream="right")])
    history.add([row(4000, stream="left", label="dog"), row(5, device="gate")])
    counts = history.stream_hours("porch", PETS, noon, noon + DAY)
    assert [(one.hour_ms, one.stream, one.label, one.count, one.score) for one in counts] == [
        (noon, "left", "cat", 2, 0.75),
        (noon, "right", "cat", 1, 0.75),
        (noon + HOUR, "left", "dog", 1, 0.75),
    ]


def test_only_what_this_model_said_in_this_time_is_counted(history: History, row: Make, noon: int) -> None:
    history.add([row(0), row(1, version="2.0.0"), row(2, model="birds"), row(3), row(10)])
    (count,) = history.stream_hours("porch", PETS, noon, noon + 10_000)
    assert (count.count, count.stream) == (2, "")
    assert history.stream_hours("porch", ("pets", "9"), noon, noon + DAY) == []
    assert history.stream_hours("nobody", PETS, noon, noon + DAY) == []


def test_a_model_that_is_called_like_a_label_is_told_apart(history: History, row: Make, noon: int) -> None:
    history.add([row(0, model="cat", version="cat", label="cat", stream="cat")])
    (count,) = history.stream_hours("porch", ("cat", "cat"), noon, noon + DAY)
    assert (count.label, count.stream, count.count) == ("cat", "cat", 1)
    assert history.newest_model("porch") == ("cat", "cat")


def test_the_newest_model_is_that_of_the_newest_result(history: History, row: Make) -> None:
    history.add([row(9, version="2.0.0"), row(1), row(10, device="gate")])
    assert history.newest_model("porch") == ("pets", "2.0.0")
    assert history.newest_model("gate") == PETS
    assert history.newest_model("nobody") is None


def test_a_model_begins_with_its_first_result(history: History, row: Make, noon: int) -> None:
    history.add([row(1, version="0.9.0"), row(5), row(3), row(7, version="0.9.0"), row(0, device="gate")])
    assert history.first_ms("porch", PETS) == noon + 3000
    assert history.first_ms("porch", ("pets", "0.9.0")) == noon + 1000
    assert history.first_ms("porch", ("pets", "9")) is None
    assert history.first_ms("nobody", PETS) is None


@pytest.mark.parametrize("ask", [_STREAM_HOURS, _NEWEST_MODEL, _FIRST])
def test_sqlite_looks_at_the_rows_of_the_device_alone(tmp_path: object, row: Make, ask: str) -> None:
    history = SqliteHistory(tmp_path / "history.db")  # type: ignore[operator]
    history.add([row()])
    with history._reading() as reader:
        plan = reader.execute(f"EXPLAIN QUERY PLAN {ask}", [None] * ask.count("?")).fetchall()
    steps = [step for *_, step in plan if "result" in step]
    history.close()
    assert steps
    assert all(step.startswith("SEARCH result USING PRIMARY KEY (device=?") for step in steps)


def test_postgresql_looks_at_the_rows_of_the_device_alone(postgres_url: str, row: Make, noon: int) -> None:
    from sagui.deploy.history.postgres import _FIRST as FIRST
    from sagui.deploy.history.postgres import _NEWEST_MODEL as NEWEST_MODEL
    from sagui.deploy.history.postgres import _STREAM_HOURS as STREAM_HOURS
    from sagui.deploy.history.postgres import PostgresHistory

    history = PostgresHistory(postgres_url)
    history.add([row(number, device=f"cam-{number % 50}") for number in range(5000)])
    times = {"device": "cam-1", "model": "pets", "version": "1.0.0", "since": noon, "until": noon + 60_000}
    asked: list[tuple[str, dict[str, object] | tuple[str, ...]]] = [
        (STREAM_HOURS, times),
        (NEWEST_MODEL, ("cam-1",)),
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
