"""How long a day of one device takes to count among ten million results, on both databases."""

import os
import sqlite3
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from tests.bench.dashboard.stage import new_folder
from tests.conftest import free_port, wait_until
from tests.deploy.history.conftest import Postgres

from sagui.deploy.history import History
from sagui.deploy.history.postgres import _ONCE, PostgresHistory
from sagui.deploy.history.rows import DAY_MS
from sagui.deploy.history.sqlite import SqliteHistory

ROWS = 10_000_000
DEVICES = 10
"""Each says a result a second: 86,400 a day, for eleven days and a half."""

START_MS = 1_795_219_200_000
"""2026-11-21T00:00Z."""

_COLD, _WARM = 3, 9
_ID = "9f86d081884c-"

# In the order in which results come: every second, one of each device.
_FILL_SQLITE = """
WITH RECURSIVE many(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM many WHERE n + 1 < :rows)
INSERT INTO result SELECT :key + n % :devices, :start + n / :devices * 1000, :id || n, :start + n / :devices * 1000,
    :start + n / :devices * 1000 + 40, :key + :devices + n % 7 % 3, 0.5 + n % 50 / 100.0, :key + :devices + 3,
    :key + :devices + 4, :key + :devices + 5, 4.41
FROM many
"""
_FILL_POSTGRES = """
INSERT INTO sagui_result SELECT 'bench-' || n %% %(devices)s, %(id)s || n, at, at, at + interval '40 milliseconds',
    (ARRAY['defective', 'functional', 'unknown'])[1 + n %% 7 %% 3], 0.5 + n %% 50 / 100.0, 'elpv-solar-cells', '1.0.0',
    '', 4.41
FROM (SELECT n, to_timestamp(%(start)s / 1000) + n / %(devices)s * interval '1 second' AS at
      FROM generate_series(0, %(rows)s - 1) AS n) AS many
"""


@dataclass(frozen=True)
class Asked:
    """One question, and how long its answers took.

    Attributes:
        counted: Results of that day.
        cold_ms: Median of first answers: nothing of the database in memory, no connection.
        again_ms: Median of later ones.
    """

    counted: int
    cold_ms: float
    again_ms: float


def sqlite_query(rows: int = ROWS, devices: int = DEVICES) -> Asked:
    """Asks SQLite."""
    with new_folder() as folder:
        path = folder / "history.db"
        SqliteHistory(path).close()
        _fill_sqlite(path, rows, devices)

        def cold() -> History:
            _forget(path)
            return SqliteHistory(path)

        return _ask(cold, rows // devices)


def postgres_query(rows: int = ROWS, devices: int = DEVICES) -> Asked:
    """Asks a PostgreSQL of Debian's with its default settings."""
    with _postgres() as server:
        PostgresHistory(server.url()).close()
        _fill_postgres(server.url(), rows, devices)

        def cold() -> History:
            server.stop()
            for file in server._folder.rglob("base/*/*"):
                _forget(file)
            _start(server)
            return PostgresHistory(server.url())

        return _ask(cold, rows // devices)


def _ask(cold: Callable[[], History], seconds: int) -> Asked:
    first, again, counted = [], [], 0
    day_ms = START_MS + seconds * 1000 // DAY_MS // 2 * DAY_MS
    for _ in range(_COLD):
        history = cold()
        counted, took_ms = _count(history, day_ms)
        first.append(took_ms)
        again += [_count(history, day_ms)[1] for _ in range(_WARM)]
        history.close()
    return Asked(counted, statistics.median(first), statistics.median(again))


def _count(history: History, day_ms: int) -> tuple[int, float]:
    start = time.perf_counter()
    found = history.hours(day_ms, day_ms + DAY_MS, "bench-3")
    return sum(one.count for one in found), 1000 * (time.perf_counter() - start)


def _fill_sqlite(path: Path, rows: int, devices: int) -> None:
    texts = [*(f"bench-{number}" for number in range(devices)), "defective", "functional", "unknown"]
    with closing(sqlite3.connect(path)) as database:
        database.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -500000;")
        database.executemany("INSERT INTO name (text) VALUES (?)", zip([*texts, "elpv-solar-cells", "1.0.0", ""]))
        values = {"rows": rows, "devices": devices, "start": START_MS, "id": _ID, "key": 1}
        database.execute(_FILL_SQLITE, values)
        database.commit()


def _fill_postgres(url: str, rows: int, devices: int) -> None:
    values = {"rows": rows, "devices": devices, "start": START_MS, "id": _ID}
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP INDEX sagui_result_once")
        connection.execute(_FILL_POSTGRES, values)
        connection.execute(_ONCE)
        connection.execute("VACUUM (ANALYZE) sagui_result")  # as its own autovacuum does
        connection.execute("CHECKPOINT")


@contextmanager
def _postgres() -> Iterator[Postgres]:
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    if not programs:
        raise SystemExit("make bench-dashboard needs PostgreSQL: apt-get install postgresql")
    server = Postgres(programs[-1], free_port())
    try:
        _start(server)
        yield server
    finally:
        server.remove()


def _start(server: Postgres) -> None:
    server.start()

    def answers() -> bool:
        try:
            psycopg.connect(server.url(), connect_timeout=1).close()
        except psycopg.OperationalError:
            return False
        return True

    if not wait_until(answers):
        raise SystemExit("PostgreSQL does not answer")


def _forget(path: Path) -> None:
    """Has the system forget what it holds of a file in memory."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
