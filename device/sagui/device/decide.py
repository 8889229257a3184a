"""From scores to a label, and from labels to a state. Pure rules, no I/O."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sagui.bundle.manifest import Decision

TOP = 3
"""How many of the best labels a result names."""


@dataclass(frozen=True)
class Verdict:
    """What one frame shows.

    Attributes:
        label: The best label, or the name for what is not known.
        score: Of the best label.
        top: The best labels with their scores, best first.
    """

    label: str
    score: float
    top: tuple[tuple[str, float], ...]


def decide(scores: npt.NDArray[np.float64], labels: Sequence[str], decision: Decision, count: int = TOP) -> Verdict:
    """Names a frame.

    Args:
        scores: ``(labels,)``, calibrated.
        labels: Their names.
        decision: The threshold, and the name for what stays below it.
        count: How many of the best labels to name.
    """
    best = np.argsort(-scores, kind="stable")[:count]
    top = tuple((labels[at], float(scores[at])) for at in best)
    label, score = top[0]
    return Verdict(label if score >= decision.threshold else decision.unknown, score, top)


@dataclass(frozen=True)
class Standing:
    """The present label, since when, and with what score it began."""

    label: str
    score: float
    since: float


def follow(standing: Standing | None, verdict: Verdict, now: float) -> Standing:
    """Gives the state after a verdict: the same object as long as the label stays.

    Args:
        standing: The state before; None at the start.
        verdict: What the newest frame shows.
        now: Unix time of that frame, in seconds.
    """
    if standing is not None and standing.label == verdict.label:
        return standing
    return Standing(verdict.label, verdict.score, now)
