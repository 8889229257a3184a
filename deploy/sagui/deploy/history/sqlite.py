"""Results in a file: SQLite with a write-ahead log."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from sagui.deploy.history.errors import DamagedError, HistoryError, NewerError
from sagui.deploy.history.lock import Identity, Lock, identity
from sagui.deploy.history.port import MOST_COUNTS, MOST_GROUPS, MOST_STREAMS, PAGE, Glance, HourCount, StreamCount
from sagui.deploy.history.rows import HOUR_MS, Row

VERSION = 1

# Names stand once, and rows in the order of device and time: what a page asks for lies together.
_SCHEMA = """
CREATE TABLE name (key INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
CREATE TABLE result (
    device INTEGER NOT NULL, at_ms INTEGER NOT NULL, id TEXT NOT NULL, time_ms INTEGER, received_ms INTEGER NOT NULL,
    label INTEGER NOT NULL, score REAL NOT NULL, model INTEGER NOT NULL, version INTEGER NOT NULL,
    stream INTEGER NOT NULL, latency_ms REAL NOT NULL, PRIMARY KEY (device, at_ms, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX once ON result (device, id);
"""
_INSERT = "INSERT OR IGNORE INTO result VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_DEVICES = "(SELECT key FROM name WHERE EXISTS (SELECT 1 FROM result WHERE device = key))"
_HOURS = f"""
SELECT hour, text, count, score FROM (
    SELECT at_ms / {HOUR_MS} AS hour, label, count(*) AS count, avg(score) AS score FROM result
    WHERE device IN (SELECT key FROM name WHERE text = ?1 UNION ALL SELECT key FROM {_DEVICES} WHERE ?1 IS NULL)
    AND at_ms >= ?2 AND at_ms < ?3 GROUP BY 1, 2 ORDER BY 3 DESC LIMIT {MOST_GROUPS}
) JOIN name ON name.key = label ORDER BY hour, count DESC, text
"""  # noqa: S608 (constants)
_ROWS = """
SELECT device.text, id, at_ms, time_ms, received_ms, label.text, score, model.text, version.text, stream.text,
    latency_ms
FROM result JOIN name AS device ON device.key = result.device JOIN name AS label ON label.key = result.label
JOIN name AS model ON model.key = result.model JOIN name AS version ON version.key = result.version
JOIN name AS stream ON stream.key = result.stream
WHERE result.device = (SELECT key FROM name WHERE text = ?) AND at_ms >= ? AND at_ms < ? ORDER BY at_ms, id
"""
_STREAM_COUNTS = f"""
SELECT ?4 + piece * ?6, stream.text, label.text, count, score FROM (
    SELECT (at_ms - ?4) / ?6 AS piece, stream, label, count(*) AS count, avg(score) AS score FROM result
    WHERE device = (SELECT key FROM name WHERE text = ?1) AND model = (SELECT key FROM name WHERE text = ?2)
    AND version = (SELECT key FROM name WHERE text = ?3) AND at_ms >= ?4 AND at_ms < ?5
    GROUP BY 1, 2, 3 ORDER BY 4 DESC LIMIT {MOST_COUNTS}
) AS counted JOIN name AS stream ON stream.key = counted.stream JOIN name AS label ON label.key = counted.label
ORDER BY piece, stream.text, count DESC, label.text
"""  # noqa: S608 (constants)
# Beside max() stand the values of its row (sqlite.org/lang_select.html#bareagg).
_NEWEST_MODELS = f"""
SELECT stream.text, model.text, version.text FROM (
    SELECT stream, model, version, max(at_ms) FROM result WHERE device = (SELECT key FROM name WHERE text = ?1)
    AND at_ms >= min(?2, (
        SELECT at_ms FROM result WHERE device = (SELECT key FROM name WHERE text = ?1) ORDER BY at_ms DESC LIMIT 1
    )) GROUP BY stream
) AS newest JOIN name AS stream ON stream.key = newest.stream JOIN name AS model ON model.key = newest.model
JOIN name AS version ON version.key = newest.version ORDER BY stream.text LIMIT {MOST_STREAMS}
"""  # noqa: S608 (constants)
_FIRST = """
SELECT at_ms FROM result
WHERE device = (SELECT key FROM name WHERE text = ?1) AND model = (SELECT key FROM name WHERE text = ?2)
AND version = (SELECT key FROM name WHERE text = ?3) ORDER BY at_ms LIMIT 1
"""
_GLANCES = """
SELECT stream.text, label.text, at_ms, score
FROM result JOIN name AS label ON label.key = result.label JOIN name AS stream ON stream.key = result.stream
WHERE result.device = (SELECT key FROM name WHERE text = ?) AND at_ms >= ? AND at_ms < ? ORDER BY at_ms, id
"""
_FORGET = """
DELETE FROM name WHERE key NOT IN (
    SELECT device FROM result UNION SELECT label FROM result UNION SELECT model FROM result
    UNION SELECT version FROM result UNION SELECT stream FROM result
)
"""
_MANY_NAMES = 10_000
_RETURNED_PAGES = 2_000
_DELETED = "was deleted or moved; it is made anew within seconds"
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR}
_WORDS = {
    sqlite3.SQLITE_FULL: "the disk is full; free some space",
    sqlite3.SQLITE_READONLY: "is read-only; make the file and its folder writable",
    sqlite3.SQLITE_BUSY: "is locked by another program; close that",
    sqlite3.SQLITE_LOCKED: "is locked by another program; close that",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened; its folder must be there and writable",
}


class SqliteHistory:
    """See `sagui.deploy.history.port.History`.

    A commit survives the program; the last second may be lost with the machine's power.
    """

    def __init__(self, path: Path, *, busy_s: float = 5.0) -> None:
        """Opens the file, or makes it and its folder.

        Args:
            path: The file.
            busy_s: How long to wait for another program that holds it.

        Raises:
            NewerError: It was made by a newer sagui.
            DamagedError: It is no history, or a damaged one.
            HistoryError: It cannot be opened, or another dashboard writes to it.
        """
        self._path, self._busy_s = path, busy_s
        self._keys: dict[str, int] = {}
        self._is_open = False
        self._identity: Identity | None = None
        self._open()

    def add(self, rows: Sequence[Row]) -> int:
        """See `History.add`."""
        with self._change() as writer:
            return writer.executemany(_INSERT, map(self._values, rows)).rowcount

    def hours(self, since_ms: int, until_ms: int, device: str | None = None) -> list[HourCount]:
        """See `History.hours`."""
        with self._reading() as reader:
            found = reader.execute(_HOURS, (device, since_ms, until_ms)).fetchall()
        return [HourCount(hour * HOUR_MS, label, count, score) for hour, label, count, score in found]

    def stream_counts(
        self, device: str, model: tuple[str, str], since_ms: int, until_ms: int, piece_ms: int
    ) -> list[StreamCount]:
        """See `History.stream_counts`."""
        with self._reading() as reader:
            found = reader.execute(_STREAM_COUNTS, (device, *model, since_ms, until_ms, piece_ms)).fetchall()
        return [StreamCount(*values) for values in found]

    def newest_models(self, device: str, since_ms: int) -> dict[str, tuple[str, str]]:
        """See `History.newest_models`."""
        with self._reading() as reader:
            found = reader.execute(_NEWEST_MODELS, (device, since_ms)).fetchall()
        return {stream: (model, version) for stream, model, version in found}

    def first_ms(self, device: str, model: tuple[str, str]) -> int | None:
        """See `History.first_ms`."""
        with self._reading() as reader:
            found: tuple[int] | None = reader.execute(_FIRST, (device, *model)).fetchone()
        return found[0] if found else None

    def rows(self, device: str, since_ms: int, until_ms: int) -> Iterator[list[Row]]:
        """See `History.rows`."""
        with self._reading() as reader:
            cursor = reader.execute(_ROWS, (device, since_ms, until_ms))
            while page := cursor.fetchmany(PAGE):
                yield [Row(*values) for values in page]

    def glances(self, device: str, since_ms: int, until_ms: int) -> Iterator[list[Glance]]:
        """See `History.glances`."""
        with self._reading() as reader:
            cursor = reader.execute(_GLANCES, (device, since_ms, until_ms))
            while page := cursor.fetchmany(PAGE):
                yield page

    def devices(self) -> list[str]:
        """See `History.devices`."""
        with self._reading() as reader:
            found = reader.execute(f"SELECT text FROM name WHERE key IN {_DEVICES} ORDER BY text").fetchall()  # noqa: S608 (constants)
        return [text for (text,) in found]

    def prune(self, before_ms: int) -> int:
        """See `History.prune`; gives a part of the space back to the disk."""
        with self._reading() as reader:
            keys = reader.execute(f"SELECT key FROM {_DEVICES}").fetchall()  # noqa: S608 (constants)
        removed = 0
        for key in keys:
            with self._change() as writer:
                removed += writer.execute(
                    "DELETE FROM result WHERE device = ? AND at_ms < ?", (*key, before_ms)
                ).rowcount
        if removed:
            self._tidy()
        return removed

    def check(self) -> None:
        """See `History.check`: the file may have been deleted, or be another one now."""
        if not self._is_open:
            self._open()
        elif (found := identity(self._path)) != self._identity:
            with suppress(sqlite3.Error):
                # Its log keeps the old name, and goes with the next file that gets that: who moved it shall have all.
                self._writer.execute("PRAGMA wal_checkpoint")
            self.close()
            what = _DELETED if found is None else "was replaced by another file; that is opened"
            raise HistoryError(f"database {self._path}: {what}")
        elif not self._lock.is_held():
            self.close()
            self._open()

    def close(self) -> None:
        """See `History.close`."""
        self._shut(undo=False)

    def _open(self) -> None:
        if self._path.is_dir():
            raise HistoryError(f"database {self._path}: is a folder; name a file, such as {self._path}/history.db")
        self._keys.clear()
        self._identity = None
        self._lock = Lock(self._path)
        try:
            with self._translated():
                self._writer = sqlite3.connect(
                    self._path, timeout=self._busy_s, isolation_level=None, check_same_thread=False
                )
                self._is_open = True
                self._prepare()
        except BaseException:
            self._shut(undo=True)
            raise
        self._identity = identity(self._path)

    def _shut(self, *, undo: bool) -> None:
        if self._is_open:
            # SQLite leaves alone what has its files' names now, if they were deleted or replaced.
            with suppress(sqlite3.Error):
                self._writer.close()
        self._is_open = False
        self._lock.release(undo=undo)

    def _prepare(self) -> None:
        writer = self._writer
        version = writer.execute("PRAGMA user_version").fetchone()[0]
        tables = writer.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if version > VERSION:
            raise NewerError(
                f"database {self._path}: made by a newer sagui (schema {version}, this one knows {VERSION}); "
                "update sagui, or name another file"
            )
        if tables and version != VERSION:
            raise DamagedError(f"database {self._path}: is another program's; name another file")
        if not tables:
            writer.execute("PRAGMA auto_vacuum = INCREMENTAL")
        writer.execute("PRAGMA journal_mode = WAL")
        writer.execute("PRAGMA synchronous = NORMAL")
        if not tables:
            writer.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA user_version = {VERSION}; COMMIT;")

    def _values(self, row: Row) -> tuple[int | float | str | None, ...]:
        key = self._key
        return (
            key(row.device), row.at_ms, row.id, row.time_ms, row.received_ms, key(row.label), row.score,
            key(row.model), key(row.version), key(row.stream), row.latency_ms,
        )  # fmt: skip

    def _key(self, text: str) -> int:
        known = self._keys.get(text)
        if known is None:
            if len(self._keys) >= _MANY_NAMES:
                self._keys.clear()
            self._writer.execute("INSERT OR IGNORE INTO name (text) VALUES (?)", (text,))
            known = int(self._writer.execute("SELECT key FROM name WHERE text = ?", (text,)).fetchone()[0])
            self._keys[text] = known
        return known

    def _tidy(self) -> None:
        self._keys.clear()
        with self._change() as writer:
            if writer.execute("SELECT count(*) FROM name").fetchone()[0] > _MANY_NAMES:
                writer.execute(_FORGET)
        with self._translated():
            # It answers with a row for each page, without columns: only a script goes on to the last.
            self._writer.executescript(f"PRAGMA incremental_vacuum({_RETURNED_PAGES})")

    @contextmanager
    def _change(self) -> Iterator[sqlite3.Connection]:
        if not self._is_open:
            self._open()
        with self._translated():
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
                self._writer.execute("COMMIT")
            except BaseException:
                self._keys.clear()  # names that are rolled back have no key
                with suppress(sqlite3.Error):  # SQLite has rolled back by itself where the disk failed
                    self._writer.execute("ROLLBACK")
                raise

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with (
            self._translated(),
            closing(
                sqlite3.connect(
                    f"{self._path.absolute().as_uri()}?mode=ro", uri=True, timeout=self._busy_s, check_same_thread=False
                )
            ) as reader,
        ):
            yield reader

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            # The low byte is the kind; what is above says more of it.
            code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
            if code in _DAMAGED:
                raise DamagedError(f"database {self._path}: damaged ({error}); name another file") from error
            is_gone = code == sqlite3.SQLITE_CANTOPEN and self._identity and not self._path.exists()
            why = _DELETED if is_gone else _WORDS.get(code, error)
            raise HistoryError(f"database {self._path}: {why}") from error
