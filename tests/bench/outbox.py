"""How many results a second become durable."""

import sqlite3
import time
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.rows import Row

from sagui.device.outbox import open_outbox
from sagui.device.outbox.disk import GROUP

_RESULTS = 20_000
_ROUNDS = 3
_TOPIC = "sagui/bench/result"
_PAYLOAD = b"x" * 400
"""As long as a result with three labels."""


class Loud:
    """Events for nobody; trouble is the benchmark's end."""

    def say(self, event: str, text: str, **fields: object) -> None:
        """See `Events.say`."""
        raise AssertionError(text, event, fields)


def outbox_rate(results: int = _RESULTS) -> Row:
    """Results a second through the outbox, each durable at the end, against SQLite alone.

    SQLite alone writes the same rows in groups of the same size, in one thread, with the same guarantee (a log that is
    synced at each commit). Each is the best of a few rounds, in turn: what else the disk has to do only ever slows.

    Args:
        results: How many, each round.
    """
    ours, bare = 0.0, 0.0
    for _ in range(_ROUNDS):
        with TemporaryDirectory(dir=Path.cwd()) as folder:
            bare = max(bare, results / _bare_s(Path(folder) / "bare.db", results))
            ours = max(ours, results / _outbox_s(Path(folder) / "outbox", results))
    return Row("outbox_rate", ours, "results/s", "bare SQLite, groups as large", bare)


def _outbox_s(folder: Path, results: int) -> float:
    outbox = open_outbox(folder, Loud())
    start = time.perf_counter()
    for _ in range(results):
        outbox.append(_TOPIC, _PAYLOAD)
    outbox.flush()
    took_s = time.perf_counter() - start
    assert outbox.durable
    assert outbox.counts.waiting == results
    outbox.close()
    return took_s


def _bare_s(path: Path, results: int) -> float:
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        database.execute("CREATE TABLE message (seq INTEGER PRIMARY KEY, topic TEXT, payload BLOB, born_s REAL)")
        start = time.perf_counter()
        for first in range(0, results, GROUP):
            database.execute("BEGIN")
            for seq in range(first, min(first + GROUP, results)):
                database.execute("INSERT INTO message VALUES (?, ?, ?, ?)", (seq, _TOPIC, _PAYLOAD, 0.0))
            database.execute("COMMIT")
        return time.perf_counter() - start
