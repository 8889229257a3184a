"""Whether a new model may follow the old one, told from what both made of the same frames. Pure rules, no I/O.

Nobody labels the frames, so nothing here is accuracy. What is compared is what would be published: the best label, or
none where its score stays below the model's own threshold. A better model does disagree with the old one at times, and
is surer or less sure: the limits are wide, and of a share's interval the end counts that favours the new model.
"""

from collections import Counter
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from math import isfinite, sqrt
from typing import Literal

import numpy as np

FEWEST = 20
"""Fewer frames tell nothing: of 20, one that differs is 5 %."""

DISAGREEMENT = 0.25
"""Two models that are right on nine frames of ten differ on two of ten at most, and one that is right on nine of ten
differs from one that is right on eight on three at most, seldom on more than two. What differs on more than a quarter
is another opinion, and which of the two is right is for a person to say: the settings' ``update.disagree``."""

UNKNOWN = 0.25
"""A threshold is there to give a few frames no name. If so many more have none, the camera is half blind."""

FALL = 0.25
"""A calibrated score says how often the label is right. One that falls by so much says of itself that it errs on a
quarter more of the frames; a model that is merely calibrated better falls from 1.00 to 0.80, not further."""

_Z = 1.96
"""For an interval of 95 %."""

Kind = Literal["disagreement", "collapse", "unknown", "confidence", "latency"]


@dataclass(frozen=True)
class Look:
    """What a model made of a frame.

    Attributes:
        label: With the highest score.
        score: Calibrated, 0 to 1.
        took_ms: To fit the frame to the network's input, and to run the network.
        known: Whether the score reaches the model's threshold; if not, the frame is published without a name.
    """

    label: str
    score: float
    took_ms: float
    known: bool = True


@dataclass(frozen=True)
class Pair:
    """What both made of one frame."""

    old: Look
    new: Look


@dataclass(frozen=True)
class Limits:
    """How much is too much.

    Attributes:
        disagreement: Share of frames that get another label, of those that both models name by labels that both know;
            1 allows all.
        unknown: By so much the share of frames without a name may grow.
        several: The old model saw several labels if its commonest has at most this share.
        collapse: The new model then names nearly all by one if its commonest has at least this share.
        frozen: Scores that differ by no more than this, one step of an output of 8 bits, do not depend on the frame...
        tells_apart: ...if the old model's commonest label has at most this share: more may be its own slips.
        fall: By so much the median score may fall...
        confidence: ...and not below this share of the old one, which counts where there are many labels and scores are
            low.
        slower: So many times the old latency is too slow...
        quick_ms: ...but never if it stays below this: then it is no burden, and the scheduler's noise is all there is.
    """

    disagreement: float = DISAGREEMENT
    unknown: float = UNKNOWN
    several: float = 0.8
    collapse: float = 0.98
    frozen: float = 1 / 256
    tells_apart: float = 0.9
    fall: float = FALL
    confidence: float = 0.5
    slower: float = 3.0
    quick_ms: float = 25.0


LIMITS = Limits()


@dataclass(frozen=True)
class Fault:
    """Why the new model is not put to work.

    Attributes:
        kind: For programs.
        text: For a person, in one line.
    """

    kind: Kind
    text: str


@dataclass(frozen=True)
class Comparison:
    """Two models on the same frames.

    Attributes:
        frames: How many.
        comparable: Of them, those that both models name, by labels that both know.
        agreement: Share of the comparable ones that have one label; None where there are none.
        unknown: Share of frames without a name, old and new.
        confidence: Median of the highest score, old and new.
        p95_ms: 95th percentile of the time for a frame, old and new.
    """

    frames: int
    comparable: int
    agreement: float | None
    unknown: tuple[float, float]
    confidence: tuple[float, float]
    p95_ms: tuple[float, float]

    def __str__(self) -> str:
        """One line for a person."""
        same = "no label in common" if self.agreement is None else f"{self.agreement:.0%} alike"
        if any(self.unknown):
            same = f"{same}, {self.unknown[1]:.0%} without a name (before {self.unknown[0]:.0%})"
        return (
            f"{self.frames} frames, {same}, median score {self.confidence[1]:.2f} (before {self.confidence[0]:.2f}), "
            f"p95 {self.p95_ms[1]:.1f} ms (before {self.p95_ms[0]:.1f} ms)"
        )


def compare(pairs: Sequence[Pair], old_labels: AbstractSet[str], new_labels: AbstractSet[str]) -> Comparison:
    """Counts and measures; at least one pair is needed.

    Args:
        pairs: In any order.
        old_labels: All that the old model knows.
        new_labels: All that the new one knows. Labels that only one of them knows cannot be agreed upon.
    """
    named = [pair for pair in pairs if pair.old.known and pair.new.known]
    common = [pair for pair in named if pair.old.label in new_labels and pair.new.label in old_labels]
    alike = sum(pair.old.label == pair.new.label for pair in common)
    old, new = [pair.old for pair in pairs], [pair.new for pair in pairs]
    return Comparison(
        frames=len(pairs),
        comparable=len(common),
        agreement=alike / len(common) if common else None,
        unknown=(_nameless(old), _nameless(new)),
        confidence=(_median(old), _median(new)),
        p95_ms=(_p95_ms(old), _p95_ms(new)),
    )


def judge(
    pairs: Sequence[Pair],
    old_labels: AbstractSet[str],
    new_labels: AbstractSet[str],
    interval_ms: float | None = None,
    limits: Limits = LIMITS,
) -> tuple[Fault, ...]:
    """Finds what is wrong with the new model; nothing can be found in less than `FEWEST` frames.

    Args:
        pairs: See `compare`, like the labels.
        old_labels: See `compare`.
        new_labels: See `compare`.
        interval_ms: From one frame to the next; what takes less loses none. None where times cannot be compared,
            because the two do not run on the same processor: then they are not judged.
        limits: How much is too much.
    """
    if len(pairs) < FEWEST:
        return ()
    found = compare(pairs, old_labels, new_labels)
    faults = (
        _collapse(pairs, limits),
        _disagreement(found, limits),
        _unknown(found, limits),
        _confidence(pairs, found, limits),
        None if interval_ms is None else _latency(found, interval_ms, limits),
    )
    return tuple(fault for fault in faults if fault)


def _collapse(pairs: Sequence[Pair], limits: Limits) -> Fault | None:
    _, old_share = _commonest([pair.old for pair in pairs])
    label, share = _commonest([pair.new for pair in pairs])
    scores = [pair.new.score for pair in pairs]
    if old_share <= limits.several and share >= limits.collapse:
        return Fault("collapse", f"names {share:.0%} of the frames {label!r}, where the old model sees several labels")
    if old_share <= limits.tells_apart and share == 1 and max(scores) - min(scores) <= limits.frozen:
        return Fault("collapse", f"gives every frame {label!r} with the same score, {scores[0]:.2f}, whatever it shows")
    return None


def _disagreement(found: Comparison, limits: Limits) -> Fault | None:
    if found.agreement is None:
        return None
    share = 1 - found.agreement
    if wilson(share, found.comparable)[0] <= limits.disagreement:
        return None
    of = f"{share:.0%} of {found.comparable} frames"
    text = f"gives {of} another label than the old model; {limits.disagreement:.0%} may be (update.disagree)"
    return Fault("disagreement", text)


def _unknown(found: Comparison, limits: Limits) -> Fault | None:
    old, new = found.unknown
    if grown(old, new, found.frames) <= limits.unknown:
        return None
    text = f"gives {new:.0%} of the frames no name, the old model {old:.0%}; {limits.unknown:.0%} more may be"
    return Fault("unknown", text)


def _confidence(pairs: Sequence[Pair], found: Comparison, limits: Limits) -> Fault | None:
    old, new = found.confidence
    allowed = min(limits.fall, (1 - limits.confidence) * old)
    # Where scores are either high or low, a few frames move the median far. Then few frames fell, and it is chance.
    fell = float(np.median([pair.old.score - pair.new.score for pair in pairs]))
    if isfinite(new) and not (old - new > allowed and fell > allowed):
        return None
    return Fault("confidence", f"is unsure: its median score is {new:.2f}, that of the old model {old:.2f}")


def _latency(found: Comparison, interval_ms: float, limits: Limits) -> Fault | None:
    old, new = found.p95_ms
    if new <= max(limits.slower * old, interval_ms, limits.quick_ms):
        return None
    return Fault("latency", f"is too slow: 95 % of frames take up to {new:.0f} ms, {old:.0f} ms with the old model")


def wilson(share: float, count: int) -> tuple[float, float]:
    """Gives the 95 % interval of a share: E. B. Wilson, "Probable inference" (1927), J. Am. Stat. Assoc. 22.

    Args:
        share: That was counted, 0 to 1.
        count: Of how many.

    >>> [round(end, 3) for end in wilson(0.5, 20)], [round(end, 3) for end in wilson(0.5, 1000)]
    ([0.299, 0.701], [0.469, 0.531])
    """
    square = _Z * _Z
    middle = (share + square / (2 * count)) / (1 + square / count)
    half = _Z / (1 + square / count) * sqrt(share * (1 - share) / count + square / (4 * count * count))
    return max(0.0, middle - half), min(1.0, middle + half)


def grown(old: float, new: float, count: int) -> float:
    """Gives by how much a share grew at least: the lower end of the 95 % interval of the difference.

    R. G. Newcombe, "Interval estimation for the difference between independent proportions" (1998), Stat. Med. 17,
    method 10. Two models on the same frames are not independent, but alike: then the interval is wider than it need be.

    Args:
        old: The share before, 0 to 1.
        new: The share now.
        count: Of how many frames each.

    >>> round(grown(0.0, 1.0, 20), 2), grown(0.1, 0.2, 20) < 0
    (0.77, True)
    """
    return new - old - sqrt((new - wilson(new, count)[0]) ** 2 + (wilson(old, count)[1] - old) ** 2)


def _commonest(looks: Sequence[Look]) -> tuple[str, float]:
    label, count = Counter(look.label for look in looks).most_common(1)[0]
    return label, count / len(looks)


def _nameless(looks: Sequence[Look]) -> float:
    return sum(not look.known for look in looks) / len(looks)


def _median(looks: Sequence[Look]) -> float:
    return float(np.median([look.score for look in looks]))


def _p95_ms(looks: Sequence[Look]) -> float:
    # Of few looks the slowest one has no say: a machine that was busy for a moment is no slow model.
    return float(np.percentile([look.took_ms for look in looks], 95, method="lower"))
