"""The learning-rate range test: rates climb step by step, and the loss tells which are good."""

from dataclasses import dataclass
from pathlib import Path

import keras

from sagui.progress import SILENT, Progress
from sagui.train.batches import Batches, Truth
from sagui.train.datasets import Dataset
from sagui.train.errors import RunError
from sagui.train.fit import Place, compile_learner, sources
from sagui.train.learn import material_of
from sagui.train.losses import photo_weights
from sagui.train.networks import build_network, learner_of
from sagui.train.prepare import prepare_photos
from sagui.train.range_test import exponential_rates, has_diverged, plot_range, suggest_rate
from sagui.train.recipe.choices import Recipe

STEPS = 120
LOWEST, HIGHEST = 1e-6, 10.0
PLOT = "learning-rate.png"


@dataclass(frozen=True)
class Found:
    """What a range test tells.

    Attributes:
        suggestion: A learning rate to begin with.
        rates: Of each step.
        losses: Of each step.
    """

    suggestion: float
    rates: tuple[float, ...]
    losses: tuple[float, ...]


def find_rate(dataset: Dataset, recipe: Recipe, out: Path, cache: Path, progress: Progress = SILENT) -> Found:
    """Trains a few steps with ever larger rates, and draws what comes of it (Smith, WACV 2017).

    Args:
        dataset: The photos.
        recipe: A resolved one; its learning rate and schedule are left aside.
        out: The folder for the picture.
        cache: Where pixels and frozen features are kept.
        progress: Told of every step.

    Raises:
        TrainError: The photos, the recipe, the weights or the folder will not do.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"{out}: cannot be written: {error.strerror}; choose another folder with --out") from error
    ready = prepare_photos(dataset, recipe, cache, progress)
    keras.utils.set_random_seed(recipe.seed)
    network = build_network(recipe, len(dataset.labels))
    learner = learner_of(network, recipe)
    material = material_of(ready.photos, ready.parts, len(dataset.labels))
    source, _ = sources(learner, material, recipe, Place(cache), progress)
    weights = photo_weights(material.truth.labels, material.truth.weights, recipe.loss)
    truth = Truth(material.truth.labels, weights)
    batches = Batches(source, truth, recipe.training.batch_size or 1, recipe.seed, recipe.augmentation.mixup)
    compile_learner(learner.learns, recipe, len(batches), constant=True)
    rates, losses = _climb(learner.learns, batches, progress)
    found = Found(suggest_rate(rates, losses), tuple(rates), tuple(losses))
    try:
        plot_range(found.rates, found.losses, found.suggestion, out / PLOT)
    except OSError as error:
        raise RunError(f"{out}: cannot be written: {error.strerror}") from error
    return found


def _climb(learner: keras.Model, batches: Batches, progress: Progress) -> tuple[list[float], list[float]]:
    rates: list[float] = []
    losses: list[float] = []
    with progress.task("Try learning rates", STEPS) as advance:
        for step, rate in enumerate(exponential_rates(LOWEST, HIGHEST, STEPS)):
            batches.epoch, at = divmod(step, len(batches))
            learner.optimizer.learning_rate = float(rate)
            # The metrics are those of this step alone.
            learner.reset_metrics()
            inputs, labels, weights = batches[at]
            loss = float(learner.train_on_batch(inputs, labels, weights, return_dict=True)["loss"])
            rates.append(float(rate))
            losses.append(loss)
            advance(1, f"rate {rate:.1e}, loss {loss:.2f}")
            if has_diverged(losses):
                break
    return rates, losses
