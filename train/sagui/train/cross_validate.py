"""Cross-validation: how much the accuracy depends on which photos are held out."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, stdev

from sagui.bundle.metrics import Proportion
from sagui.progress import SILENT, Progress
from sagui.train.audit import Audited
from sagui.train.engine import LOCAL, Engine
from sagui.train.fit import Place
from sagui.train.learn import learn
from sagui.train.predictions import predictions_of
from sagui.train.quality import accuracy, choose_thresholds
from sagui.train.recipe.choices import Recipe
from sagui.train.split import Split


@dataclass(frozen=True)
class Job:
    """What every fold shares."""

    photos: Audited
    labels: tuple[str, ...]
    recipe: Recipe
    cache: Path


def cross_validate(
    job: Job, splits: Sequence[Split], engine: Engine = LOCAL, progress: Progress = SILENT
) -> tuple[Proportion, ...]:
    """Learns once for each fold, and measures on the photos it held out.

    Within a fold, the epoch is chosen on photos that are neither learned from nor held out.

    Args:
        job: Photos and recipe.
        splits: One for each fold; their test photos are the held-out ones.
        engine: Runs the folds.
        progress: Told of each fold.

    Returns:
        The accuracy of each fold.

    Raises:
        TrainError: A fold fails.
    """
    accuracies = []
    with progress.task(f"Cross-validate with {len(splits)} folds", len(splits)) as advance:
        for share in engine.map(run_fold, job, splits):
            accuracies.append(share)
            advance(1, f"{share.value:.1%} right")
    return tuple(accuracies)


def run_fold(job: Job, parts: Split) -> Proportion:
    """Learns on one fold and measures it."""
    learned = learn(job.photos, parts, job.labels, job.recipe, Place(job.cache))
    held_out = predictions_of(learned.model, job.photos, parts.test, job.labels, "held-out")
    task = job.recipe.task or "single-label"
    if task == "single-label":
        return accuracy(held_out, task)
    chosen_on = predictions_of(learned.model, job.photos, parts.validation, job.labels, "validation")
    return accuracy(held_out, task, choose_thresholds(chosen_on.truth, chosen_on.scores))


def mean_and_spread(folds: Sequence[Proportion]) -> tuple[float, float]:
    """Mean and standard deviation of the folds' accuracies."""
    values = [fold.value for fold in folds]
    return fmean(values), stdev(values) if len(values) > 1 else 0.0
