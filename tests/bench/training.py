"""Training against the way of Keras' transfer-learning guide.

https://keras.io/guides/transfer_learning/: the frozen base stays in the model, every epoch runs through it, and then
the whole base learns with a small rate. Same photos, split, backbone, weights and machine; both start with decoded
pixels in memory and nothing cached.
"""

import sys
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import keras
import numpy as np
from keras import layers
from tests.bench.rows import Row

from sagui.train.datasets import open_dataset
from sagui.train.fit import Place, fit
from sagui.train.learn import material_of
from sagui.train.networks import build_network
from sagui.train.pipeline import resolve_for
from sagui.train.prepare import Prepared, prepare_photos
from sagui.train.recipe.choices import Augmentation, Recipe, TrainingChoice

_SAME = 0.005
_LIMIT_S = 600.0
_GUIDE_HEAD_EPOCHS = 20
_GUIDE_FINE_RATE = 1e-5


@dataclass(frozen=True)
class Contest:
    """The same photos for both.

    Attributes:
        recipe: A resolved one.
        ready: The photos, decoded and split.
        labels: The classes.
        cache: An empty folder but for the pixels.
    """

    recipe: Recipe
    ready: Prepared
    labels: tuple[str, ...]
    cache: Path


def time_to_accuracy_probe() -> Row:
    """Seconds from cold to the same validation accuracy, within half a point: a new head."""
    return _contest("time_to_accuracy_probe", Recipe(augmentation=Augmentation(views="none")), fine_tune=False)


def time_to_accuracy_fine_tune() -> Row:
    """Likewise with blocks that learn; the guide trains the whole base after its head."""
    recipe = Recipe(augmentation=Augmentation(views="none"), training=TrainingChoice(blocks=5, epochs=8))
    return _contest("time_to_accuracy_fine_tune", recipe, fine_tune=True)


def _contest(name: str, recipe: Recipe, *, fine_tune: bool) -> Row:
    dataset = open_dataset("elpv")
    with TemporaryDirectory() as folder:
        full = resolve_for(dataset, recipe)
        contest = Contest(full, prepare_photos(dataset, full, Path(folder)), dataset.labels, Path(folder))
        ours_s, reached = _ours(contest)
        guide_s, guide_reached = _guide(contest, reached - _SAME, fine_tune=fine_tune)
    sys.stdout.write(
        f"  ours {reached:.1%} in {ours_s:.0f} s; the guide's way {guide_reached:.1%} in {guide_s:.0f} s\n"
    )
    against = "Keras guide's way to the same accuracy"
    if guide_reached < reached - _SAME:
        against += f" (not reached: {guide_reached:.1%} of {reached:.1%} when it was stopped)"
    return Row(name, ours_s, "s", against, guide_s)


def _ours(contest: Contest) -> tuple[float, float]:
    """Timed to the end of all epochs, not to the best."""
    keras.utils.set_random_seed(0)
    network = build_network(contest.recipe, len(contest.labels))
    material = material_of(contest.ready.photos, contest.ready.parts, len(contest.labels))
    start = time.perf_counter()
    history = fit(network, material, contest.recipe, Place(contest.cache))
    return time.perf_counter() - start, max(epoch.validation_accuracy for epoch in history)


def _guide(contest: Contest, target: float, *, fine_tune: bool) -> tuple[float, float]:
    train, validation = (_pixels(contest, part) for part in (contest.ready.parts.train, contest.ready.parts.validation))
    base = build_network(contest.recipe, len(contest.labels)).body
    start = time.perf_counter()
    base.trainable = False
    inputs = keras.Input(base.input_shape[1:])
    pooled = layers.GlobalAveragePooling2D()(base(inputs, training=False))
    model = keras.Model(inputs, layers.Dense(len(contest.labels))(layers.Dropout(0.2)(pooled)))
    best, epoch = 0.0, 0
    _compile(model, 1e-3)
    while best < target and time.perf_counter() - start < _LIMIT_S:
        if fine_tune and epoch == _GUIDE_HEAD_EPOCHS:
            base.trainable = True
            _compile(model, _GUIDE_FINE_RATE)
        history = model.fit(*train, validation_data=validation, batch_size=32, epochs=1, verbose=0).history
        best, epoch = max(best, history["val_accuracy"][0]), epoch + 1
        sys.stdout.write(f"  the guide's way: {best:.1%} after {time.perf_counter() - start:.0f} s\n")
        sys.stdout.flush()
    return time.perf_counter() - start, best


def _compile(model: keras.Model, rate: float) -> None:
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(rate), loss, metrics=["accuracy"])


def _pixels(contest: Contest, positions: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    photos = contest.ready.photos
    truth = np.eye(len(contest.labels), dtype=np.float32)[[photos.photos[at].label for at in positions]]
    return photos.pixels.take([photos.keys[at] for at in positions]).astype(np.float32), truth
