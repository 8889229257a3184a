"""Learning: a new head on frozen features, the last blocks on cached activations, or the whole network on photos."""

import dataclasses
import operator
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np

from sagui.progress import SILENT, Progress
from sagui.train.batches import Batches, CachedSource, PixelSource, PlainBatches, Source, Truth
from sagui.train.checkpoint import Checkpoints, Saved, restore
from sagui.train.engine import LOCAL, Engine
from sagui.train.features import extract, extract_plain
from sagui.train.losses import make_loss, penalize, photo_weights
from sagui.train.networks import Learner, Network, learner_of
from sagui.train.optimizers import make_optimizer
from sagui.train.recipe.choices import Recipe
from sagui.train.recipe.resolve import warm_up_probe, what_learns
from sagui.train.schedules import make_rate, plateau_callback
from sagui.train.store import RecordStore
from sagui.train.variants import variants
from sagui.train.watch import RANK, DrawEpoch, Epoch, Rank, Record, StopAtAccuracy, StopOnNaN

_PREDICT_BATCH = 64
_PHASES = {"head": "probe", "blocks": "fine-tune", "all": "train"}


@dataclass(frozen=True)
class Material:
    """Photos to learn from and to validate on.

    Attributes:
        pixels: By key, fitted to the network's input.
        train: Keys of the photos to learn from,
        truth: and what they show.
        validation: Keys of the photos to validate on,
        validation_labels: and what they show, ``(photos, labels)``.
    """

    pixels: RecordStore
    train: tuple[str, ...]
    truth: Truth
    validation: tuple[str, ...]
    validation_labels: Any


@dataclass(frozen=True)
class Place:
    """Where a training works.

    Attributes:
        cache: Where frozen activations are kept.
        engine: Runs what is independent.
        checkpoints: Where the last epoch is kept.
        resume: What was kept by a training that was interrupted.
        tensorboard: Where TensorBoard's events are written, if they are.
    """

    cache: Path
    engine: Engine = LOCAL
    checkpoints: Checkpoints = field(default_factory=lambda: Checkpoints(None))
    resume: Saved | None = None
    tensorboard: Path | None = None


def fit(
    network: Network, material: Material, recipe: Recipe, place: Place, progress: Progress = SILENT
) -> tuple[Epoch, ...]:
    """Trains a network in place, by a resolved recipe.

    Args:
        network: With its weights.
        material: The photos.
        recipe: How to learn.
        place: Where.
        progress: Told of photos and epochs.

    Returns:
        Every epoch of every phase.

    Raises:
        RecipeError: More blocks are to be trained than the network has.
        TrainError: The cache cannot be written, or the loss is no number any more.
        RunError: What is to be resumed is not this training.
    """
    learns = what_learns(recipe)
    rows = list(place.resume.rows) if place.resume else []
    weights = photo_weights(material.truth.labels, material.truth.weights, recipe.loss)
    material = dataclasses.replace(material, truth=Truth(material.truth.labels, weights))
    if learns != "head" and recipe.training.head == "probe" and _ahead(place.resume, "probe"):
        _phase("probe", network.learner("head", 0), material, warm_up_probe(recipe), place, rows, progress)
    _phase(_PHASES[learns], learner_of(network, recipe), material, recipe, place, rows, progress)
    return tuple(rows)


def _ahead(saved: Saved | None, phase: str) -> bool:
    """Whether a phase is still to be done."""
    return saved is None or saved.phase == phase


def _phase(
    name: str,
    learner: Learner,
    material: Material,
    recipe: Recipe,
    place: Place,
    rows: list[Epoch],
    progress: Progress,
) -> None:
    source, held_out = sources(learner, material, recipe, place, progress)
    batch_size, epochs = recipe.training.batch_size or 1, recipe.training.epochs or 1
    batches = Batches(source, material.truth, batch_size, recipe.seed, recipe.augmentation.mixup)
    compile_learner(learner.learns, recipe, len(batches))
    saved = place.resume if place.resume and place.resume.phase == name else None
    with progress.task(_title(name, recipe), epochs * len(batches)) as advance:
        stateful = stateful_callbacks(recipe)

        def keep(done: int) -> None:
            ended = done == epochs or learner.learns.stop_training
            if ended or place.checkpoints.due():
                place.checkpoints.save(name, done, learner.learns, stateful, rows, done=ended)

        first = saved.epoch if saved else 0
        advance(first * len(batches))
        record = Record(name, rows, advance, keep)
        learner.learns.fit(
            batches,
            validation_data=PlainBatches(held_out, material.validation_labels, _PREDICT_BATCH),
            initial_epoch=epochs if saved and saved.done else first,
            epochs=epochs,
            # Batches are shuffled by their own seed; Keras would shuffle them again by Python's.
            shuffle=False,
            verbose=0,
            callbacks=[
                *watching(recipe, batches, stateful),
                *_tensorboard(place, name, recipe),
                Restore(saved, stateful),
                record,
            ],
        )


def watching(
    recipe: Recipe, batches: Batches, stateful: Sequence[keras.callbacks.Callback]
) -> list[keras.callbacks.Callback]:
    """Callbacks that look on, in their order; `Record` comes after them, to see what they decided."""
    return [StopOnNaN(recipe.optimizer.learning_rate or 0.0), DrawEpoch(batches), Rank(), *stateful, *_stops(recipe)]


class Restore(keras.callbacks.Callback):  # type: ignore[misc]  # Keras ships no types
    """Puts everything back when an interrupted training goes on; after the callbacks that reset themselves."""

    def __init__(self, saved: Saved | None, stateful: Sequence[keras.callbacks.Callback]) -> None:
        super().__init__()
        self._saved, self._stateful = saved, stateful

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:  # noqa: ARG002
        """Called by Keras."""
        if self._saved:
            restore(self._saved, self.model, self._stateful)


def sources(
    learner: Learner, material: Material, recipe: Recipe, place: Place, progress: Progress
) -> tuple[Source, Source]:
    """Inputs to learn from, and to validate on: photos, or what the trunk makes of them.

    Raises:
        TrainError: The cache cannot be written.
    """
    if learner.trunk is None:
        pixels = material.pixels
        return (
            PixelSource(pixels, material.train, recipe.augmentation),
            PixelSource(pixels, material.validation, recipe.augmentation),
        )
    copies = variants(recipe.augmentation, recipe.seed)
    where = (place.cache, place.engine, progress)
    learned = extract(learner.trunk, material.pixels, material.train, copies, *where)
    extract_plain(learner.trunk, material.pixels, material.validation, *where)
    # Opened again, so that rows written for the validation photos are seen.
    stores = learned.reopened().stores
    return CachedSource(stores, material.train), CachedSource(stores[:1], material.validation)


def compile_learner(learner: keras.Model, recipe: Recipe, steps_per_epoch: int, *, constant: bool = False) -> None:
    """Gives a learner the optimizer, loss and penalties of a resolved recipe.

    Args:
        learner: To logits.
        recipe: It.
        steps_per_epoch: How many batches there are.
        constant: Whether the schedule is left aside.
    """
    peak, epochs = recipe.optimizer.learning_rate or 0.0, recipe.training.epochs or 1
    rate = peak if constant else make_rate(recipe.schedule, peak, steps_per_epoch, epochs)
    penalize(learner, recipe.regularization.l1, recipe.regularization.l2)
    learner.compile(
        make_optimizer(recipe.optimizer, rate, recipe.regularization.weight_decay or 0.0),
        make_loss(recipe.loss, recipe.regularization, recipe.task or "single-label"),
        metrics=[_accuracy(recipe)],
    )


def _accuracy(recipe: Recipe) -> keras.metrics.Metric:
    if recipe.task == "multi-label":
        return keras.metrics.MeanMetricWrapper(all_labels_right, "accuracy")
    return keras.metrics.CategoricalAccuracy("accuracy")


def all_labels_right(truth: Any, logits: Any) -> Any:  # noqa: ANN401 (tensors)
    """Whether every label of a photo is right, ``(batch,)``; a logit above zero is a probability above one half."""
    same = keras.ops.equal(keras.ops.cast(logits > 0, "float32"), keras.ops.cast(truth > 0, "float32"))
    return keras.ops.cast(keras.ops.all(same, axis=-1), "float32")


def stateful_callbacks(recipe: Recipe) -> list[keras.callbacks.Callback]:
    """Callbacks whose state decides how a training goes on."""
    # Averaging comes first: the others then see, and keep, the averaged weights.
    averaging = [keras.callbacks.SwapEMAWeights(swap_on_epoch=True)] if recipe.optimizer.average else []
    stopping = keras.callbacks.EarlyStopping(
        RANK, mode="max", patience=recipe.training.patience, restore_best_weights=True
    )
    # Keras would compare in 32-bit floats, which cannot tell ranks apart.
    stopping.monitor_op = operator.gt
    plateau = plateau_callback(recipe.schedule, recipe.optimizer.learning_rate or 0.0)
    return [*averaging, stopping, *([plateau] if plateau else [])]


def _stops(recipe: Recipe) -> list[keras.callbacks.Callback]:
    target = recipe.training.target_accuracy
    return [] if target is None else [StopAtAccuracy(target)]


def _tensorboard(place: Place, phase: str, recipe: Recipe) -> list[keras.callbacks.Callback]:
    if not recipe.training.tensorboard or place.tensorboard is None:
        return []
    return [keras.callbacks.TensorBoard(str(place.tensorboard / phase))]


def _title(phase: str, recipe: Recipe) -> str:
    if phase == "probe":
        return "Train the head (linear probe)"
    return f"Fine-tune the last {recipe.training.blocks} blocks" if phase == "fine-tune" else "Train the whole network"


def one_hot(labels: Sequence[Sequence[int]], classes: int) -> Any:  # noqa: ANN401 (an array of 32-bit floats)
    """Truth ``(photos, classes)`` of each photo's label numbers."""
    truth = np.zeros((len(labels), classes), np.float32)
    for row, numbers in enumerate(labels):
        truth[row, list(numbers)] = 1.0
    return truth
