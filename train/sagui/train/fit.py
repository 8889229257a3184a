"""Learning: a linear probe on frozen features, or the last blocks too on cached activations of the rest."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from keras import layers

from sagui.progress import SILENT, Advance, Progress
from sagui.train.audit import Audited
from sagui.train.batches import Batches
from sagui.train.cut import cut
from sagui.train.features import Features, extract
from sagui.train.recipe import FineTune, Probe, Recipe
from sagui.train.split import Split

_PREDICT_BATCH = 64


@dataclass(frozen=True)
class Epoch:
    """A row of ``history.csv``."""

    phase: str
    epoch: int
    loss: float
    accuracy: float
    validation_loss: float
    validation_accuracy: float


@dataclass(frozen=True)
class Fitted:
    """A network that has learned.

    Attributes:
        model: From photos ``(batch, height, width, 3)``, 0-255, to probabilities ``(batch, labels)``.
        history: Every epoch of every phase.
    """

    model: keras.Model
    history: tuple[Epoch, ...]


@dataclass(frozen=True)
class Material:
    """What is learned from.

    Attributes:
        features: The frozen part's activations.
        train: Keys and one-hot truth ``(photos, labels)``.
        validation: Likewise.
    """

    features: Features
    train: tuple[Sequence[str], npt.NDArray[np.float32]]
    validation: tuple[Sequence[str], npt.NDArray[np.float32]]

    def held_out(self) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """The validation photos' activations, as they are, and their truth."""
        keys, truth = self.validation
        return self.features.stores[0].take(keys).astype(np.float32), truth


def fit(
    network: keras.Model,
    block_end: str,
    photos: Audited,
    split: Split,
    labels: Sequence[str],
    recipe: Recipe,
    cache: Path,
    progress: Progress = SILENT,
) -> Fitted:
    """Trains a head on a network, and the network's last blocks if the recipe says so.

    Args:
        network: A backbone with its weights; changed in place where blocks are trained.
        block_end: See `sagui.train.cut.block_ends`.
        photos: What the audit left.
        split: Which of them are for what.
        labels: The classes' names.
        recipe: How to learn.
        cache: Where frozen activations are kept.
        progress: Told of photos and epochs.

    Raises:
        RecipeError: More blocks are to be trained than the network has.
        TrainError: The cache cannot be written.
    """
    network.trainable = False
    if recipe.fine_tune.blocks:
        trunk, tail = cut(network, block_end, recipe.fine_tune.blocks)
    else:
        trunk, tail = keras.Model(network.input, _pool(network.output), name="trunk"), None
    material = _material(trunk, photos, split, len(labels), recipe, cache, progress)
    head: keras.Sequential = _head(int(network.output_shape[-1]), len(labels), recipe)
    history: list[Epoch] = []
    if tail is None or recipe.fine_tune.head == "probe":
        history += _probe(head, tail, material, recipe, progress)
    if tail is not None:
        history += _fine_tune(head, tail, material, recipe, progress)
    probabilities = layers.Softmax(name="probabilities")(head(_pool(network.output)))
    return Fitted(keras.Model(network.input, probabilities, name=network.name), tuple(history))


def _material(
    trunk: keras.Model, photos: Audited, split: Split, labels: int, recipe: Recipe, cache: Path, progress: Progress
) -> Material:
    def part(positions: Sequence[int]) -> tuple[list[str], npt.NDArray[np.float32]]:
        truth = np.eye(labels, dtype=np.float32)[[photos.photos[at].label for at in positions]]
        return [photos.keys[at] for at in positions], truth

    train, validation = part(split.train), part(split.validation)
    features = extract(trunk, photos.pixels, train[0], recipe.views, cache, progress)
    extract(trunk, photos.pixels, validation[0], "none", cache, progress)
    # Opened again, so that rows written for the validation photos are seen.
    return Material(features.reopened(), train, validation)


def _pool(maps: Any) -> Any:  # noqa: ANN401 (Keras ships no types)
    return layers.GlobalAveragePooling2D(name="pool")(maps)


def _head(features: int, labels: int, recipe: Recipe) -> keras.Sequential:
    stack = [layers.Dropout(recipe.dropout, seed=recipe.seed), layers.Dense(labels, name="logits")]
    return keras.Sequential([keras.Input((features,)), *stack], name="head")


def _probe(
    head: keras.Sequential, tail: keras.Model | None, material: Material, recipe: Recipe, progress: Progress
) -> list[Epoch]:
    settings = recipe.probe
    train_keys, train_truth = material.train
    held_out, held_truth = material.held_out()
    views = [store.take(train_keys) for store in material.features.stores]
    if tail is not None:
        pooled = keras.Model(tail.input, _pool(tail.output))
        with progress.task("Run the features through the last blocks", len(views) * len(train_keys)) as advance:
            views = [_predict(pooled, view, advance) for view in views]
            held_out = _predict(pooled, held_out)
    x = np.concatenate(views).astype(np.float32)
    y = np.tile(train_truth, (len(views), 1))
    _compile(head, keras.optimizers.Adam(settings.learning_rate), recipe)
    with progress.task("Train the head (linear probe)", settings.epochs) as advance:
        done = head.fit(
            x,
            y,
            validation_data=(held_out, held_truth),
            batch_size=settings.batch_size,
            epochs=settings.epochs,
            verbose=0,
            callbacks=_callbacks(settings, advance),
        )
    return _epochs("probe", done.history)


def _fine_tune(
    head: keras.Sequential, tail: keras.Model, material: Material, recipe: Recipe, progress: Progress
) -> list[Epoch]:
    settings = recipe.fine_tune
    for layer in tail.layers:
        # Normalization keeps the statistics of ImageNet: a batch of 32 knows them worse.
        layer.trainable = not isinstance(layer, layers.BatchNormalization)
    learner = keras.Model(tail.input, head(_pool(tail.output)))
    batches = Batches(material.features, *material.train, settings.batch_size, recipe.seed)
    _compile(learner, _warm_cosine(settings, len(batches)), recipe)
    with progress.task(f"Fine-tune the last {settings.blocks} blocks", settings.epochs) as advance:
        done = learner.fit(
            batches,
            validation_data=material.held_out(),
            validation_batch_size=_PREDICT_BATCH,
            epochs=settings.epochs,
            verbose=0,
            callbacks=[*_averaging(settings), *_callbacks(settings, advance)],
        )
    return _epochs("fine-tune", done.history)


def _warm_cosine(settings: FineTune, steps: int) -> keras.optimizers.Optimizer:
    """AdamW, up for an epoch and down a cosine (Loshchilov and Hutter, ICLR 2017 and 2019)."""
    rate = keras.optimizers.schedules.CosineDecay(
        settings.learning_rate / 10,
        max(1, steps * (settings.epochs - 1)),
        warmup_target=settings.learning_rate,
        warmup_steps=steps,
    )
    return keras.optimizers.AdamW(
        rate,
        weight_decay=settings.weight_decay,
        global_clipnorm=settings.clip_norm,
        use_ema=settings.average > 0,
        ema_momentum=settings.average,
    )


def _compile(model: keras.Model, optimizer: keras.optimizers.Optimizer, recipe: Recipe) -> None:
    loss = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=recipe.label_smoothing)
    model.compile(optimizer, loss, metrics=["accuracy"])


def _averaging(settings: FineTune) -> list[keras.callbacks.Callback]:
    # Before the callbacks that look at an epoch's end: they then see, and keep, the averaged weights.
    return [keras.callbacks.SwapEMAWeights(swap_on_epoch=True)] if settings.average else []


def _callbacks(settings: Probe | FineTune, advance: Advance) -> list[keras.callbacks.Callback]:
    def tell(_epoch: int, logs: dict[str, float]) -> None:
        advance(1, f"validation accuracy {logs['val_accuracy']:.1%}")

    return [
        keras.callbacks.EarlyStopping(
            "val_accuracy", mode="max", patience=settings.patience, restore_best_weights=True
        ),
        keras.callbacks.LambdaCallback(on_epoch_end=tell),
    ]


def _predict(model: keras.Model, inputs: npt.NDArray[Any], advance: Advance | None = None) -> npt.NDArray[np.float32]:
    outputs = []
    for start in range(0, len(inputs), _PREDICT_BATCH):
        batch = inputs[start : start + _PREDICT_BATCH].astype(np.float32)
        outputs.append(np.asarray(model.predict_on_batch(batch)))
        if advance:
            advance(len(batch))
    return np.concatenate(outputs)


def _epochs(phase: str, history: dict[str, list[float]]) -> list[Epoch]:
    columns = (history[name] for name in ("loss", "accuracy", "val_loss", "val_accuracy"))
    return [Epoch(phase, number, *map(float, row)) for number, row in enumerate(zip(*columns, strict=True), 1)]
