from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from sagui.deploy.history import HistoryError, NewerError, Row
from sagui.deploy.history.postgres import _HOURS, _HYPERTABLE, PostgresHistory
from sagui.deploy.history.rows import HOUR_MS

Make = Callable[..., Row]


def test_tables_of_a_newer_sagui_are_refused(postgres_url: str) -> None:
    PostgresHistory(postgres_url).close()
    with psycopg.connect(postgres_url) as other:
        other.execute("UPDATE sagui_schema SET version = 2")
    with pytest.raises(NewerError, match=r"newer sagui.*update sagui"):
        PostgresHistory(postgres_url)


def test_a_database_that_is_not_there_is_told_in_a_line(postgres: Any) -> None:
    with pytest.raises(HistoryError, match='database "nowhere" does not exist') as told:
        PostgresHistory(postgres.url("nowhere"))
    assert "\n" not in str(told.value)


def test_a_server_that_is_away_is_told_in_a_line() -> None:
    with pytest.raises(HistoryError, match=r"connection.*failed") as told:
        PostgresHistory("postgresql://sagui@127.0.0.1:1/test")
    assert "\n" not in str(told.value)


def test_a_lost_connection_is_told_once_and_opened_again(postgres_url: str, postgres: Any, row: Make) -> None:
    history = PostgresHistory(postgres_url)
    history.add([row()])
    history.devices()
    with psycopg.connect(postgres.url(), autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'test'")
    with pytest.raises(HistoryError):
        history.add([row(1)])
    with pytest.raises(HistoryError):
        history.devices()
    assert history.add([row(), row(1)]) == 1
    assert history.devices() == ["porch"]
    history.close()


def test_a_database_that_may_not_be_written_is_told(postgres_url: str, row: Make) -> None:
    PostgresHistory(postgres_url).close()
    with psycopg.connect(postgres_url, autocommit=True) as other:
        other.execute("ALTER DATABASE test SET default_transaction_read_only = on")
    history = PostgresHistory(postgres_url)
    with pytest.raises(HistoryError, match="read-only transaction"):
        history.add([row()])
    history.close()


def test_a_day_is_counted_from_the_index_alone(postgres_url: str, row: Make, noon: int) -> None:
    """A device's day is scattered over the table: to look each row up there takes ten times as long."""
    history = PostgresHistory(postgres_url)
    history.add([row(number, device=f"cam-{number % 20}") for number in range(4000)])
    asked = {"since": noon, "until": noon + HOUR_MS // 2, "device": "cam-3"}
    with psycopg.connect(postgres_url, autocommit=True) as other:
        other.execute("VACUUM ANALYZE sagui_result")
        plan = "\n".join(line for (line,) in other.execute(f"EXPLAIN {_HOURS}".encode(), asked).fetchall())
    assert "Index Only Scan using sagui_result_at" in plan
    history.close()


def test_times_are_times_for_other_programs(postgres_url: str, row: Make) -> None:
    history = PostgresHistory(postgres_url)
    history.add([row()])
    with psycopg.connect(postgres_url) as other:
        found = other.execute("SELECT at AT TIME ZONE 'UTC' FROM sagui_result").fetchone()
    assert found is not None
    assert found[0].isoformat() == "2026-11-21T12:00:00"
    history.close()


def test_without_a_unique_index_a_result_counts_once_too(postgres_url: str, row: Make) -> None:
    """As in a hypertable, whose unique indexes must hold its time; `create_hypertable` stands in for TimescaleDB's."""
    history = PostgresHistory(postgres_url)
    with psycopg.connect(postgres_url) as other:
        other.execute("DROP INDEX sagui_result_once")
        other.execute(
            "CREATE FUNCTION create_hypertable(relation REGCLASS, time_column_name NAME, create_default_indexes BOOL)"
            " RETURNS void LANGUAGE sql AS ''"
        )
        other.execute(_HYPERTABLE)
    assert history.add([row(1), row(1), row(2)]) == 2
    assert history.add([row(1, time_ms=0), row(2), row(3)]) == 1
    history.close()
