"""All that the pages show: takes what was heard in a thread of its own, and knows what changed."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic, sleep, time
from typing import Protocol

from sagui.deploy.dashboard.live.absence import Absence
from sagui.deploy.dashboard.live.aside import Aside
from sagui.deploy.dashboard.live.ears import Heard
from sagui.deploy.dashboard.live.photos import Photo, Photos
from sagui.deploy.dashboard.live.plans import Kept, Plans
from sagui.deploy.history import Writer, row_of
from sagui.deploy.history.budget import Budget
from sagui.deploy.watch import Fleet, Limits, Row
from sagui.wire import Result, WireError, decode, topics

_CHUNK = 200
_LOOK_S = 0.2
_OF_UPDATES = frozenset({"availability", "update/state"})
_REST_S = 0.02
"""After a small bite, more is let gather: to wake for each message costs more than to take it."""


class Hears(Protocol):
    """Where messages come from."""

    away: Absence | None
    overrun: int

    def take(self, most: int, timeout_s: float) -> list[Heard]:
        """Gives what was heard; waits for the first."""


@dataclass(frozen=True)
class Seen:
    """A device, and what a card needs beside its row.

    Attributes:
        scores: The mean score of each minute of the last hour, of the first stream.
    """

    row: Row
    photo: Photo | None
    scores: tuple[float | None, ...]


@dataclass(frozen=True)
class Condition:
    """How the dashboard itself is.

    Attributes:
        away: Why the broker is not there; None while it is.
        overrun: Messages that were lost.
        crowded: Messages of devices that are too many.
        flooded: Results of devices that flood, and were not saved.
        trouble: Why results are not saved; empty while they are.
        waiting: Results that wait in memory.
        dropped: Results that are lost.
    """

    away: Absence | None
    overrun: int
    crowded: int
    flooded: int
    trouble: str
    waiting: int
    dropped: int


class Board:
    """Any thread may ask; the answers are values that do not change."""

    def __init__(self, ears: Hears, writer: Writer, limits: Limits | None = None) -> None:
        """Begins to take.

        Args:
            ears: Where messages come from.
            writer: Keeps the results.
            limits: How much is remembered of devices.
        """
        self._ears, self._writer, self._limits = ears, writer, limits or Limits()
        self._guard = threading.Lock()
        self._fleet, self._photos = Fleet(self._limits), Photos()
        self._budgets: dict[str, Budget] = {}
        self._flooded = 0
        self._plans, self._standing = Plans(), 0
        self._serial = 0
        self._changed: OrderedDict[str, int] = OrderedDict()
        self._never, self._closing = True, False
        self._write: Callable[[str], None] | None = None
        self._broker = Aside("the broker is connected again", monotonic)
        self._database = Aside("results are saved again", monotonic)
        self._thread = threading.Thread(target=self._run, name="board", daemon=True)
        self._thread.start()

    def changed(self, since: int) -> tuple[int, list[str]]:
        """Names the devices that changed, came or went.

        Args:
            since: What the last call gave; 0 for all.

        Returns:
            What to give the next call, and the names.
        """
        names: list[str] = []
        with self._guard:
            for name in reversed(self._changed):
                if self._changed[name] <= since:
                    break
                names.append(name)
            return self._serial, names

    def see(self, devices: Sequence[str]) -> dict[str, Seen]:
        """Looks at devices; those that are gone are missing."""
        now_s = time()
        with self._guard:
            found = {name: self._fleet.row(name) for name in devices}
            return {name: self._seen(row, now_s) for name, row in found.items() if row is not None}

    def rows(self) -> list[Row]:
        """All devices."""
        with self._guard:
            return list(self._fleet.rows())

    def photo(self, device: str) -> Photo | None:
        """The newest photo of a device."""
        with self._guard:
            return self._photos.get(device)

    def plans(self) -> tuple[Kept, ...]:
        """The groups' plans, by group."""
        with self._guard:
            return self._plans.kept()

    @property
    def standing(self) -> int:
        """Grows with all that may change how a rollout stands, and with nothing else."""
        return self._standing

    @property
    def is_awaited(self) -> bool:
        """Whether the broker was never there: nothing that is not shown can be said not to be."""
        return self._never

    @property
    def plans_left_out(self) -> int:
        """Plans of groups that are too many to be kept."""
        return self._plans.crowded_out

    @property
    def condition(self) -> Condition:
        """How the dashboard itself is."""
        tally = self._writer.tally
        return Condition(
            away=self._ears.away,
            overrun=self._ears.overrun,
            crowded=self._fleet.crowded_out,
            flooded=self._flooded,
            trouble=tally.trouble,
            waiting=tally.waiting,
            dropped=tally.dropped,
        )

    def tell(self, write: Callable[[str], None]) -> None:
        """Has lines written, from now on, when the broker or the database goes or comes back.

        Args:
            write: Called by the board's thread.
        """
        self._write = write

    def close(self) -> None:
        """Takes what was heard, and nothing more: the ears must be closed, or there may always be more."""
        self._closing = True
        self._thread.join()

    def _seen(self, row: Row, now_s: float) -> Seen:
        stream = row.streams[0].name if row.streams else None
        return Seen(row, self._photos.get(row.device), self._fleet.scores(row.device, stream, now_s))

    # What follows is done by the board's thread alone.

    def _run(self) -> None:
        while True:
            closing = self._closing
            # Small bites: a page that asks meanwhile waits for one of them at most.
            heard = self._ears.take(_CHUNK, 0 if closing else _LOOK_S)
            with self._guard:
                for one in heard:
                    self._take(one)
            if closing and not heard:
                return  # not before: the broker was told that all of it arrived
            if not closing:
                if len(heard) < _CHUNK:
                    sleep(_REST_S)
                self._tell()

    def _tell(self) -> None:
        ears, write = self._ears, self._write
        self._never = self._never and bool(ears.away)
        if write is None:
            return
        broker = ""
        if away := ears.away:
            broker = f"the broker {'cannot be used' if away.refused else 'is away'}: {away}"
        trouble = self._writer.tally.trouble
        lines = self._broker.look(broker), self._database.look(trouble and f"results are not saved: {trouble}")
        with suppress(OSError, ValueError):  # a terminal that is gone is no reason to stop hearing
            for line in filter(None, lines):
                write(line)

    def _take(self, heard: Heard) -> None:
        if Plans.hears(heard.topic):
            self._standing += self._plans.take(heard.topic, heard.payload)
            return
        try:
            device = topics.device_of(heard.topic)
        except WireError:
            device = ""
        kind = heard.topic.split("/", 2)[-1]
        if device and kind == "snapshot":
            changed: str | None = device if self._photos.take(device, heard.payload, heard.received_s) else None
        else:
            changed = self._fleet.take(heard.topic, heard.payload, heard.received_s, retained=heard.retained)
        if changed is None:
            return
        self._serial += 1
        self._standing += kind in _OF_UPDATES
        self._changed[changed] = self._serial
        self._changed.move_to_end(changed)
        if len(self._changed) > 2 * self._limits.devices:  # names of devices that are long gone
            gone, _ = self._changed.popitem(last=False)
            self._budgets.pop(gone, None)
        if kind == "result":
            self._keep(device, heard)

    def _keep(self, device: str, heard: Heard) -> None:
        """Saves a result, unless its device has flooded for long."""
        if len(heard.payload) > self._limits.payload_bytes["result"]:
            return
        budget = self._budgets.get(device)
        if budget is None:
            budget = self._budgets[device] = Budget(monotonic)
        if not budget.spend():
            self._flooded += 1
            return
        try:
            result = decode(heard.payload, Result)
        except WireError:
            return  # the fleet has counted it
        if row := row_of(device, result, round(heard.received_s * 1000)):
            self._writer.put(row)
