"""The fleet as plain lines, where there is no terminal: what changed, for a log."""

import sys
from types import TracebackType
from typing import Self, TextIO

from sagui.deploy.monitor.entries import Entry, entries
from sagui.deploy.monitor.standing import Standing, connection_words, remarks
from sagui.deploy.monitor.wording import trouble_words, update_words
from sagui.deploy.rollout.display import printable
from sagui.deploy.watch import Fleet
from sagui.wire import timestamp

_LOOK_S = 1.0
"""How often it is seen who is silent."""


class Aside:
    """Says on standard error how the monitor itself is, when that changes."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._connection = ""
        self._told: set[str] = set()

    def tell(self, standing: Standing) -> None:
        """Says what is new; of each kind of remark only the first."""
        if (words := connection_words(standing)) != self._connection:
            self._connection = words
            print(f"connected to {words}" if standing.connected else words, file=self._stream, flush=True)
        for remark in remarks(standing):
            # The numbers in it grow, and its topics change.
            kind = remark.partition(",")[0].lstrip("0123456789")
            if kind not in self._told:
                self._told.add(kind)
                print(remark, file=self._stream, flush=True)


class LineView:
    """See `View`. A line for a device when its label changed, or something with it is wrong or right again."""

    def __init__(self, out: TextIO, group: str | None = None, aside: Aside | None = None) -> None:
        """Begins with nothing said.

        Args:
            out: Where lines go.
            group: Only devices that follow its plans; None for all.
            aside: Says how the monitor is.
        """
        self._out, self._group, self._aside = out, group, aside or Aside()
        self._said: dict[str, dict[str, str]] = {}
        self._changed: set[str] = set()
        self._look_at_s = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    def learned(self, fleet: Fleet, device: str, now_s: float) -> None:  # noqa: ARG002 (the port's signature)
        """See `View.learned`."""
        self._changed.add(device)

    def turn(self, fleet: Fleet, standing: Standing, now_s: float) -> None:
        """See `View.turn`."""
        self._aside.tell(standing)
        if abs(now_s - self._look_at_s) >= _LOOK_S:
            self._look_at_s = now_s
            self._changed |= {row.device for row in fleet.rows()}
        written = [line for device in sorted(self._changed) for line in self._news(fleet, device, now_s)]
        self._changed.clear()
        if written:
            self._out.write("".join(f"{timestamp(now_s)} {line}\n" for line in written))
            self._out.flush()

    def _news(self, fleet: Fleet, device: str, now_s: float) -> list[str]:
        row = fleet.row(device)
        lines = entries([row], self._group, now_s) if row else []
        known = self._said.pop(device, {})
        if lines:
            self._said[device] = {entry.name: _kernel(entry, now_s) for entry in lines}
        elif known:
            return [f"{device}: gone"]
        return [_line(entry, now_s) for entry in lines if known.get(entry.name) != _kernel(entry, now_s)]


def _kernel(entry: Entry, now_s: float) -> str:
    """What makes a new line: numbers alone do not."""
    row, stream = entry.row, entry.stream
    wrong = "; ".join(f"{one.kind} {one.said if one.kind != 'unreadable' else ''}" for one in entry.troubles)
    phase = f"{row.update.phase} {row.update.latest_version}" if row.update else ""
    version = row.model.version if row.model else ""
    return f"{row.status(now_s)} {stream.label if stream else ''} {version} {phase} {wrong}"


def _line(entry: Entry, now_s: float) -> str:
    row, stream = entry.row, entry.stream
    parts: list[str] = [row.status(now_s)]
    if stream:
        parts.append(f"{printable(stream.label)} {stream.score:.0%} since {stream.since}")
    if row.model:
        parts.append(printable(f"{row.model.name} {row.model.version}"))
    parts.append(update_words(row))
    parts += [trouble_words(one) for one in entry.troubles if one.kind not in {"offline", "stale"}]
    return f"{entry.name}: {', '.join(part for part in parts if part)}"
