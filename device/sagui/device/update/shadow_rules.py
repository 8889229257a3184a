"""Whether a new model may follow the old one, told from what both made of the same frames. Pure rules, no I/O.

Nobody labels the frames, so nothing here is accuracy. A better model does disagree with the old one at times, and is
surer or less sure: the limits are wide, and meant for what no good model does.
"""

from collections import Counter
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from math import isfinite
from typing import Literal

import numpy as np

FEWEST = 20
"""Fewer frames tell nothing: of 20, one that differs is 5 %."""

Kind = Literal["disagreement", "collapse", "confidence", "latency"]


@dataclass(frozen=True)
class Look:
    """What a model made of a frame.

    Attributes:
        label: With the highest score.
        score: Calibrated, 0 to 1.
        took_ms: To fit the frame to the network's input, and to run the network.
    """

    label: str
    score: float
    took_ms: float


@dataclass(frozen=True)
class Pair:
    """What both made of one frame."""

    old: Look
    new: Look


@dataclass(frozen=True)
class Limits:
    """How much is too much.

    Attributes:
        disagreement: Share of frames that get another label. A model that halves a large error disagrees on less.
        several: The old model saw several labels if its commonest has at most this share.
        collapse: The new model then names nearly all by one if its commonest has at least this share.
        frozen: Scores that differ by no more than this, one step of an output of 8 bits, do not depend on the frame...
        tells_apart: ...if the old model's commonest label has at most this share: more may be its own slips.
        confidence: The new median score must be at least this share of the old one. A model that is calibrated better
            is less sure, but not by so much.
        slower: So many times the old latency is too slow...
        quick_ms: ...but never if it stays below this: then it is no burden, and the scheduler's noise is all there is.
    """

    disagreement: float = 0.5
    several: float = 0.8
    collapse: float = 0.98
    frozen: float = 1 / 256
    tells_apart: float = 0.9
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
        comparable: Of them, those whose labels both models know.
        agreement: Share of the comparable ones that have one label; None where there are none.
        confidence: Median of the highest score, old and new.
        p95_ms: 95th percentile of the time for a frame, old and new.
    """

    frames: int
    comparable: int
    agreement: float | None
    confidence: tuple[float, float]
    p95_ms: tuple[float, float]

    def __str__(self) -> str:
        """One line for a person."""
        same = "no label in common" if self.agreement is None else f"{self.agreement:.0%} alike"
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
    common = [pair for pair in pairs if pair.old.label in new_labels and pair.new.label in old_labels]
    alike = sum(pair.old.label == pair.new.label for pair in common)
    old, new = [pair.old for pair in pairs], [pair.new for pair in pairs]
    return Comparison(
        frames=len(pairs),
        comparable=len(common),
        agreement=alike / len(common) if common else None,
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
        _confidence(found, limits),
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
    if found.agreement is None or found.comparable < FEWEST or 1 - found.agreement <= limits.disagreement:
        return None
    share = f"{1 - found.agreement:.0%} of {found.comparable} frames"
    return Fault("disagreement", f"gives {share} another label than the old model; {limits.disagreement:.0%} may be")


def _confidence(found: Comparison, limits: Limits) -> Fault | None:
    old, new = found.confidence
    if isfinite(new) and not new < limits.confidence * old:
        return None
    return Fault("confidence", f"is unsure: its median score is {new:.2f}, that of the old model {old:.2f}")


def _latency(found: Comparison, interval_ms: float, limits: Limits) -> Fault | None:
    old, new = found.p95_ms
    if new <= max(limits.slower * old, interval_ms, limits.quick_ms):
        return None
    return Fault("latency", f"is too slow: 95 % of frames take up to {new:.0f} ms, {old:.0f} ms with the old model")


def _commonest(looks: Sequence[Look]) -> tuple[str, float]:
    label, count = Counter(look.label for look in looks).most_common(1)[0]
    return label, count / len(looks)


def _median(looks: Sequence[Look]) -> float:
    return float(np.median([look.score for look in looks]))


def _p95_ms(looks: Sequence[Look]) -> float:
    return float(np.percentile([look.took_ms for look in looks], 95))
