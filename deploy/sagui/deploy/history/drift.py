"""Whether a stream sees something else than in its first week: rules without I/O.

Labels are compared by the Jensen-Shannon distance, not by a test of significance. Frames of a camera follow one
another, so that a thousand of them may say no more than one: a chi-square test takes each for a witness of its own, and
calls every difference between millions of frames significant. A distance says how large a difference is. How much of
that is usual here is asked of the first week itself: the present has changed only where it is further from the first
week than each hour or day of that week was from the rest of it. So it matters little how the frames hang together.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sagui.deploy.history.port import MOST_STREAMS, StreamCount
from sagui.deploy.history.rows import DAY_MS

WEEK_MS = 7 * DAY_MS
"""What a model saw in so long is what all later is compared with."""

SHORTEST_MS = DAY_MS
"""Nights differ from days: less than a day is no first week."""

NEEDED = 100
NEEDED_PER_LABEL = 20
"""So many results are needed on each side, and so many for each label.

Chance alone puts n results of k labels at a distance of about sqrt((k - 1) / (8 n ln 2)) from many: to the second order
8 n times the divergence is Pearson's chi-square. With 20 for each label that is 0.1 at most, half of what is told.
"""

RARE = 0.01
"""Labels with a smaller share on both sides are taken together: a device may say another label each time."""

MOST_LABELS = 50
"""So many labels of a period are remembered by name."""

UNKNOWN = "unknown"
"""What a frame is called whose best score stays below the bundle's threshold (docs/mqtt.md)."""

Verdict = Literal["changed", "steady", "too few"]
Reason = Literal["labels", "score", "unknown"]
_REASONS: tuple[Reason, ...] = ("labels", "score", "unknown")


@dataclass(frozen=True, slots=True)
class Bounds:
    """Which differences are told.

    Attributes:
        least: Smaller ones never, however alike the days of the first week were.
        most: Larger ones always, however unlike they were.
    """

    least: float
    most: float

    def limit(self, usual: float) -> float:
        """Gives the limit where the first week itself differs by so much."""
        return min(max(self.least, usual), self.most)


DISTANCE = Bounds(0.2, 0.8)
"""Of the labels. For small changes the population stability index is about 8 ln 2 times the square of this distance, so
that 0.2 is an index of 0.22; from 0.25 on it is by custom called a significant shift
(mathworks.com/help/risk/risk.validation.populationstabilityindex.html). A new label makes 0.2 with 8 % of
the results."""

FALL = Bounds(0.05, 0.2)
"""Of the mean score."""

RISE = Bounds(0.1, 0.4)
"""Of the share of `UNKNOWN`."""


_SAMPLE_BYTES = 1_000
"""What a sample's objects take beside their contents."""


@dataclass(frozen=True, eq=False, slots=True)
class Sample:
    """What a stream saw in a period.

    Attributes:
        begins_ms: When the pieces with results begin, Unix time, ascending; ``(pieces,)``.
        labels: The `MOST_LABELS` most frequent.
        counts: How often each was seen in each piece, all others at the end; ``(pieces, labels + 1)``.
        sums: The sum of the scores of the same; ``(pieces, labels + 1)``.
    """

    begins_ms: NDArray[np.int64]
    labels: tuple[str, ...]
    counts: NDArray[np.int32]
    sums: NDArray[np.float32]

    @property
    def total(self) -> int:
        """How many results."""
        return int(self.counts.sum())

    @property
    def size_bytes(self) -> int:
        """How much memory it takes, about."""
        names = sum(map(len, self.labels))
        return self.begins_ms.nbytes + self.counts.nbytes + self.sums.nbytes + names + _SAMPLE_BYTES


NOTHING = Sample(np.zeros(0, np.int64), (), np.zeros((0, 1), np.int32), np.zeros((0, 1), np.float32))
"""Of a stream that is silent."""


@dataclass(frozen=True, slots=True)
class LabelShare:
    """A label then and now.

    Attributes:
        label: None for all that are rare.
        then: Its share in the first week, from 0 to 1.
        now: Its share in the present.
        score_then: Its mean score; None where it was not seen.
        score_now: The same in the present.
    """

    label: str | None
    then: float
    now: float
    score_then: float | None
    score_now: float | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """What became of a stream.

    Attributes:
        verdict: ``too few`` where too little was seen on either side.
        reasons: Why it has changed.
        shares: The labels, those that moved most first; the rare ones at the end.
        distance: Of the labels, from 0 (the same) to 1 (nothing in common).
        limit: What it may be.
        score_then: The mean score of the first week; None where there was nothing.
        score_now: The same in the present.
        unknown_then: Share of `UNKNOWN` in the first week, from 0 to 1.
        unknown_now: The same in the present.
        count_then: Results of the first week.
        count_now: Results of the present.
        needed: So many are needed on each side.
        is_whole: False where there were more labels than can be counted: what is missing may be missing on one side
            only, so there is no verdict.
    """

    verdict: Verdict
    reasons: tuple[Reason, ...]
    shares: tuple[LabelShare, ...]
    distance: float
    limit: float
    score_then: float | None
    score_now: float | None
    unknown_then: float
    unknown_now: float
    count_then: int
    count_now: int
    needed: int
    is_whole: bool


def distance(then: NDArray[np.int64], now: NDArray[np.int64]) -> float:
    """Gives the Jensen-Shannon distance of two distributions, with logarithms to the base of 2.

    The root of the mean of both relative entropies to the middle of the two. It is a metric from 0 to 1, and finite
    where a label is new, which the population stability index is not. Lin 1991, doi.org/10.1109/18.61115; Endres and
    Schindelin 2003, doi.org/10.1109/TIT.2003.813506; the formula is that of
    docs.scipy.org/doc/scipy/reference/generated/scipy.spatial.distance.jensenshannon.html.

    Args:
        then: How often each label was seen, ``(labels,)``; not all 0.
        now: The same labels, ``(labels,)``; not all 0.

    >>> distance(np.array([5, 0]), np.array([0, 9]))
    1.0
    """
    shares = np.array([then / then.sum(), now / now.sum()])
    ratio = np.divide(shares, shares.mean(axis=0), out=np.ones_like(shares), where=shares > 0)
    return float(np.sqrt(np.clip((shares * np.log2(ratio)).sum() / 2, 0, 1)))


def samples(counts: Iterable[StreamCount], first: Collection[str] = ()) -> dict[str, Sample]:
    """Sorts what was counted by stream, `MOST_STREAMS` at most.

    Args:
        counts: Of one device and model.
        first: Streams that matter more than others.
    """
    streams: dict[str, list[StreamCount]] = {}
    for count in counts:
        streams.setdefault(count.stream, []).append(count)
    named = sorted(streams, key=lambda stream: (stream not in first, stream))[:MOST_STREAMS]
    return {stream: _sample(streams[stream]) for stream in named}


def compare(then: Sample, now: Sample, *, length_ms: int, block_ms: int, is_whole: bool = True) -> Comparison:
    """Compares the present with the first week.

    Args:
        then: The first week.
        now: The present.
        length_ms: How long the first week was.
        block_ms: How long the present is; the first week is cut into pieces of the same length.
        is_whole: False where something was not counted on either side.
    """
    labels = _own_labels(then, now)
    week, present = _parts(then, labels), _parts(now, labels)
    whole, newest = _sum(week), _sum(present)
    needed = max(NEEDED, NEEDED_PER_LABEL * len(whole.counts[whole.counts + newest.counts > 0]))
    is_enough = is_whole and length_ms >= SHORTEST_MS and min(then.total, now.total) >= needed
    limits = [DISTANCE.least, FALL.least, RISE.least]
    moves = _moves(whole, newest, labels) if then.total and now.total else (0.0, 0.0, 0.0)
    if is_enough:
        usual = _usual(week, labels, _blocks(then.begins_ms, length_ms, block_ms))
        limits = [bounds.limit(most) for bounds, most in zip((DISTANCE, FALL, RISE), usual, strict=True)]
    told = tuple(reason for reason, move, limit in zip(_REASONS, moves, limits, strict=True) if move > limit)
    return Comparison(
        verdict=("changed" if told else "steady") if is_enough else "too few",
        reasons=told if is_enough else (),
        shares=_shares(whole, newest, labels),
        distance=moves[0],
        limit=limits[0],
        score_then=_mean(whole),
        score_now=_mean(newest),
        unknown_then=_unknown(whole, labels),
        unknown_now=_unknown(newest, labels),
        count_then=then.total,
        count_now=now.total,
        needed=needed,
        is_whole=is_whole,
    )


class _Part(NamedTuple):
    """Counts and sums of scores; a column for each label, the last for the rare ones."""

    counts: NDArray[np.int64]
    sums: NDArray[np.float64]


def _sample(counts: Sequence[StreamCount]) -> Sample:
    totals: dict[str, int] = {}
    for count in counts:
        totals[count.label] = totals.get(count.label, 0) + count.count
    labels = tuple(sorted(totals, key=lambda label: (-totals[label], label))[:MOST_LABELS])
    begins = sorted({count.begin_ms for count in counts})
    row = {begin: index for index, begin in enumerate(begins)}
    column = {label: index for index, label in enumerate(labels)}
    seen, sums = np.zeros((len(begins), len(labels) + 1), np.int64), np.zeros((len(begins), len(labels) + 1))
    for count in counts:
        place = row[count.begin_ms], column.get(count.label, len(labels))
        seen[place] += count.count
        sums[place] += count.count * count.score
    # Of 7 days, 32 bits hold 3,500 results a second. Sums of what is compared have 64.
    return Sample(np.array(begins, np.int64), labels, seen.astype(np.int32), sums.astype(np.float32))


def _own_labels(then: Sample, now: Sample) -> tuple[str, ...]:
    """`UNKNOWN`, and those that are not rare on both sides, in the order of the first week."""
    found: dict[str, None] = {}
    for sample in (then, now):
        frequent = sample.counts[:, :-1].sum(axis=0) >= RARE * sample.total
        for label, is_one in zip(sample.labels, frequent, strict=True):
            if is_one or label == UNKNOWN:
                found[label] = None
    return tuple(found)


def _parts(sample: Sample, labels: Sequence[str]) -> _Part:
    """Each piece, with these labels; ``(pieces, labels + 1)``."""
    place = {label: index for index, label in enumerate(labels)}
    columns = [place.get(label, len(labels)) for label in sample.labels] + [len(labels)]
    moved = np.zeros((len(columns), len(labels) + 1), np.int64)
    moved[range(len(columns)), columns] = 1
    return _Part(sample.counts @ moved, sample.sums.astype(np.float64) @ moved)


def _sum(part: _Part) -> _Part:
    return _Part(part.counts.sum(axis=0), part.sums.sum(axis=0))


def _blocks(begins_ms: NDArray[np.int64], length_ms: int, block_ms: int) -> NDArray[np.int64]:
    """Numbers the piece of each moment; a rest belongs to the last piece, as a few minutes are no day."""
    pieces: NDArray[np.int64] = (begins_ms - begins_ms[0]) // block_ms
    return pieces.clip(max=max(1, length_ms // block_ms) - 1)


def _usual(week: _Part, labels: Sequence[str], blocks: NDArray[np.int64]) -> list[float]:
    """How far the pieces of the first week are from the rest of it at most, in labels, score and unknowns."""
    moves = [_moves(rest, piece, labels) for rest, piece in _pieces(week, blocks)]
    return [max(0.0, *of_one) for of_one in zip(*moves, strict=True)] or [0.0] * len(_REASONS)


def _pieces(week: _Part, blocks: NDArray[np.int64]) -> Iterator[tuple[_Part, _Part]]:
    whole = _sum(week)
    for block in np.unique(blocks):
        piece = _sum(_Part(week.counts[blocks == block], week.sums[blocks == block]))
        rest = _Part(whole.counts - piece.counts, whole.sums - piece.sums)
        if min(piece.counts.sum(), rest.counts.sum()) >= NEEDED:
            yield rest, piece


def _moves(then: _Part, now: _Part, labels: Sequence[str]) -> tuple[float, float, float]:
    """Distance of the labels, fall of the mean score, rise of the share of unknowns."""
    fall = then.sums.sum() / then.counts.sum() - now.sums.sum() / now.counts.sum()
    return distance(then.counts, now.counts), float(fall), _unknown(now, labels) - _unknown(then, labels)


def _unknown(part: _Part, labels: Sequence[str]) -> float:
    total = int(part.counts.sum())
    return float(part.counts[labels.index(UNKNOWN)] / total) if total and UNKNOWN in labels else 0.0


def _mean(part: _Part) -> float | None:
    total = int(part.counts.sum())
    return float(part.sums.sum() / total) if total else None


def _shares(then: _Part, now: _Part, labels: Sequence[str]) -> tuple[LabelShare, ...]:
    of_then, of_now = (part.counts / max(1, part.counts.sum()) for part in (then, now))
    order = sorted(range(len(labels)), key=lambda at: (-abs(of_now[at] - of_then[at]), labels[at]))
    if then.counts[-1] or now.counts[-1]:
        order.append(len(labels))
    return tuple(
        LabelShare(
            label=labels[at] if at < len(labels) else None,
            then=float(of_then[at]),
            now=float(of_now[at]),
            score_then=float(then.sums[at] / then.counts[at]) if then.counts[at] else None,
            score_now=float(now.sums[at] / now.counts[at]) if now.counts[at] else None,
        )
        for at in order
    )
