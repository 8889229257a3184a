"""The outbox's file: SQLite with a write-ahead log, one connection that writes and one that reads."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from sagui.device.outbox.errors import DamagedError, HeldError, OutboxError
from sagui.device.outbox.rules import Entry, Excess, Held, Limits, Row, excess

_VERSION = 1
_SCHEMA = """
CREATE TABLE message (seq INTEGER PRIMARY KEY, topic TEXT NOT NULL, payload BLOB NOT NULL, born_s REAL NOT NULL);
CREATE TABLE held (id INTEGER PRIMARY KEY CHECK (id = 0), rows INTEGER NOT NULL, bytes INTEGER NOT NULL,
                   clock_s REAL NOT NULL);
INSERT INTO held VALUES (0, 0, 0, 0.0);
"""
_BUSY_S = 5.0
_KEPT_LOG_BYTES = 8 * 2**20
_RETURNED_PAGES = 2_000
# SQLITE_ERROR is about our statements, which are right, or a table or format that is not.
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR}


class Database:
    """Rows in a file.

    Only one thread may write, and one other read. What is counted is kept in the file too, so that opening takes as
    long for a million rows as for none.

    Attributes:
        path: The file.
        held: What is in it.
        newest: The highest ``seq`` in it; 0 where there is none.
        clock_s: The outbox's clock at the last commit.
    """

    def __init__(self, path: Path) -> None:
        """Opens the file, or makes it.

        Raises:
            DamagedError: It is there and no outbox, or a damaged one.
            HeldError: It is locked by another program.
            OutboxError: It cannot be opened.
        """
        self.path = path
        self.held, self.newest, self.clock_s = Held(), 0, 0.0
        with self._translated():
            self._writer = _connect(path)
            try:
                self._prepare()
                self._reader = _connect(path)
            except BaseException:
                self._writer.close()
                raise

    def page(self, after: int, count: int) -> list[Row]:
        """Reads up to ``count`` rows that come after a ``seq``, oldest first.

        Raises:
            OutboxError: They cannot be read.
        """
        ask = "SELECT seq, topic, payload, born_s FROM message WHERE seq > ? ORDER BY seq LIMIT ?"
        with self._translated():
            rows = [Row(*row) for row in self._reader.execute(ask, (after, count)).fetchall()]
        # SQLite gives back whatever is there, of any type.
        if any(not isinstance(row.topic, str) or not isinstance(row.payload, bytes) for row in rows):
            raise DamagedError(f"outbox {self.path}: damaged (a row is no message)")
        return rows

    @contextmanager
    def change(self, clock_s: float) -> Iterator["Change"]:
        """Commits what is done in the block, durably, when it ends well; else nothing of it is done.

        Args:
            clock_s: The time on the outbox's clock, to be kept.

        Raises:
            OutboxError: The disk is full, fails, or is held by another program.
            DamagedError: The file is damaged.
        """
        with self._translated():
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                change = Change(self._writer, self.held, self.newest)
                yield change
                self._writer.execute(
                    "UPDATE held SET rows = ?, bytes = ?, clock_s = ?", (change.held.rows, change.held.bytes, clock_s)
                )
                self._writer.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):  # SQLite has rolled back by itself where the disk failed
                    self._writer.execute("ROLLBACK")
                raise
        self.held, self.newest, self.clock_s = change.held, change.newest, clock_s

    def give_back(self) -> None:
        """Gives a part of the space that is not needed any more back to the disk, if it is much.

        Raises:
            OutboxError: It cannot.
        """
        with self._translated():
            if self._writer.execute("PRAGMA freelist_count").fetchone()[0] > _RETURNED_PAGES:
                # It answers with a row for each page, without columns: only a script goes on to the last.
                self._writer.executescript(f"PRAGMA incremental_vacuum({_RETURNED_PAGES})")

    def close(self) -> None:
        """Closes the file."""
        with suppress(sqlite3.Error):
            self._reader.close()
        with suppress(sqlite3.Error):
            self._writer.close()

    def _prepare(self) -> None:
        writer = self._writer
        version = writer.execute("PRAGMA user_version").fetchone()[0]
        tables = writer.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if version == 0 and tables == 0:
            writer.execute("PRAGMA auto_vacuum = INCREMENTAL")
        elif version != _VERSION:
            raise DamagedError(f"outbox {self.path}: is no outbox of this version of sagui")
        writer.execute("PRAGMA journal_mode = WAL")
        writer.execute(f"PRAGMA journal_size_limit = {_KEPT_LOG_BYTES}")
        # A commit is on the disk when it returns: the log is synced each time.
        writer.execute("PRAGMA synchronous = FULL")
        if tables == 0:
            writer.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA user_version = {_VERSION}; COMMIT;")
        held = writer.execute("SELECT rows, bytes, clock_s FROM held").fetchone()
        if held is None or [type(number) for number in held] != [int, int, float]:
            raise DamagedError(f"outbox {self.path}: damaged (its counts are gone)")
        self.held, self.clock_s = Held(*held[:2]), held[2]
        self.newest = writer.execute("SELECT coalesce(max(seq), 0) FROM message").fetchone()[0]

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except UnicodeDecodeError as error:  # the damage is where names are, and SQLite's complaint quotes it
            raise DamagedError(f"outbox {self.path}: damaged ({error.reason})") from error
        except sqlite3.Error as error:
            # The low byte is the kind; what is above says more of it.
            code = getattr(error, "sqlite_errorcode", None)
            code = sqlite3.SQLITE_CORRUPT if code is None else code & 0xFF  # Python's own word: no UTF-8
            if code in _DAMAGED:
                raise DamagedError(f"outbox {self.path}: damaged ({error})") from error
            if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
                raise HeldError(f"outbox {self.path}: locked by another program; close it") from error
            raise OutboxError(f"outbox {self.path}: {error}") from error


class Change:
    """What one commit does.

    Attributes:
        held: What will be in the file.
        newest: The highest ``seq`` that will have been in it.
    """

    def __init__(self, writer: sqlite3.Connection, held: Held, newest: int) -> None:
        """Begins with what is in the file."""
        self._writer = writer
        self.held, self.newest = held, newest

    def insert(self, rows: Sequence[Row]) -> None:
        """Adds rows, oldest first."""
        self._writer.executemany("INSERT INTO message (seq, topic, payload, born_s) VALUES (?, ?, ?, ?)", rows)
        if rows:
            self.held += Held(len(rows), sum(len(row.payload) for row in rows))
            self.newest = rows[-1].seq

    def excess(self, after: int, limits: Limits, now_s: float) -> Excess:
        """Finds the rows past the limits.

        Args:
            after: Rows up to this ``seq`` may not be dropped.
            limits: How much there may be.
            now_s: The time on the outbox's clock.
        """
        ask = "SELECT seq, coalesce(length(payload), 0), CAST(born_s AS REAL) FROM message WHERE seq > ? ORDER BY seq"
        with closing(self._writer.execute(ask, (after,))) as cursor:
            return excess(map(Entry._make, cursor), self.held, limits, now_s)

    def remove(self, after: int, upto: int) -> Held:
        """Removes the rows from past ``after`` to ``upto``, and says what it was."""
        between = "FROM message WHERE seq > ? AND seq <= ?"
        ask = f"SELECT count(*), coalesce(sum(length(payload)), 0) {between}"
        gone = Held(*self._writer.execute(ask, (after, upto)).fetchone())
        if gone.rows:
            self._writer.execute(f"DELETE {between}", (after, upto))
            self.held -= gone
        return gone


def set_aside(path: Path) -> Path:
    """Gives a damaged file another name, beside.

    Returns:
        The new name: ``outbox-damaged-1.db``, or the first number that is free.

    Raises:
        OutboxError: It cannot be renamed.
    """
    number = 1
    while (aside := path.with_name(f"{path.stem}-damaged-{number}{path.suffix}")).exists():
        number += 1
    try:
        # The log first: left alone, it would be taken for the new file's.
        for end in ("-wal", "-shm", ""):
            source = path.with_name(path.name + end)
            if source.exists():
                source.rename(aside.with_name(aside.name + end))
    except OSError as error:
        raise OutboxError(f"outbox {path}: damaged, and cannot be set aside: {error.strerror}; delete it") from error
    return aside


def _connect(path: Path) -> sqlite3.Connection:
    # Each is used by one thread, but not by the one that opens it.
    return sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)
