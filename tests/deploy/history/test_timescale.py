"""The history in a real TimescaleDB, which Debian has not: npm has one, compiled to WebAssembly with its PostgreSQL 17.

It has one backend for all connections, so that a test must not prepare statements: psycopg does at the sixth time.
"""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from tests.conftest import free_port, wait_until
from tests.deploy.integrations.npm_packages import installed

from sagui.deploy.history import History, Row
from sagui.deploy.history.postgres import PostgresHistory
from sagui.deploy.history.sqlite import SqliteHistory

pytestmark = pytest.mark.timeout(300)  # npm

Make = Callable[..., Row]
DAY_S = 86_400


@pytest.fixture(scope="module")
def timescale(program: Callable[[str], str], root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Gives the address of its one database."""
    node, recipe = program("node"), root / "tests" / "deploy" / "history" / "timescale"
    folder, port = tmp_path_factory.mktemp("timescale"), free_port()
    (folder / "node_modules").symlink_to(installed(recipe / "package.json", program("npm")) / "node_modules")
    shutil.copy(recipe / "serve.mjs", folder)
    log = folder / "log"
    with log.open("wb") as written:
        command = [node, "serve.mjs", str(port)]
        server = subprocess.Popen(command, cwd=folder, stdout=written, stderr=subprocess.STDOUT)
    try:
        assert wait_until(lambda: "listening" in log.read_text("utf-8") or server.poll() is not None), "no answer"
        assert server.poll() is None, log.read_text("utf-8")
        yield f"postgresql://postgres@127.0.0.1:{port}/postgres?sslmode=disable"
    finally:
        server.kill()
        server.wait()


@pytest.fixture
def address(timescale: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The same, without our tables."""
    monkeypatch.setenv("PGPASSWORD", "any")  # it asks for one, and takes all
    with psycopg.connect(timescale) as connection:
        connection.execute("DROP TABLE IF EXISTS sagui_result; DROP TABLE IF EXISTS sagui_schema")
    return timescale


@pytest.fixture
def history(address: str) -> Iterator[PostgresHistory]:
    opened = PostgresHistory(address)
    yield opened
    opened.close()


def ask(address: str, sql: str) -> list[tuple[object, ...]]:
    with psycopg.connect(address) as connection:
        return connection.execute(sql.encode()).fetchall()


def test_results_are_in_a_hypertable_in_chunks_of_their_time(address: str, history: History, row: Make) -> None:
    history.add([row(number * 10 * DAY_S) for number in range(3)])
    found = ask(address, "SELECT hypertable_name, num_chunks FROM timescaledb_information.hypertables")
    assert found == [("sagui_result", 3)]
    dimensions = "SELECT column_name FROM timescaledb_information.dimensions WHERE hypertable_name = 'sagui_result'"
    assert ask(address, dimensions) == [("at",)]


def test_a_hypertable_has_our_indexes_and_no_unique_one(address: str, history: History) -> None:
    assert history.devices() == []
    found = ask(address, "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'sagui_result' ORDER BY 1")
    assert [name for name, _ in found] == ["sagui_result_at", "sagui_result_old", "sagui_result_once"]
    assert not any("UNIQUE" in str(definition) for _, definition in found)


def test_a_result_counts_once_in_a_hypertable(history: History, row: Make) -> None:
    assert history.add([row(1), row(1), row(2)]) == 2
    assert history.add([row(1, time_ms=0), row(2), row(3)]) == 1


def test_a_hypertable_is_opened_again(address: str, history: History, row: Make) -> None:
    history.add([row()])
    again = PostgresHistory(address)
    assert again.add([row(), row(1)]) == 1
    again.close()


def test_a_hypertable_answers_as_sqlite_does(history: History, row: Make, noon: int, tmp_path: Path) -> None:
    rows = [
        row(number * DAY_S // 2, device=device, label=label)
        for number in range(40)
        for device, label in (("porch", "cat"), ("shed", "dog" if number % 3 else "cat"))
    ]
    since, until = noon - 1, noon + 30 * DAY_S * 1000
    other = SqliteHistory(tmp_path / "history.db")
    for one in (history, other):
        assert one.add(rows) == len(rows)
        assert one.prune(noon + 5 * DAY_S * 1000) == 20
    assert history.devices() == other.devices() == ["porch", "shed"]
    assert history.hours(since, until) == other.hours(since, until)
    assert history.hours(since, until, "shed") == other.hours(since, until, "shed") != []
    assert list(history.rows("shed", since, until)) == list(other.rows("shed", since, until)) != []
    other.close()


def test_what_telegraf_writes_is_in_hypertables_too(address: str, root: Path) -> None:
    with psycopg.connect(address) as connection:
        connection.execute((root / "deploy" / "telegraf" / "schema.sql").read_bytes())
    found = ask(address, "SELECT hypertable_name FROM timescaledb_information.hypertables ORDER BY 1")
    assert found == [("availability",), ("results",), ("telemetry",), ("updates",)]
