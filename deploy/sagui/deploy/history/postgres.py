"""Results in PostgreSQL, over psycopg 3; in a hypertable where TimescaleDB is."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import fields

import psycopg

from sagui.deploy.history.errors import HistoryError, NewerError
from sagui.deploy.history.port import MOST_COUNTS, MOST_GROUPS, MOST_STREAMS, PAGE, Glance, HourCount, StreamCount
from sagui.deploy.history.rows import HOUR_MS, Row

VERSION = 1

# A hypertable's keys hold its time, so that `once` cannot be one there: `_INSERT` looks first.
# A device's day lies scattered, as devices come in turns: the index has what the pages count, so that they need nothing
# else. That works for what was vacuumed, so the newest must not wait for it until a fifth of the table is new.
_SCHEMA = """
CREATE TABLE sagui_schema (version INTEGER NOT NULL);
INSERT INTO sagui_schema VALUES (1);
CREATE TABLE sagui_result (
    device TEXT NOT NULL, id TEXT NOT NULL, at TIMESTAMPTZ NOT NULL, time TIMESTAMPTZ, received TIMESTAMPTZ NOT NULL,
    label TEXT NOT NULL, score DOUBLE PRECISION NOT NULL, model TEXT NOT NULL, version TEXT NOT NULL,
    stream TEXT NOT NULL, latency_ms DOUBLE PRECISION NOT NULL
) WITH (autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 100000);
CREATE INDEX sagui_result_at ON sagui_result (device, at) INCLUDE (label, score, stream);
CREATE INDEX sagui_result_old ON sagui_result USING brin (at);
"""
_HYPERTABLE = """
SELECT create_hypertable('sagui_result', 'at', create_default_indexes => FALSE);
CREATE INDEX sagui_result_once ON sagui_result (device, id);
"""
_ONCE = "CREATE UNIQUE INDEX sagui_result_once ON sagui_result (device, id)"
_FROM_MS = "'epoch'::timestamptz + new.{0} * interval '1 millisecond'"
_TO_MS = "round(extract(epoch FROM {0}) * 1000)::bigint"
# Floats count an hour's beginning exactly, in half the time of `extract`, which gives decimals.
_HOUR = f"floor(date_part('epoch', at) / 3600)::bigint * {HOUR_MS}"
_INSERT = f"""
INSERT INTO sagui_result
SELECT new.device, new.id, {_FROM_MS.format("at")}, {_FROM_MS.format("time")}, {_FROM_MS.format("received")},
    new.label, new.score, new.model, new.version, new.stream, new.latency_ms
FROM unnest(%s::text[], %s::text[], %s::bigint[], %s::bigint[], %s::bigint[], %s::text[], %s::float8[], %s::text[],
    %s::text[], %s::text[], %s::float8[])
    AS new (device, id, at, time, received, label, score, model, version, stream, latency_ms)
WHERE NOT EXISTS (SELECT 1 FROM sagui_result AS old WHERE old.device = new.device AND old.id = new.id)
ON CONFLICT DO NOTHING
"""  # noqa: S608 (constants)
_BETWEEN = (
    "at >= 'epoch'::timestamptz + %(since)s * interval '1 millisecond' "
    "AND at < 'epoch'::timestamptz + %(until)s * interval '1 millisecond'"
)
_HOURS = f"""
SELECT * FROM (
    SELECT {_HOUR} AS hour, label, count(*) AS count, avg(score) AS score
    FROM sagui_result WHERE (%(device)s::text IS NULL OR device = %(device)s) AND {_BETWEEN}
    GROUP BY 1, 2 ORDER BY 3 DESC LIMIT {MOST_GROUPS}
) AS counted ORDER BY hour, count DESC, label
"""  # noqa: S608 (constants)
# Moments become numbers once for each group: for each row that would take longer than all the rest.
_STREAM_COUNTS = f"""
SELECT {_TO_MS.format("piece")}, stream, label, count, score FROM (
    SELECT date_bin(%(piece)s * interval '1 millisecond', at,
        'epoch'::timestamptz + %(since)s * interval '1 millisecond') AS piece,
        stream, label, count(*) AS count, avg(score) AS score
    FROM sagui_result
    WHERE device = %(device)s AND model = %(model)s AND version = %(version)s AND {_BETWEEN}
    GROUP BY 1, 2, 3 ORDER BY 4 DESC LIMIT {MOST_COUNTS}
) AS counted ORDER BY counted.piece, stream, count DESC, label
"""  # noqa: S608 (constants)
# The index has the streams, but not the models: only one row of each stream is read.
_NEWEST_MODELS = f"""
SELECT newest.stream, model, version FROM (
    SELECT stream, max(at) AS at FROM sagui_result
    WHERE device = %(device)s AND at >= least('epoch'::timestamptz + %(since)s * interval '1 millisecond',
        (SELECT max(at) FROM sagui_result WHERE device = %(device)s))
    GROUP BY stream ORDER BY stream COLLATE "C" LIMIT {MOST_STREAMS}
) AS newest CROSS JOIN LATERAL (
    SELECT model, version FROM sagui_result AS row
    WHERE row.device = %(device)s AND row.at = newest.at AND row.stream = newest.stream ORDER BY id DESC LIMIT 1
) AS of_it
"""  # noqa: S608 (constants)
_FIRST = f"""
SELECT {_TO_MS.format("at")} FROM sagui_result
WHERE device = %s AND model = %s AND version = %s ORDER BY sagui_result.at LIMIT 1
"""  # noqa: S608 (constants)
_ROWS = f"""
SELECT device, id, {_TO_MS.format("at")}, {_TO_MS.format("time")}, {_TO_MS.format("received")}, label, score, model,
    version, stream, latency_ms
FROM sagui_result WHERE device = %(device)s AND {_BETWEEN} ORDER BY at, id
"""  # noqa: S608 (constants)
# Floats, exact to the millisecond for 200,000 years: `extract` gives decimals, which take twice the time.
_GLANCES = f"""
SELECT stream, label, (date_part('epoch', at) * 1000)::bigint, score
FROM sagui_result WHERE device = %(device)s AND {_BETWEEN} ORDER BY at, id
"""  # noqa: S608 (constants)
# A loose index scan: one look for each device, however many rows it has (wiki.postgresql.org/wiki/Loose_indexscan).
_DEVICES = """
WITH RECURSIVE each (device) AS (
    (SELECT device FROM sagui_result ORDER BY device LIMIT 1) UNION ALL
    SELECT (SELECT device FROM sagui_result WHERE device > each.device ORDER BY device LIMIT 1)
    FROM each WHERE each.device IS NOT NULL
) SELECT device FROM each WHERE device IS NOT NULL
"""
_CONNECT_S = 5
_ANSWER_MS = 60_000


class _Line:
    """A connection for one thread at a time; where it was lost, the next transaction opens another."""

    def __init__(self, connect: Callable[[], psycopg.Connection]) -> None:
        self._connect, self._lock = connect, threading.Lock()
        self._open: psycopg.Connection | None = None

    @contextmanager
    def transaction(self) -> Iterator[psycopg.Connection]:
        with self._lock:
            if self._open is None or self._open.closed:
                self._open = self._connect()
            with self._open.transaction():
                yield self._open

    def close(self) -> None:
        if self._open is not None:
            self._open.close()


class PostgresHistory:
    """See `sagui.deploy.history.port.History`. A connection that is lost is opened again by the next call."""

    def __init__(self, url: str) -> None:
        """Connects, and makes the tables where there are none.

        Args:
            url: ``postgresql://user@host:port/database``; passwords come from ``PGPASSWORD`` or ``~/.pgpass``.

        Raises:
            NewerError: The tables were made by a newer sagui.
            HistoryError: The database is not there, or does not want us.
        """
        self._url = url
        # Comparisons take long: other readers do not wait for them.
        self._writer, self._reader, self._comparer = (_Line(self._connect) for _ in range(3))
        with self._writing() as connection:
            self._prepare(connection)

    def add(self, rows: Sequence[Row]) -> int:
        """See `History.add`."""
        # A key must not stand twice in one statement where no index guards it.
        once = list({(row.device, row.id): row for row in reversed(rows)}.values())
        columns = [[getattr(row, field.name) for row in once] for field in fields(Row)]
        with self._writing() as connection:
            return connection.execute(_INSERT, columns).rowcount

    def hours(self, since_ms: int, until_ms: int, device: str | None = None) -> list[HourCount]:
        """See `History.hours`."""
        with self._reading() as connection:
            found = connection.execute(_HOURS, {"since": since_ms, "until": until_ms, "device": device}).fetchall()
        return [HourCount(*values) for values in found]

    def stream_counts(
        self, device: str, model: tuple[str, str], since_ms: int, until_ms: int, piece_ms: int
    ) -> list[StreamCount]:
        """See `History.stream_counts`."""
        values = {"device": device, "model": model[0], "version": model[1], "since": since_ms, "until": until_ms}
        with self._comparing() as connection:
            found = connection.execute(_STREAM_COUNTS, values | {"piece": piece_ms}).fetchall()
        return [StreamCount(*line) for line in found]

    def newest_models(self, device: str, since_ms: int) -> dict[str, tuple[str, str]]:
        """See `History.newest_models`."""
        with self._comparing() as connection:
            found = connection.execute(_NEWEST_MODELS, {"device": device, "since": since_ms}).fetchall()
        return {stream: (model, version) for stream, model, version in found}

    def first_ms(self, device: str, model: tuple[str, str]) -> int | None:
        """See `History.first_ms`."""
        with self._comparing() as connection:
            found: tuple[int] | None = connection.execute(_FIRST, (device, *model)).fetchone()
        return found[0] if found else None

    def rows(self, device: str, since_ms: int, until_ms: int) -> Iterator[list[Row]]:
        """See `History.rows`; on a connection of its own, as its reader may be slow."""
        with self._translated(), self._connect() as connection, connection.cursor("rows") as cursor:
            cursor.execute(_ROWS, {"device": device, "since": since_ms, "until": until_ms})
            while page := cursor.fetchmany(PAGE):
                yield [Row(*values) for values in page]

    def glances(self, device: str, since_ms: int, until_ms: int) -> Iterator[list[Glance]]:
        """See `History.glances`; on a connection of its own, as in `rows`."""
        asked = {"device": device, "since": since_ms, "until": until_ms}
        with self._translated(), self._connect() as connection, connection.cursor("glances", binary=True) as cursor:
            cursor.execute(_GLANCES, asked)
            while page := cursor.fetchmany(PAGE):
                yield page

    def devices(self) -> list[str]:
        """See `History.devices`."""
        with self._reading() as connection:
            # The database's order is that of its language.
            return sorted(device for (device,) in connection.execute(_DEVICES).fetchall())

    def prune(self, before_ms: int) -> int:
        """See `History.prune`."""
        ask = "DELETE FROM sagui_result WHERE at < 'epoch'::timestamptz + %s * interval '1 millisecond'"
        with self._writing() as connection:
            return connection.execute(ask, (before_ms,)).rowcount

    def check(self) -> None:
        """See `History.check`: a server says by itself, at the next write, that something is gone."""

    def close(self) -> None:
        """See `History.close`."""
        for line in (self._writer, self._reader, self._comparer):
            line.close()

    def _prepare(self, connection: psycopg.Connection) -> None:
        # Two dashboards may start at the same moment.
        connection.execute("SELECT pg_advisory_xact_lock(hashtext('sagui_schema'))")
        if not _first(connection, "SELECT to_regclass('sagui_schema') IS NOT NULL"):
            connection.execute(_SCHEMA)
            has_timescale = _first(connection, "SELECT count(*) FROM pg_extension WHERE extname = 'timescaledb'")
            connection.execute(_HYPERTABLE if has_timescale else _ONCE)
        version = _first(connection, "SELECT version FROM sagui_schema")
        if not isinstance(version, int) or version > VERSION:
            raise NewerError(
                f"database {self._url}: made by a newer sagui (schema {version}, this one knows {VERSION}); "
                "update sagui, or name another database"
            )

    def _connect(self) -> psycopg.Connection:
        return psycopg.connect(
            self._url,
            connect_timeout=_CONNECT_S,
            application_name="sagui dashboard",
            # Compiling a query takes longer than any of ours; a plan for any device and time is a plan for none.
            options=f"-c statement_timeout={_ANSWER_MS} -c jit=off -c plan_cache_mode=force_custom_plan",
        )

    @contextmanager
    def _writing(self) -> Iterator[psycopg.Connection]:
        with self._translated(), self._writer.transaction() as connection:
            yield connection

    @contextmanager
    def _reading(self) -> Iterator[psycopg.Connection]:
        with self._translated(), self._reader.transaction() as connection:
            yield connection

    @contextmanager
    def _comparing(self) -> Iterator[psycopg.Connection]:
        with self._translated(), self._comparer.transaction() as connection:
            yield connection

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except psycopg.Error as error:
            with suppress(IndexError):
                why = str(error).strip().splitlines()[0]
                hint = "; see that the server runs there and lets us in" if why.startswith("connection ") else ""
                raise HistoryError(f"database {self._url}: {why}{hint}") from error
            raise HistoryError(f"database {self._url}: {type(error).__name__}") from error


def _first(connection: psycopg.Connection, ask: str) -> object:
    # Our own statements, none of which has values from outside.
    row = connection.execute(ask.encode()).fetchone()
    return row[0] if row else None
