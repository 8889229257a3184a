"""Messages that wait in memory: without a disk, or while it fails."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from itertools import islice

from sagui.device.events import Events
from sagui.device.outbox.port import Counts, Tally
from sagui.device.outbox.rules import IN_MEMORY, Entry, Held, Limits, Row, excess

DROPPING = "more results wait for the broker than the outbox may hold: dropping the oldest"


class Rows:
    """Rows in their order: first those that were given, then those that were not. For one thread at a time."""

    def __init__(self) -> None:
        """Begins empty."""
        self._given: deque[Row] = deque()
        self._fresh: deque[Row] = deque()
        self._held = Held()

    def __len__(self) -> int:
        return self._held.rows

    def all(self) -> list[Row]:
        """Gives every row, oldest first."""
        return [*self._given, *self._fresh]

    def add(self, rows: Iterable[Row]) -> None:
        """Adds rows, oldest first."""
        for row in rows:
            self._fresh.append(row)
            self._held += Held(1, len(row.payload))

    def fresh(self, count: int) -> list[Row]:
        """The oldest rows that were not given."""
        return list(islice(self._fresh, count))

    def give(self, upto: int) -> None:
        """Notes that rows up to a ``seq`` were given."""
        while self._fresh and self._fresh[0].seq <= upto:
            self._given.append(self._fresh.popleft())

    def rewind(self) -> None:
        """Takes all as not given."""
        self._fresh.extendleft(reversed(self._given))
        self._given.clear()

    def acknowledge(self, upto: int) -> None:
        """Removes the rows up to a ``seq``."""
        for rows in (self._given, self._fresh):
            while rows and rows[0].seq <= upto:
                self._held -= Held(1, len(rows.popleft().payload))

    def drop(self, limits: Limits, now_s: float) -> int:
        """Removes the rows past the limits that were not given, and says how many."""
        entries = (Entry(row.seq, len(row.payload), row.born_s) for row in self._fresh)
        gone = excess(entries, self._held, limits, now_s).held
        for _ in range(gone.rows):
            self._fresh.popleft()
        self._held -= gone
        return gone.rows

    def clear(self) -> None:
        """Removes all."""
        self._given.clear()
        self._fresh.clear()
        self._held = Held()


class MemoryOutbox:
    """An `Outbox` without a disk: what waits is lost when the agent ends."""

    durable = False

    def __init__(self, events: Events, limits: Limits = IN_MEMORY, clock: Callable[[], float] = time.monotonic) -> None:
        """Begins empty.

        Args:
            events: Told when the first message is dropped.
            limits: How much may wait.
            clock: Seconds that only grow.
        """
        self._events, self._limits, self._clock = events, limits, clock
        self._state = threading.Lock()
        self._rows = Rows()
        self._tally = Tally()
        self._newest = 0
        self._told_dropped = False
        self._ready: Callable[[], None] = lambda: None

    @property
    def counts(self) -> Counts:
        """See `Outbox.counts`."""
        return self._tally.counts()

    def when_ready(self, call: Callable[[], None]) -> None:
        """See `Outbox.when_ready`."""
        self._ready = call

    def append(self, topic: str, payload: bytes) -> None:
        """See `Outbox.append`."""
        with self._state:
            self._newest += 1
            self._rows.add([Row(self._newest, topic, payload, self._clock())])
            dropped = self._rows.drop(self._limits, self._clock())
            self._tally.appended += 1
            self._tally.dropped += dropped
            tell = bool(dropped) and not self._told_dropped
            self._told_dropped = self._told_dropped or tell
        if tell:
            self._events.say("dropped", DROPPING)
        self._ready()

    def take(self, count: int) -> list[Row]:
        """See `Outbox.take`."""
        with self._state:
            rows = self._rows.fresh(count)
            if rows:
                self._rows.give(rows[-1].seq)
            return rows

    def rewind(self) -> None:
        """See `Outbox.rewind`."""
        with self._state:
            self._rows.rewind()

    def acknowledge(self, seq: int) -> None:
        """See `Outbox.acknowledge`."""
        with self._state:
            self._rows.acknowledge(seq)
            self._tally.acknowledged += 1
            self._told_dropped = self._told_dropped and bool(self._rows)

    def flush(self) -> None:
        """See `Outbox.flush`."""

    def close(self) -> None:
        """See `Outbox.close`."""
