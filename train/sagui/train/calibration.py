"""Whether a score of 0.8 means right in 80 of 100, and the one number that mends it. Pure rules, no I/O.

Guo et al., "On Calibration of Modern Neural Networks", ICML 2017, https://arxiv.org/abs/1706.04599.
"""

from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar
from scipy.special import expit, log_softmax, softmax

from sagui.train.recipe.choices import Task

BINS = 15
_LEAST = 1e-12
# The natural logarithm of the temperature, as in conversion. Where every validation photo is right, any colder would
# be still better, so there must be an end.
_RANGE = (-2.0, 2.0)


class ReliabilityBin(msgspec.Struct, frozen=True, kw_only=True):
    """Predictions of about the same confidence.

    Attributes:
        low: The confidence is above this,
        high: and at most this.
        n: How many predictions there are; bins without any are left out.
        confidence: Their mean confidence.
        accuracy: Share of them that is right.
    """

    low: float
    high: float
    n: int
    confidence: float
    accuracy: float


class Calibration(msgspec.Struct, frozen=True, kw_only=True):
    """How well scores tell how sure one may be.

    Attributes:
        temperature: What scores are divided by, as logits; fitted on the validation photos.
        ece_before: The expected calibration error of the scores as they are,
        ece_after: and of those that the temperature has calibrated.
        before: The bins of the reliability diagram for the scores as they are,
        after: and for the calibrated ones.
    """

    temperature: float
    ece_before: float
    ece_after: float
    before: tuple[ReliabilityBin, ...]
    after: tuple[ReliabilityBin, ...]


def calibrate(scores: npt.NDArray[Any], temperature: float, task: Task = "single-label") -> npt.NDArray[np.float64]:
    """Applies a temperature to probabilities, by way of their logits.

    Args:
        scores: ``(photos, labels)``, of a softmax, or of sigmoids where the task is multi-label.
        temperature: Above 1 makes scores less sure, below 1 surer.
        task: Tells which of the two the scores come from.
    """
    if task == "multi-label":
        return np.asarray(expit(_log_odds(scores) / temperature), np.float64)
    return np.asarray(softmax(_log(scores) / temperature, axis=-1), np.float64)


def fit_temperature(scores: npt.NDArray[Any], truth: npt.NDArray[Any], task: Task = "single-label") -> float:
    """Finds the temperature with the least negative log-likelihood (section 4.2 of the paper).

    Args:
        scores: ``(photos, labels)``, of validation photos.
        truth: Zeros and ones ``(photos, labels)``.
        task: Where it is multi-label, each label is a yes or no of its own.

    Returns:
        Between 0.135 and 7.389; 1 where there are no photos to fit it on.
    """
    if len(truth) == 0:
        return 1.0

    def loss(log_temperature: float) -> float:
        temperature = float(np.exp(log_temperature))
        if task == "multi-label":
            odds = _log_odds(scores) / temperature
            # -log sigmoid(odds) where the label is there, -log sigmoid(-odds) where it is not.
            return float(np.logaddexp(0.0, np.where(truth > 0, -odds, odds)).mean())
        return float(-(truth * log_softmax(_log(scores) / temperature, axis=-1)).sum(axis=-1).mean())

    return round(float(np.exp(minimize_scalar(loss, bounds=_RANGE, method="bounded").x)), 3)


def reliability(confidence: npt.NDArray[Any], right: npt.NDArray[Any], bins: int = BINS) -> tuple[ReliabilityBin, ...]:
    """Sorts predictions into equally wide bins of confidence, open below and closed above (section 2 of the paper).

    Args:
        confidence: 0 to 1, ``(predictions,)``.
        right: Whether each prediction is right, ``(predictions,)``.
        bins: How many.
    """
    edges = np.linspace(0.0, 1.0, bins + 1)
    places = np.digitize(confidence, edges[1:-1], right=True)
    counts = np.bincount(places, minlength=bins)
    sureness = np.bincount(places, confidence, minlength=bins)
    hits = np.bincount(places, right, minlength=bins)
    return tuple(
        ReliabilityBin(
            low=float(edges[at]),
            high=float(edges[at + 1]),
            n=int(counts[at]),
            confidence=float(sureness[at] / counts[at]),
            accuracy=float(hits[at] / counts[at]),
        )
        for at in np.flatnonzero(counts)
    )


def expected_error(bins: tuple[ReliabilityBin, ...]) -> float:
    """The expected calibration error: how far confidence and accuracy are apart, on average (equation 3).

    Args:
        bins: See `reliability`.
    """
    total = sum(one.n for one in bins)
    return sum(one.n * abs(one.accuracy - one.confidence) for one in bins) / total if total else 0.0


def judge_calibration(
    scores: npt.NDArray[Any], truth: npt.NDArray[Any], temperature: float, task: Task = "single-label"
) -> Calibration:
    """Measures calibration before and after a temperature.

    Args:
        scores: ``(photos, labels)``, of photos that the temperature was not fitted on.
        truth: Zeros and ones ``(photos, labels)``.
        temperature: See `fit_temperature`.
        task: Where it is multi-label, each label of each photo is a prediction of its own: its score is the confidence
            that the photo shows it.
    """
    before = reliability(*_confidence(scores, truth, task))
    after = reliability(*_confidence(calibrate(scores, temperature, task), truth, task))
    return Calibration(
        temperature=temperature,
        ece_before=expected_error(before),
        ece_after=expected_error(after),
        before=before,
        after=after,
    )


def _confidence(
    scores: npt.NDArray[Any], truth: npt.NDArray[Any], task: Task
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    exact = scores.astype(np.float64)
    if task == "multi-label":
        return exact.ravel(), truth.ravel() > 0
    best = exact.argmax(axis=1)
    # Softmax in 32 bits may give a little more than 1.
    return np.minimum(exact.max(axis=1, initial=0.0), 1.0), truth[np.arange(len(truth)), best] > 0


def _log(scores: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    return np.asarray(np.log(np.clip(scores.astype(np.float64), _LEAST, 1.0)))


def _log_odds(scores: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    clipped = np.clip(scores.astype(np.float64), _LEAST, 1.0 - _LEAST)
    return np.asarray(np.log(clipped) - np.log1p(-clipped))
