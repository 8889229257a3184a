"""How good a network is on photos it did not learn from, in the measures of the field. Pure rules, no I/O."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
from sklearn import metrics

from sagui.bundle.metrics import Proportion, proportion
from sagui.train.calibration import Calibration, judge_calibration
from sagui.train.recipe.choices import Task

TOP_K = (2, 3, 5)
CURVE_POINTS = 200
THRESHOLD = 0.5

_Decisions = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Predictions:
    """What a network says of photos, and what they show.

    Attributes:
        names: Of the photos.
        truth: Zeros and ones ``(photos, labels)``: one 1 in each row, unless the task is multi-label.
        scores: Probabilities ``(photos, labels)``, of a softmax, or of sigmoids where the task is multi-label.
    """

    names: tuple[str, ...]
    truth: npt.NDArray[Any]
    scores: npt.NDArray[Any]


class Averages(msgspec.Struct, frozen=True, kw_only=True):
    """Precision, recall and F1 of all classes together."""

    precision: float
    recall: float
    f1: float


class ClassQuality(msgspec.Struct, frozen=True, kw_only=True):
    """How well one class is told from the others.

    Attributes:
        label: Its name.
        n: Photos that show it.
        hits: Those of them that are given it.
        precision: Share of the photos given the label that show it.
        recall: Share of the photos that show it that are given the label.
        f1: The harmonic mean of the two.
        average_precision: Area under precision over recall, whatever the threshold; None where no photo shows it.
    """

    label: str
    n: int
    hits: int
    precision: Proportion
    recall: Proportion
    f1: float
    average_precision: float | None


class Curve(msgspec.Struct, frozen=True, kw_only=True):
    """A curve over all thresholds, at most `CURVE_POINTS` of it.

    Attributes:
        positive: The class that is looked for.
        x: False positive rate (ROC) or recall (PR).
        y: True positive rate (ROC) or precision (PR).
        area: Under the whole curve; for PR, the average precision.
    """

    positive: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    area: float


class MultiLabelQuality(msgspec.Struct, frozen=True, kw_only=True):
    """What only photos with any number of labels have.

    Attributes:
        thresholds: A photo is given a label from this score on; one for each, chosen on the validation photos.
        micro: Over all decisions on a photo and a label, alike.
        samples_f1: Mean of the photos' own F1; a photo without labels that is given none counts as 1.
        hamming_loss: Share of the decisions that are wrong.
    """

    thresholds: tuple[float, ...]
    micro: Averages
    samples_f1: float
    hamming_loss: float


class Quality(msgspec.Struct, frozen=True, kw_only=True):
    """All measures of one set of photos.

    Attributes:
        accuracy: Share of photos named right; for several labels, of those with every label right (subset accuracy).
        top_k: Share of photos whose class is among the k highest scores, by k.
        per_class: In the order of the labels.
        macro: Mean over classes; those that no photo shows and no photo is given are left out.
        weighted: Likewise, each class by its number of photos.
        confusion: ``confusion[truth][prediction]`` in photos; empty for several labels.
        roc: For two classes, the true positive rate over the false positive rate.
        pr: For two classes, precision over recall.
        calibration: Whether scores tell how sure one may be.
        multi_label: For several labels alone.
    """

    accuracy: Proportion
    top_k: dict[int, Proportion]
    per_class: tuple[ClassQuality, ...]
    macro: Averages
    weighted: Averages
    confusion: tuple[tuple[int, ...], ...]
    roc: Curve | None
    pr: Curve | None
    calibration: Calibration
    multi_label: MultiLabelQuality | None = None


def quality(
    test: Predictions,
    labels: Sequence[str],
    task: Task = "single-label",
    temperature: float = 1.0,
    thresholds: Sequence[float] = (),
) -> Quality:
    """Measures a network on photos it did not learn from.

    Args:
        test: What it says of them.
        labels: The names of the columns.
        task: What it was trained for.
        temperature: See `sagui.train.calibration.fit_temperature`.
        thresholds: See `choose_thresholds`; for several labels alone.
    """
    truth, given = test.truth > 0, decide(test.scores, task, thresholds)
    roc, pr = _two_class_curves(test, labels) if task == "single-label" and len(labels) == 2 else (None, None)  # noqa: PLR2004
    return Quality(
        accuracy=accuracy(test, task, thresholds),
        top_k=_top_k(test) if task == "single-label" else {},
        per_class=_per_class(test, given, labels),
        macro=_averages(truth, given, "macro"),
        weighted=_averages(truth, given, "weighted"),
        confusion=_confusion(truth, given) if task == "single-label" else (),
        roc=roc,
        pr=pr,
        calibration=judge_calibration(test.scores, test.truth, temperature, task),
        multi_label=_multi_label(truth, given, thresholds) if task == "multi-label" else None,
    )


def decide(scores: npt.NDArray[Any], task: Task = "single-label", thresholds: Sequence[float] = ()) -> _Decisions:
    """Which labels a photo is given: that of the highest score, or all that reach their threshold.

    Args:
        scores: ``(photos, labels)``.
        task: Tells which of the two.
        thresholds: One for each label; without them, a half.

    Returns:
        ``(photos, labels)``.
    """
    if task == "multi-label":
        return np.asarray(scores >= np.array(thresholds or THRESHOLD), np.bool_)
    given = np.zeros(scores.shape, np.bool_)
    given[np.arange(len(scores)), scores.argmax(axis=1)] = True
    return given


def right(
    predictions: Predictions, task: Task = "single-label", thresholds: Sequence[float] = ()
) -> npt.NDArray[np.bool_]:
    """Whether each photo ``(photos,)`` is given what it shows, all of it and nothing else.

    Args:
        predictions: What a network says.
        task: See `decide`.
        thresholds: See `decide`.
    """
    given = decide(predictions.scores, task, thresholds)
    return np.asarray((given == (predictions.truth > 0)).all(axis=1), np.bool_)


def accuracy(predictions: Predictions, task: Task = "single-label", thresholds: Sequence[float] = ()) -> Proportion:
    """Share of the photos that are `right`, with Wilson's interval."""
    return proportion(int(right(predictions, task, thresholds).sum()), len(predictions.truth))


def choose_thresholds(truth: npt.NDArray[Any], scores: npt.NDArray[Any]) -> tuple[float, ...]:
    """Finds for each label the score from which on a photo is given it, so that F1 is highest.

    Args:
        truth: Zeros and ones ``(photos, labels)``, of validation photos.
        scores: ``(photos, labels)``.

    Returns:
        One for each label; a half for a label that no photo shows.
    """
    return tuple(_best_threshold(truth[:, at] > 0, scores[:, at]) for at in range(truth.shape[1]))


def _best_threshold(truth: npt.NDArray[np.bool_], scores: npt.NDArray[Any]) -> float:
    if not truth.any():
        return THRESHOLD
    precision, recall, candidates = metrics.precision_recall_curve(truth, scores)
    both = precision + recall
    f1 = np.divide(2 * precision * recall, both, out=np.zeros_like(both), where=both > 0)
    # The last point of the curve (precision 1, recall 0) has no threshold.
    return float(candidates[f1[:-1].argmax()])


def _top_k(test: Predictions) -> dict[int, Proportion]:
    # Of equal scores the first label, as `argmax` takes it: scikit-learn's measure takes the last.
    ranked = np.argsort(-test.scores, axis=1, kind="stable")
    hits = ranked == test.truth.argmax(axis=1)[:, np.newaxis]
    return {k: proportion(int(hits[:, :k].sum()), len(hits)) for k in TOP_K if k < hits.shape[1]}


def _per_class(test: Predictions, given: _Decisions, labels: Sequence[str]) -> tuple[ClassQuality, ...]:
    truth = test.truth > 0
    hits, shown, named = (truth & given).sum(axis=0), truth.sum(axis=0), given.sum(axis=0)
    f1 = metrics.f1_score(truth, given, average=None, zero_division=0.0)
    return tuple(
        ClassQuality(
            label=label,
            n=int(shown[at]),
            hits=int(hits[at]),
            precision=proportion(int(hits[at]), int(named[at])),
            recall=proportion(int(hits[at]), int(shown[at])),
            f1=float(f1[at]),
            average_precision=float(metrics.average_precision_score(truth[:, at], test.scores[:, at]))
            if shown[at]
            else None,
        )
        for at, label in enumerate(labels)
    )


def _averages(truth: _Decisions, given: _Decisions, average: str) -> Averages:
    present = np.flatnonzero((truth | given).any(axis=0))
    if not len(present):
        return Averages(precision=0.0, recall=0.0, f1=0.0)
    precision, recall, f1, _ = metrics.precision_recall_fscore_support(
        truth, given, labels=present, average=average, zero_division=0.0
    )
    return Averages(precision=float(precision), recall=float(recall), f1=float(f1))


def _confusion(truth: _Decisions, given: _Decisions) -> tuple[tuple[int, ...], ...]:
    counts = metrics.confusion_matrix(truth.argmax(axis=1), given.argmax(axis=1), labels=range(truth.shape[1]))
    return tuple(tuple(int(count) for count in row) for row in counts)


def _two_class_curves(test: Predictions, labels: Sequence[str]) -> tuple[Curve | None, Curve | None]:
    """The second class is the one that is looked for; without photos of both, there is no curve."""
    truth, scores = test.truth[:, 1] > 0, test.scores[:, 1]
    if truth.all() or not truth.any():
        return None, None
    false_positives, true_positives, _ = metrics.roc_curve(truth, scores)
    precision, recall, _ = metrics.precision_recall_curve(truth, scores, drop_intermediate=True)
    return (
        _curve(labels[1], false_positives, true_positives, metrics.roc_auc_score(truth, scores)),
        _curve(labels[1], recall[::-1], precision[::-1], metrics.average_precision_score(truth, scores)),
    )


def _curve(positive: str, x: npt.NDArray[Any], y: npt.NDArray[Any], area: float) -> Curve:
    # Both ends stay, and the points between are as even as they go.
    kept = np.unique(np.linspace(0, len(x) - 1, min(len(x), CURVE_POINTS)).round().astype(int))
    return Curve(positive=positive, x=tuple(x[kept].tolist()), y=tuple(y[kept].tolist()), area=float(area))


def _multi_label(truth: _Decisions, given: _Decisions, thresholds: Sequence[float]) -> MultiLabelQuality:
    return MultiLabelQuality(
        thresholds=tuple(thresholds) or (THRESHOLD,) * truth.shape[1],
        micro=_averages(truth, given, "micro"),
        samples_f1=float(metrics.f1_score(truth, given, average="samples", zero_division=1.0)),
        hamming_loss=float(metrics.hamming_loss(truth, given)),
    )
