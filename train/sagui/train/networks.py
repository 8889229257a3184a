"""From a recipe to a network with its weights, and to the parts of it that are frozen and that learn."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
from keras import layers

from sagui.train.backbones.port import Backbone, Options
from sagui.train.backbones.registry import check_options, find_backbone
from sagui.train.backbones.scratch.convolution import MOMENTUM
from sagui.train.cut import cut
from sagui.train.errors import RecipeError, WeightsError
from sagui.train.head import make_head
from sagui.train.initialize import initialize
from sagui.train.recipe.choices import Recipe, Task
from sagui.train.recipe.resolve import BackboneDefaults, Learns, resolve, what_learns


@dataclass(frozen=True)
class Learner:
    """A network in two parts.

    Attributes:
        trunk: From photos ``(batch, height, width, 3)``, 0-255, to what `learns` takes; frozen. None where all learns.
        learns: To logits ``(batch, labels)``.
    """

    trunk: keras.Model | None
    learns: keras.Model


@dataclass(frozen=True)
class Network:
    """A backbone and its head.

    Attributes:
        backbone: What is known about the network.
        body: From photos to feature maps.
        head: From feature maps to logits.
    """

    backbone: Backbone
    body: keras.Model
    head: keras.Sequential

    def learner(self, learns: Learns, blocks: int) -> Learner:
        """Freezes what does not learn, and cuts there.

        Args:
            learns: The head, the last blocks too, or all.
            blocks: How many blocks.

        Raises:
            RecipeError: The network has no more blocks than that.
        """
        self.body.trainable = False
        if learns == "head":
            pool, *classifier = self.head.layers
            trunk = keras.Model(self.body.input, pool(self.body.output), name="trunk")
            inputs = keras.Input(trunk.output_shape[1:])
            return Learner(trunk, keras.Model(inputs, _through(classifier, inputs), name="learner"))
        if learns == "all":
            self.body.trainable = True
            return Learner(None, keras.Model(self.body.input, self.head(self.body.output), name="learner"))
        trunk, tail = cut(self.body, self.backbone.block_end, blocks)
        for layer in tail.layers:
            layer.trainable = True
        return Learner(trunk, keras.Model(tail.input, self.head(tail.output), name="learner"))

    def freeze_statistics(self) -> None:
        """Keeps the statistics of pretrained batch normalization: a batch of 32 knows them worse."""
        for layer in self.body.layers:
            if isinstance(layer, layers.BatchNormalization):
                layer.trainable = False

    def whole(self, activation: str) -> keras.Model:
        """From photos to probabilities ``(batch, labels)``."""
        logits = self.head(self.body.output)
        last = (
            layers.Softmax(name="probabilities")
            if activation == "softmax"
            else layers.Activation("sigmoid", name="probabilities")
        )
        return keras.Model(self.body.input, last(logits), name=self.backbone.name)


def resolved(recipe: Recipe, task: Task = "single-label") -> Recipe:
    """Fills in what a recipe leaves open, and checks it against its backbone.

    Raises:
        RecipeError: A choice does not exist, or choices do not go together.
    """
    backbone = find_backbone(recipe.backbone.name)
    head = backbone.head
    full = resolve(
        recipe,
        BackboneDefaults(
            pretrained=backbone.source is not None,
            image_size=backbone.image_size,
            pooling=head.pooling,
            dense=head.dense,
            dropout=head.dropout,
        ),
        task,
    )
    check_options(backbone, options(full))
    if full.input.size is not None and full.input.size < backbone.min_size:
        raise RecipeError(
            f"input.size = {full.input.size} is too small for {backbone.name}: allowed is {backbone.min_size} and more"
        )
    weights = str(full.backbone.weights)
    if weights not in ("imagenet", "none") and not Path(weights).is_file():
        raise WeightsError(f"backbone.weights = {weights}: no such weights file; allowed is imagenet, none, or a file")
    if isinstance(full.training.blocks, int) and full.training.blocks:
        _check_blocks(backbone, full)
    if full.backbone.weights == "imagenet" and backbone.source is None:
        raise RecipeError(
            f"backbone.weights = imagenet: there are none for {backbone.name}, which learns from scratch; leave it out"
        )
    return full


def _check_blocks(backbone: Backbone, recipe: Recipe) -> None:
    """Cuts a network without its weights: what cannot be cut is to be known before photos are read."""
    size = recipe.input.size or backbone.image_size
    body = backbone.build((size, size, 3), options(recipe))
    cut(body, backbone.block_end, int(recipe.training.blocks or 0))


def options(recipe: Recipe) -> Options:
    """What a recipe asks of its backbone."""
    choice = recipe.backbone
    return Options(alpha=choice.alpha, padding=choice.padding, downsample=choice.downsample)


def build_network(recipe: Recipe, labels: int) -> Network:
    """Builds a network and fills in its weights.

    Args:
        recipe: A resolved one.
        labels: How many classes there are.

    Raises:
        WeightsError: The weights cannot be had.
        RecipeError: The network cannot be built so.
    """
    backbone = find_backbone(recipe.backbone.name)
    size = recipe.input.size or backbone.image_size
    body = backbone.build((size, size, 3), options(recipe))
    if recipe.backbone.weights == "none":
        initialize(body, recipe.initialization, recipe.seed)
        _forget_sooner(body)
    else:
        file = None if recipe.backbone.weights == "imagenet" else Path(str(recipe.backbone.weights))
        backbone.load(body, file, options(recipe))
    head = make_head(body.output_shape[1:], labels, recipe.head, recipe.initialization, recipe.seed)
    return Network(backbone, body, head)


def _forget_sooner(body: keras.Model) -> None:
    """Lets batch normalization's running averages follow within an epoch.

    keras.applications keeps up to 0.999 of them at each step, for training with a million photos: after the few hundred
    steps of a small dataset they would still be those of the start, and nothing learned would show.
    """
    for layer in body.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.momentum = min(layer.momentum, MOMENTUM)


def learner_of(network: Network, recipe: Recipe) -> Learner:
    """The parts of a network that are frozen and that learn, by a resolved recipe."""
    blocks = recipe.training.blocks
    learner = network.learner(what_learns(recipe), blocks if isinstance(blocks, int) else 0)
    if recipe.backbone.weights != "none":
        network.freeze_statistics()
    return learner


def _through(stack: list[Any], x: Any) -> Any:  # noqa: ANN401 (Keras ships no types)
    for layer in stack:
        x = layer(x)
    return x
