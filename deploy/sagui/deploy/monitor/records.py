"""The fleet as a stream of records, for scripts: JSON lines, or CSV with a header."""

import csv
import io
import json
from types import TracebackType
from typing import Protocol, Self, TextIO

from sagui.deploy.monitor.entries import entries
from sagui.deploy.monitor.lines import Aside
from sagui.deploy.monitor.record import KEYS, Record, Value, differs, gone, record
from sagui.deploy.monitor.standing import Standing
from sagui.deploy.rollout.display import printable
from sagui.deploy.watch import Fleet, Status

_LOOK_S = 1.0
_FORMULA = ("=", "+", "-", "@")
"""What a spreadsheet would compute, if a text begins so."""


class Format(Protocol):
    """How a record is written."""

    def header(self) -> str:
        """What comes before all, lines ends included."""

    def line(self, one: Record) -> str:
        """A record, its line end included."""


class JsonLines:
    """An object a line, in ASCII: no letter from outside reaches a terminal."""

    def header(self) -> str:
        """See `Format.header`."""
        return ""

    def line(self, one: Record) -> str:
        """See `Format.line`."""
        return json.dumps(one) + "\n"


class CsvLines:
    """A header, and a row for each record; lists are words with ``; `` between them, null is empty.

    A text that a spreadsheet would take for a formula gets an apostrophe before it.
    """

    def header(self) -> str:
        """See `Format.header`."""
        return self._row(list(KEYS))

    def line(self, one: Record) -> str:
        """See `Format.line`."""
        return self._row([_cell(one[key]) for key in KEYS])

    @staticmethod
    def _row(cells: list[str]) -> str:
        row = io.StringIO()
        csv.writer(row, lineterminator="\n").writerow(cells)
        return row.getvalue()


class RecordView:
    """See `View`. A record for each change of a device, in the order of the messages."""

    def __init__(self, out: TextIO, written: Format, group: str | None = None, aside: Aside | None = None) -> None:
        """Begins with nothing said.

        Args:
            out: Where records go.
            written: How they are written.
            group: Only devices that follow its plans; None for all.
            aside: Says how the monitor is.
        """
        self._out, self._format, self._group, self._aside = out, written, group, aside or Aside()
        self._said: dict[str, dict[str | None, Record]] = {}
        self._status: dict[str, Status] = {}
        self._waiting: list[str] = [written.header()]
        self._look_at_s = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    def learned(self, fleet: Fleet, device: str, now_s: float) -> None:
        """See `View.learned`."""
        row = fleet.row(device)
        found = {
            one.stream.name if one.stream else None: one for one in entries([row] if row else [], self._group, now_s)
        }
        before = self._said.pop(device, {})
        if not found:
            self._status.pop(device, None)
            if before:
                self._waiting.append(self._format.line(gone(device, now_s)))
            return
        now = {name: record(entry, now_s) for name, entry in found.items()}
        self._said[device] = now
        if row:
            self._status[device] = row.status(now_s)
        self._waiting += [self._format.line(one) for name, one in now.items() if differs(one, before.get(name))]

    def turn(self, fleet: Fleet, standing: Standing, now_s: float) -> None:
        """See `View.turn`."""
        self._aside.tell(standing)
        if abs(now_s - self._look_at_s) >= _LOOK_S:
            self._look_at_s = now_s
            self._see_who_is_silent(fleet, now_s)
        written, self._waiting = "".join(self._waiting), []
        if written:
            # In one piece: an end in the midst of it shall leave no half of a line.
            self._out.write(written)
            self._out.flush()

    def _see_who_is_silent(self, fleet: Fleet, now_s: float) -> None:
        for row in fleet.rows():
            if self._status.get(row.device, "") not in {"", row.status(now_s)}:
                self.learned(fleet, row.device, now_s)


def _cell(value: Value) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case list():
            return _cell("; ".join(value))
        case str():
            text = printable(value)
            return f"'{text}" if text.startswith(_FORMULA) else text
        case _:
            return repr(value)
