"""The thread that writes: what comes together is written together, and what a sick database does not take waits."""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from sagui.deploy.history.errors import HistoryError
from sagui.deploy.history.port import History
from sagui.deploy.history.rows import DAY_MS, Row

GATHER_S = 0.2
"""So long what comes is gathered for one commit."""

BATCH = 5_000
"""A commit has so many rows at most."""

MOST_WAITING = 200_000
"""So many rows wait in memory while the database cannot be used; past that the oldest are given up, and counted."""

CHECK_S = 1.0
"""So often it is looked whether the database is still where it was."""

RETRY_S = 5.0
"""How long a database that failed is left alone."""

PRUNE_S = 3600.0


@dataclass(frozen=True)
class Tally:
    """What became of the rows.

    Attributes:
        written: Are in the database, and were not before.
        doubled: Were in the database already.
        dropped: Were given up: the database could not be used for too long.
        waiting: Are in memory.
        trouble: Why the database cannot be used now; empty while it can.
    """

    written: int = 0
    doubled: int = 0
    dropped: int = 0
    waiting: int = 0
    trouble: str = ""


class Writer:
    """Takes rows from any thread, and never makes it wait for the database."""

    def __init__(
        self,
        history: History,
        *,
        days: int = 0,
        most_waiting: int = MOST_WAITING,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begins.

        Args:
            history: Where to write; it is closed with the writer.
            days: What is older is removed, each hour; 0 keeps everything.
            most_waiting: How many rows may wait.
            clock: Unix time, seconds.
            monotonic: Seconds that only grow.
        """
        self._history, self._days, self._most = history, days, most_waiting
        self._clock, self._monotonic = clock, monotonic
        self._work = threading.Condition()
        self._waiting: deque[Row] = deque()
        self._written = self._doubled = self._dropped = 0
        self._trouble = ""
        self._retry_s = self._prune_s = self._check_s = monotonic()
        self._recent: list[Row] = []
        self._recent_new, self._is_lost = 0, False
        self._hurry = self._closing = False
        self._thread = threading.Thread(target=self._run, name="history", daemon=True)
        self._thread.start()

    @property
    def tally(self) -> Tally:
        """How it stands."""
        with self._work:
            return Tally(self._written, self._doubled, self._dropped, len(self._waiting), self._trouble)

    def put(self, row: Row) -> None:
        """Takes a row; where too many wait, the oldest is given up."""
        with self._work:
            self._waiting.append(row)
            self._shorten()
            if len(self._waiting) in {1, BATCH}:
                self._work.notify()

    def hurry(self) -> None:
        """Has a database that failed tried again at once."""
        with self._work:
            self._hurry = True
            self._work.notify()

    def close(self) -> None:
        """Writes what waits, if the database takes it; what it does not is counted as dropped."""
        with self._work:
            self._closing = True
            self._work.notify()
        self._thread.join()
        with self._work:
            self._dropped += len(self._waiting)
            self._waiting.clear()
        self._history.close()

    # What follows is done by the writing thread alone.

    def _run(self) -> None:
        while True:
            with self._work:
                self._work.wait_for(self._has_work, GATHER_S)
                if self._waiting and not self._closing:
                    self._work.wait_for(lambda: self._closing or self._hurry or len(self._waiting) >= BATCH, GATHER_S)
                closing, ready = self._closing, self._is_ready()
                self._hurry = False
            if (ready or closing) and self._is_in_place(closing=closing):
                self._prune()
                while self._write_batch() and closing:
                    pass
            if closing:
                return

    def _has_work(self) -> bool:
        return self._closing or self._hurry or (self._is_ready() and bool(self._waiting))

    def _is_ready(self) -> bool:
        return self._hurry or not self._trouble or self._monotonic() >= self._retry_s

    def _is_in_place(self, *, closing: bool) -> bool:
        """Looks where the database is, now and then; what went into one that is gone waits again."""
        if not closing and not self._is_lost and self._monotonic() < self._check_s:
            return True
        self._check_s = self._monotonic() + CHECK_S
        for is_last in (not closing, True):  # at the end there is no later: what was lost is begun anew at once
            try:
                self._history.check()
            except HistoryError as error:
                self._failed(error)
                self._take_back()
                if is_last:
                    return False
            else:
                break
        with self._work:
            self._recent.clear()
            self._recent_new = 0
            if self._is_lost:
                self._is_lost, self._trouble = False, ""
        return True

    def _take_back(self) -> None:
        with self._work:
            self._is_lost = True
            self._written -= self._recent_new
            self._doubled -= len(self._recent) - self._recent_new
            self._waiting.extendleft(reversed(self._recent))
            self._recent.clear()
            self._recent_new = 0
            self._shorten()

    def _write_batch(self) -> bool:
        """Writes what waits, up to `BATCH`; says whether there was any and the database took it."""
        with self._work:
            batch = [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]
        if not batch:
            return False
        try:
            new = self._history.add(batch)
        except HistoryError as error:
            self._failed(error)
            with self._work:
                self._waiting.extendleft(reversed(batch))
                self._shorten()
            return False
        with self._work:
            self._recent += batch
            self._recent_new += new
            self._written += new
            self._doubled += len(batch) - new
            self._trouble = ""
        return True

    def _prune(self) -> None:
        if not self._days or self._monotonic() < self._prune_s:
            return
        self._prune_s = self._monotonic() + PRUNE_S
        try:
            self._history.prune(round(self._clock() * 1000) - self._days * DAY_MS)
        except HistoryError as error:
            self._failed(error)

    def _failed(self, error: HistoryError) -> None:
        with self._work:
            self._trouble, self._retry_s = str(error), self._monotonic() + RETRY_S

    def _shorten(self) -> None:
        while len(self._waiting) > self._most:
            self._waiting.popleft()
            self._dropped += 1
