"""An outbox on disk: what comes is durable before it can be taken."""

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress

from sagui.device.events import Events
from sagui.device.outbox.database import Database, set_aside
from sagui.device.outbox.errors import DamagedError, OutboxError
from sagui.device.outbox.lock import Lock
from sagui.device.outbox.memory import DROPPING, Rows
from sagui.device.outbox.port import Counts, Tally
from sagui.device.outbox.rules import IN_MEMORY, Held, Limits, Row

GROUP = 1_000
"""At most so many messages wait for the next commit; past that `DiskOutbox.append` waits for the disk."""

GATHER_S = 0.01
"""Least time from one commit to the next: what comes quicker than this shares commits, and costs less."""

RETRY_S = 10.0
"""How long a disk that failed is left alone."""

_TIDY_S = 1.0
"""How long an acknowledged row may stay: it goes with the next commit, or after this."""


class DiskOutbox:
    """An `Outbox` in a database.

    A thread of its own writes. What comes while it is at a commit goes into the next one together (group commit), so a
    slow disk makes groups larger, not the queue longer. When the disk fails, what comes waits in memory, up to
    `IN_MEMORY`, and goes to the disk in its order when that works again.
    """

    def __init__(
        self,
        events: Events,
        database: Database,
        limits: Limits,
        *,
        lock: Lock | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Takes over what waits in the database.

        Args:
            events: Told of troubles and their end.
            database: Where to keep it; it is closed with the outbox.
            limits: How much may wait.
            lock: Released when the outbox is closed.
            clock: Seconds that only grow.
        """
        self._events, self._limits, self._lock, self._clock = events, limits, lock, clock
        self._clock_offset_s = database.clock_s - clock()
        # `_state` guards what follows, for moments. `_handing` keeps rows from being dropped, and the database from
        # being replaced, while rows are handed out. Who wants both takes `_handing` first.
        self._handing, self._state = threading.Lock(), threading.Lock()
        self._work, self._settled = threading.Condition(self._state), threading.Condition(self._state)
        self._database = database
        self._tally = Tally(inherited=database.held.rows)
        self._pending: list[Row] = []
        self._busy = self._gathering = False
        self._memory = Rows()
        self._newest = self._on_disk = database.newest
        self._taken = self._acknowledged = self._removed = self._given_up = 0
        self._trouble = self._damage = ""
        self._retry_s = clock()
        self._told_dropped = self._closing = self._hurry = False
        self._committed_s = -GATHER_S
        self._ready: Callable[[], None] = lambda: None
        self._thread = threading.Thread(target=self._write, name="outbox", daemon=True)
        self._thread.start()

    @property
    def counts(self) -> Counts:
        """See `Outbox.counts`."""
        with self._state:
            return self._tally.counts()

    @property
    def durable(self) -> bool:
        """See `Outbox.durable`."""
        return not self._memory

    def when_ready(self, call: Callable[[], None]) -> None:
        """See `Outbox.when_ready`."""
        self._ready = call

    def append(self, topic: str, payload: bytes) -> None:
        """See `Outbox.append`; returns before the message is on the disk, unless `GROUP` others wait for that."""
        with self._state:
            while len(self._pending) >= GROUP and not self._closing:
                self._settled.wait()
            self._newest += 1
            self._tally.appended += 1
            self._pending.append(Row(self._newest, topic, payload, self._now_s()))
            # To wake who lets more gather would cost more than all else that is done here.
            if not self._gathering or len(self._pending) >= GROUP:
                self._work.notify()

    def take(self, count: int) -> list[Row]:
        """See `Outbox.take`."""
        with self._handing:
            with self._state:
                after = self._taken
                memory = self._memory.fresh(count)
                look = after < self._on_disk and not self._damage
            try:
                disk = self._database.page(after, count) if look else []
            except OutboxError as error:
                self._read_failed(error)
                return []  # what is in memory came later: it has to wait too
            # Rows may have gone from memory to the disk in between: each counts once.
            rows = sorted({row.seq: row for row in (*memory, *disk)}.values())[:count]
            if rows:
                with self._state:
                    self._taken = rows[-1].seq
                    self._memory.give(self._taken)
            return rows

    def rewind(self) -> None:
        """See `Outbox.rewind`."""
        with self._state:
            self._taken = self._acknowledged
            self._memory.rewind()

    def acknowledge(self, seq: int) -> None:
        """See `Outbox.acknowledge`; the row leaves the disk with a later commit."""
        with self._state:
            self._acknowledged = seq
            self._memory.acknowledge(seq)
            if seq > self._given_up:
                self._tally.acknowledged += 1
            self._told_dropped = self._told_dropped and bool(self._tally.counts().waiting)

    def flush(self) -> None:
        """See `Outbox.flush`."""
        with self._state:
            self._hurry = True
            self._work.notify()
            while (self._pending or self._busy) and self._thread.is_alive():
                self._settled.wait(_TIDY_S)
            self._hurry = False

    def close(self) -> None:
        """See `Outbox.close`."""
        with self._state:
            self._closing = True
            self._work.notify()
            self._settled.notify_all()
        self._thread.join()
        self._database.close()
        if self._lock:
            self._lock.release()
            self._lock = None

    def _now_s(self) -> float:
        return self._clock_offset_s + self._clock()

    def _read_failed(self, error: OutboxError) -> None:
        with self._state:
            if isinstance(error, DamagedError):
                self._damage = str(error)  # the writing thread replaces the file
                self._work.notify()
                return
        self._say_trouble(error)

    def _say_trouble(self, error: OutboxError) -> None:
        with self._state:
            first, self._trouble = not self._trouble, str(error)
            self._retry_s = self._clock() + RETRY_S
        if first:
            self._events.say("outbox-memory", f"{error}; results wait in memory until it can be used")

    # What follows is done by the writing thread alone.

    def _write(self) -> None:
        while True:
            with self._state:
                self._work.wait_for(self._has_work, _TIDY_S)
                self._gather()
                closing, batch, self._pending, self._busy = self._closing, self._pending, [], True
                self._settled.notify_all()
            try:
                self._store(batch, closing=closing)
            finally:
                with self._state:
                    self._busy = False
                    self._settled.notify_all()
            if batch or self._memory:
                self._ready()
            if closing:
                return

    def _gather(self) -> None:
        """Waits until the last commit is long enough ago, or enough has come; called with the lock."""
        rest_s = GATHER_S - (time.monotonic() - self._committed_s)
        if rest_s > 0:
            self._gathering = True
            self._work.wait_for(lambda: self._closing or self._hurry or len(self._pending) >= GROUP, rest_s)
            self._gathering = False
        self._committed_s = time.monotonic()

    def _has_work(self) -> bool:
        return bool(self._pending or self._closing or (self._damage and self._clock() >= self._retry_s))

    def _store(self, batch: Sequence[Row], *, closing: bool) -> None:
        waits_for_disk = bool(self._trouble) and self._clock() < self._retry_s and not closing
        if self._damage and not waits_for_disk:
            self._replace(batch)
            waits_for_disk = bool(self._damage)
        if waits_for_disk:
            self._keep(batch)
        elif batch or self._memory or self._trouble or self._acknowledged > self._removed:
            self._commit(batch)
        elif not self._database.held.rows:
            with suppress(OutboxError):
                self._database.give_back()

    def _commit(self, batch: Sequence[Row]) -> None:
        try:
            dropped = self._to_disk(batch)
        except OutboxError as error:
            if isinstance(error, DamagedError):
                self._damage = str(error)
            else:
                self._say_trouble(error)
            self._keep(batch)
            return
        self._count_dropped(dropped)
        if self._trouble:
            self._trouble = ""
            self._events.say("outbox-disk", f"outbox {self._database.path} works again: results wait on disk")

    def _to_disk(self, batch: Sequence[Row]) -> int:
        with self._state:
            acknowledged, taken = self._acknowledged, self._taken
            rows = [row for row in (*self._memory.all(), *batch) if row.seq > acknowledged]
        now_s, dropped = self._now_s(), Held()
        with ExitStack() as handing, self._database.change(now_s) as change:
            change.insert(rows)
            change.remove(0, acknowledged)
            if rows and change.excess(taken, self._limits, now_s).held.rows:
                # Nothing may be given from here to the commit, and what was given meanwhile stays.
                handing.enter_context(self._handing)
                taken = max(taken, self._taken)
                dropped = change.remove(taken, change.excess(taken, self._limits, now_s).upto)
        with self._state:
            self._memory.clear()
            self._on_disk, self._removed = self._database.newest, acknowledged
        return dropped.rows

    def _keep(self, batch: Sequence[Row]) -> None:
        with self._handing, self._state:
            self._memory.add(batch)
            dropped = self._memory.drop(IN_MEMORY, self._now_s())
        self._count_dropped(dropped)

    def _count_dropped(self, rows: int) -> None:
        if not rows:
            return
        with self._state:
            self._tally.dropped += rows
            first, self._told_dropped = not self._told_dropped, True
        if first:
            self._events.say("dropped", DROPPING)

    def _replace(self, batch: Sequence[Row]) -> None:
        """Sets a damaged file aside and begins a new one; what waited in it counts as dropped."""
        damage = self._damage
        with self._handing:
            self._database.close()
            try:
                aside = set_aside(self._database.path)
                database = Database(self._database.path)
            except OutboxError as error:
                self._say_trouble(error)
                return
            with self._state:
                lost = self._tally.counts().waiting - len(self._memory) - len(batch) - len(self._pending)
                self._tally.dropped += lost
                self._given_up = self._on_disk
                self._database, self._on_disk, self._damage = database, 0, ""
        self._events.say(
            "outbox-damaged", f"{damage}; set aside as {aside.name} with {lost} results, going on with a new one"
        )
