"""One training: from photos that are split to a network that has learned."""

from collections.abc import Sequence
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf

from sagui.progress import SILENT, Progress
from sagui.train.accelerate import accelerated
from sagui.train.audit import Audited
from sagui.train.batches import Truth
from sagui.train.fit import Material, Place, fit, one_hot
from sagui.train.networks import build_network
from sagui.train.recipe.choices import Recipe
from sagui.train.split import Split
from sagui.train.watch import Epoch


@dataclass(frozen=True)
class Learned:
    """A network that has learned.

    Attributes:
        model: From photos ``(batch, height, width, 3)``, 0-255, to probabilities ``(batch, labels)``.
        history: Every epoch of every phase.
    """

    model: keras.Model
    history: tuple[Epoch, ...]


def learn(
    photos: Audited, parts: Split, labels: Sequence[str], recipe: Recipe, place: Place, progress: Progress = SILENT
) -> Learned:
    """Learns by a resolved recipe; the same recipe and photos give the same weights on the same machine.

    Args:
        photos: What the audit left.
        parts: Which of them are for what; the test photos are not looked at.
        labels: The classes' names.
        recipe: How to learn.
        place: Where.
        progress: Told of every step.

    Raises:
        RecipeError: The network cannot be built or cut so.
        WeightsError: The weights cannot be had.
        TrainError: The cache cannot be written, or the loss is no number any more.
    """
    keras.utils.set_random_seed(recipe.seed)
    tf.config.experimental.enable_op_determinism()
    with accelerated(recipe.training.mixed_precision, progress) as policy:
        with progress.task(f"Build {recipe.backbone.name}, weights: {recipe.backbone.weights}"):
            network = build_network(recipe, len(labels))
        history = fit(network, material_of(photos, parts, len(labels)), recipe, place, progress)
    activation = recipe.head.activation or "softmax"
    if policy == "float32":
        return Learned(network.whole(activation), history)
    # What learned in 16-bit floats is used, and converted, in 32.
    plain = build_network(recipe, len(labels))
    plain.body.set_weights(network.body.get_weights())
    plain.head.set_weights(network.head.get_weights())
    return Learned(plain.whole(activation), history)


def material_of(photos: Audited, parts: Split, classes: int) -> Material:
    """What is learned from and validated on."""
    shown = one_hot([photo.labels for photo in photos.photos], classes)
    weights = np.array([photo.weight for photo in photos.photos], np.float32)
    train, validation = list(parts.train), list(parts.validation)
    return Material(
        pixels=photos.pixels,
        train=tuple(photos.keys[at] for at in train),
        truth=Truth(shown[train], weights[train]),
        validation=tuple(photos.keys[at] for at in validation),
        validation_labels=shown[validation],
    )
