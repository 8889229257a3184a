"""How a network takes things it has never seen: does its score warn? Pure rules, no I/O."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
from sklearn.metrics import roc_auc_score

from sagui.bundle.metrics import Proportion, proportion
from sagui.train.calibration import calibrate
from sagui.train.errors import DatasetError
from sagui.train.recipe.choices import Task

_LOST_ONE_IN = 20


class UnknownsQuality(msgspec.Struct, frozen=True, kw_only=True):
    """What a network said of photos that show none of its classes.

    Attributes:
        n: How many such photos there are.
        rejected: Share of them whose score is below the threshold.
        threshold: The highest score at which 95 % of the known test photos are kept.
        auroc: How likely a known photo scores higher than an unknown one; 0.5 is chance, 1 is perfect.
        mistaken_for: How many of those that are not rejected were given each label; labels never given are left out.
    """

    n: int
    rejected: Proportion
    threshold: float
    auroc: float
    mistaken_for: dict[str, int]


def judge_unknowns(
    known: npt.NDArray[Any],
    unknown: npt.NDArray[Any],
    labels: Sequence[str],
    temperature: float = 1.0,
    task: Task = "single-label",
) -> UnknownsQuality:
    """Measures whether the highest calibrated score tells the known from the unknown.

    The baseline of Hendrycks and Gimpel, "A Baseline for Detecting Misclassified and Out-of-Distribution Examples in
    Neural Networks", ICLR 2017, https://arxiv.org/abs/1610.02136. All known photos count, also those named wrong.

    Args:
        known: Scores of the test photos ``(photos, labels)``, as the network gives them.
        unknown: Scores of photos that show no label ``(photos, labels)``.
        labels: The names of the columns.
        temperature: See `sagui.train.calibration.fit_temperature`.
        task: What the network was trained for.

    Raises:
        DatasetError: There are no known or no unknown photos.
    """
    if not len(known) or not len(unknown):
        raise DatasetError(
            f"{len(known)} known and {len(unknown)} unknown photos: there must be some of each to tell them apart"
        )
    seen = calibrate(known, temperature, task).max(axis=1)
    calibrated = calibrate(unknown, temperature, task)
    unseen = calibrated.max(axis=1)
    threshold = float(np.sort(seen)[len(seen) // _LOST_ONE_IN])
    rejected = unseen < threshold
    given = Counter(labels[at] for at in calibrated[~rejected].argmax(axis=1))
    return UnknownsQuality(
        n=len(unseen),
        rejected=proportion(int(rejected.sum()), len(unseen)),
        threshold=threshold,
        auroc=float(roc_auc_score(np.repeat([1, 0], [len(seen), len(unseen)]), np.concatenate([seen, unseen]))),
        mistaken_for=dict(given.most_common()),
    )
