"""Compares devices with their first week: asks the history in a thread, and remembers the answers for a while."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from time import monotonic, time

from nicegui import run

from sagui.deploy.dashboard.drift.memory import Memory
from sagui.deploy.history import History, HistoryError
from sagui.deploy.history.drift import NOTHING, WEEK_MS, Comparison, Sample, compare, samples
from sagui.deploy.history.port import MOST_COUNTS, MOST_STREAMS
from sagui.deploy.history.rows import AHEAD_MS, HOUR_MS

KEEP_S = 60.0
"""So long an answer is remembered; that of a whole week, which takes longer and changes less, for five minutes."""

_SHARE_OF_PRESENT = 1 / 2000

KEEP_WEEK_S = 3600.0
"""So long a first week is; results that come late, or are removed, are seen an hour later."""

MOST_DEVICES = 2_000
"""So many are compared."""

MOST_BYTES = 64 * 2**20
"""So much memory answers take at most, and so much first weeks; the oldest is asked again then."""

_DRIFT_BYTES, _SHARE_BYTES = 1_000, 300

Model = tuple[str, str]
"""Name and version."""


@dataclass(frozen=True, slots=True)
class Drift:
    """A stream of a device, compared.

    Attributes:
        stream: Empty where the device has one only.
        model: What said the stream's newest result; both sides are this one's.
        week_ms: Beginning and end of the first week, Unix time; it is shorter where the present begins earlier.
        now_ms: Beginning and end of the present, Unix time.
    """

    device: str
    stream: str
    model: Model
    week_ms: tuple[int, int]
    now_ms: tuple[int, int]
    comparison: Comparison

    @property
    def name(self) -> str:
        """Names it for people."""
        return f"{self.device} · {self.stream}" if self.stream else self.device


@dataclass(slots=True)
class Found:
    """What became of some devices.

    Attributes:
        drifts: Of those that could be compared.
        failed: Those where the database failed, and why.
    """

    drifts: list[Drift] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Week:
    ends_ms: tuple[int, int]
    streams: dict[str, Sample]
    is_whole: bool

    @property
    def size_bytes(self) -> int:
        return _DRIFT_BYTES + sum(sample.size_bytes for sample in self.streams.values())


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
        self._answers: Memory[tuple[str, int], tuple[Drift, ...] | str] = Memory(MOST_BYTES)
        self._weeks: Memory[tuple[str, Model, int], _Week] = Memory(MOST_BYTES)

    async def devices(self) -> list[str]:
        """Gives the devices that have results, sorted; raises `HistoryError`."""
        return await run.io_bound(self._history.devices) or []

    async def look(self, devices: Sequence[str], span_ms: int) -> Found:
        """Compares all streams of some devices. One where the database fails is no loss for the others.

        Args:
            devices: Of these.
            span_ms: How long the present is.
        """
        async with self._turn:
            return await run.io_bound(self.compare, devices, span_ms) or Found()

    def compare(self, devices: Sequence[str], span_ms: int) -> Found:
        """Does the same in the caller's thread; not in two at once."""
        found = Found()
        for device in devices:
            answer = self._of(device, span_ms)
            if isinstance(answer, str):
                found.failed[device] = answer
            else:
                found.drifts += answer
        return found

    def _of(self, device: str, span_ms: int) -> tuple[Drift, ...] | str:
        """Gives a device's streams, or why the database failed."""
        answer = self._answers.get((device, span_ms), self._steady())
        if answer is None:
            keep_s, size_bytes = max(KEEP_S, span_ms * _SHARE_OF_PRESENT / 1000), _DRIFT_BYTES
            try:
                answer = self._ask(device, span_ms)
                size_bytes += sum(_DRIFT_BYTES + _SHARE_BYTES * len(drift.comparison.shares) for drift in answer)
            except HistoryError as error:
                answer, keep_s = str(error), KEEP_S
            # The time is that of the answer: a database that fails takes a minute to say so.
            self._answers.put((device, span_ms), answer, size_bytes, self._steady(), keep_s)
        return answer

    def _ask(self, device: str, span_ms: int) -> tuple[Drift, ...]:
        now_ms = round(self._clock() * 1000)
        newest = self._history.newest_models(device, now_ms - span_ms)
        found: dict[str, Drift] = {}
        for model in sorted(set(newest.values())):
            running = {stream for stream, of_it in newest.items() if of_it == model}
            for drift in self._of_model(device, model, running, now_ms, span_ms):
                # A stream that is silent is told by the model that came last to the device.
                known = found.get(drift.stream)
                is_later = known is None or known.week_ms[0] < drift.week_ms[0]
                if drift.stream in running or (drift.stream not in newest and is_later):
                    found[drift.stream] = drift
        named = sorted(found, key=lambda stream: (stream not in newest, stream))[:MOST_STREAMS]
        return tuple(found[stream] for stream in sorted(named))

    def _of_model(self, device: str, model: Model, running: set[str], now_ms: int, span_ms: int) -> Iterator[Drift]:
        week = self._week(device, model, running, now_ms, span_ms)
        if week is None:
            return
        present, is_whole = self._count(
            device, model, running, (now_ms - span_ms, now_ms + AHEAD_MS), span_ms + AHEAD_MS
        )
        for stream in week.streams.keys() | present.keys():
            compared = compare(
                week.streams.get(stream, NOTHING),
                present.get(stream, NOTHING),
                length_ms=week.ends_ms[1] - week.ends_ms[0],
                block_ms=span_ms,
                is_whole=week.is_whole and is_whole,
            )
            yield Drift(device, stream, model, week.ends_ms, (now_ms - span_ms, now_ms), compared)

    def _week(self, device: str, model: Model, running: set[str], now_ms: int, span_ms: int) -> _Week | None:
        """The first week of a model, as far as it was before the present; in the end by whole hours, to remember it."""
        key = (device, model, span_ms)
        known = self._weeks.get(key, self._steady())
        first_ms = known.ends_ms[0] if known else self._history.first_ms(device, model)
        if first_ms is None:
            return None
        hour_ms = (now_ms - span_ms) // HOUR_MS * HOUR_MS
        end_ms = max(first_ms, min(first_ms + WEEK_MS, hour_ms))
        if known and known.ends_ms[1] == end_ms:
            return known
        week = _Week((first_ms, end_ms), *self._count(device, model, running, (first_ms, end_ms), span_ms))
        self._weeks.put(key, week, week.size_bytes, self._steady(), KEEP_WEEK_S)
        return week

    def _count(
        self, device: str, model: Model, running: set[str], ends_ms: tuple[int, int], piece_ms: int
    ) -> tuple[dict[str, Sample], bool]:
        """Gives the streams, those that run the model first, and whether all was counted."""
        counts = self._history.stream_counts(device, model, *ends_ms, piece_ms)
        return samples(counts, running), len(counts) < MOST_COUNTS
