"""Compares devices with their first week: asks the history in a thread, and remembers the answers for a while."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import monotonic, time

from nicegui import run

from sagui.deploy.history import History
from sagui.deploy.history.drift import NOTHING, WEEK_MS, Comparison, Sample, compare, samples
from sagui.deploy.history.rows import AHEAD_MS, HOUR_MS

KEEP_S = 60.0
"""So long an answer is remembered; that of a whole week, which takes longer and changes less, for five minutes."""

_SHARE_OF_PRESENT = 1 / 2000

KEEP_WEEK_S = 3600.0
"""So long a first week is; results that come late, or are removed, are seen an hour later."""

MOST_DEVICES = 2_000
"""So many are compared."""

MOST_STREAMS = 16
_MOST_ANSWERS = 3 * MOST_DEVICES


@dataclass(frozen=True, slots=True)
class Drift:
    """A stream of a device, compared.

    Attributes:
        stream: Empty where the device has one only.
        model: Name and version of what said its newest result; both sides are this one's.
        week_ms: Beginning and end of the first week, Unix time; it is shorter where the present begins earlier.
        now_ms: Beginning and end of the present, Unix time.
    """

    device: str
    stream: str
    model: tuple[str, str]
    week_ms: tuple[int, int]
    now_ms: tuple[int, int]
    comparison: Comparison

    @property
    def name(self) -> str:
        """Names it for people."""
        return f"{self.device} · {self.stream}" if self.stream else self.device


@dataclass(frozen=True, slots=True)
class _Week:
    model: tuple[str, str]
    ends_ms: tuple[int, int]
    streams: dict[str, Sample]


class Survey:
    """One for all readers. The history is asked by one thread at a time, so that other pages find it free."""

    def __init__(
        self, history: History, clock: Callable[[], float] = time, steady: Callable[[], float] = monotonic
    ) -> None:
        """Begins with nothing known.

        Args:
            history: What is asked.
            clock: Unix time, seconds.
            steady: Seconds that only grow.
        """
        self._history, self._clock, self._steady = history, clock, steady
        self._turn = asyncio.Lock()
        self._answers: dict[tuple[str, int], tuple[float, tuple[Drift, ...]]] = {}
        self._weeks: dict[tuple[str, int], tuple[float, _Week]] = {}

    async def devices(self) -> list[str]:
        """Gives the devices that have results, sorted; raises `HistoryError`."""
        return await run.io_bound(self._history.devices) or []

    async def look(self, devices: Sequence[str], span_ms: int) -> list[Drift]:
        """Compares all streams of some devices; raises `HistoryError`.

        Args:
            devices: Of these.
            span_ms: How long the present is.
        """
        async with self._turn:
            return await run.io_bound(self.compare, devices, span_ms) or []

    def compare(self, devices: Sequence[str], span_ms: int) -> list[Drift]:
        """Does the same in the caller's thread; not in two at once."""
        return [drift for device in devices for drift in self._of(device, span_ms)]

    def _of(self, device: str, span_ms: int) -> tuple[Drift, ...]:
        now_s = self._steady()
        known = self._answers.get((device, span_ms))
        if known is None or known[0] <= now_s:
            if len(self._answers) >= _MOST_ANSWERS:
                self._answers.clear()
                self._weeks.clear()
            known = (now_s + max(KEEP_S, span_ms * _SHARE_OF_PRESENT / 1000), self._ask(device, span_ms))
            self._answers[device, span_ms] = known
        return known[1]

    def _ask(self, device: str, span_ms: int) -> tuple[Drift, ...]:
        now_ms = round(self._clock() * 1000)
        model = self._history.newest_model(device)
        week = self._week(device, model, now_ms, span_ms) if model else None
        if week is None:
            return ()
        until_ms = now_ms + AHEAD_MS
        present = samples(self._history.stream_hours(device, week.model, now_ms - span_ms, until_ms))
        return tuple(
            Drift(
                device=device,
                stream=stream,
                model=week.model,
                week_ms=week.ends_ms,
                now_ms=(now_ms - span_ms, now_ms),
                comparison=compare(
                    week.streams.get(stream, NOTHING),
                    present.get(stream, NOTHING),
                    length_ms=week.ends_ms[1] - week.ends_ms[0],
                    block_ms=span_ms,
                ),
            )
            for stream in sorted(week.streams.keys() | present.keys())[:MOST_STREAMS]
        )

    def _week(self, device: str, model: tuple[str, str], now_ms: int, span_ms: int) -> _Week | None:
        """The first week of a model, as far as it was before the present; in the end by whole hours, to remember it."""
        now_s = self._steady()
        until_s, known = self._weeks.get((device, span_ms), (0.0, None))
        if known and (until_s <= now_s or known.model != model):
            known = None
        first_ms = known.ends_ms[0] if known else self._history.first_ms(device, model)
        if first_ms is None:
            return None
        hour_ms = (now_ms - span_ms) // HOUR_MS * HOUR_MS
        end_ms = max(first_ms, min(first_ms + WEEK_MS, hour_ms))
        if known and known.ends_ms[1] == end_ms:
            return known
        week = _Week(model, (first_ms, end_ms), samples(self._history.stream_hours(device, model, first_ms, end_ms)))
        self._weeks[device, span_ms] = (now_s + KEEP_WEEK_S, week)
        return week
