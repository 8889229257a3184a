"""Fills in what a recipe leaves open, from what learns and from the backbone. Pure rules."""

from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import msgspec
from msgspec.structs import replace

from sagui.train.augment.draw import is_random
from sagui.train.recipe.check import check
from sagui.train.recipe.choices import (
    HeadChoice,
    OptimizerChoice,
    OptimizerName,
    Pooling,
    Recipe,
    Regularization,
    Schedule,
    Task,
    TrainingChoice,
)

Learns = Literal["head", "blocks", "all"]
"""A new head alone (a linear probe), the last blocks too, or the whole network."""

RATES: dict[Learns, dict[OptimizerName, float]] = {
    "head": {
        "sgd": 0.03,
        "momentum": 0.03,
        "nesterov": 0.03,
        "adagrad": 0.03,
        "rmsprop": 3e-3,
        "adadelta": 1.0,
        "adam": 3e-3,
        "adamw": 3e-3,
    },
    "blocks": {
        "sgd": 0.1,
        "momentum": 0.01,
        "nesterov": 0.01,
        "adagrad": 0.03,
        "rmsprop": 3e-4,
        "adadelta": 1.0,
        "adam": 1e-3,
        "adamw": 1e-3,
    },
}
RATES["all"] = RATES["blocks"]
"""Learning rates to begin with, where a recipe names none; `sagui train --find-lr` measures a better one."""

_EPOCHS: dict[Learns, int] = {"head": 100, "blocks": 20, "all": 40}
_BATCH: dict[Learns, int] = {"head": 128, "blocks": 32, "all": 32}
_PROBE_PATIENCE = 10
_COPIES = 4


@dataclass(frozen=True)
class BackboneDefaults:
    """What a backbone suggests.

    Attributes:
        pretrained: Whether ImageNet weights exist.
        image_size: The side of the photos it was made for, in pixels.
    """

    pretrained: bool
    image_size: int
    pooling: Pooling
    dense: tuple[int, ...]
    dropout: float


def resolve(recipe: Recipe, defaults: BackboneDefaults, task: Task) -> Recipe:
    """Fills in every key that is open.

    Args:
        recipe: What a person chose.
        defaults: What the backbone suggests.
        task: What the photos are labelled for.

    Raises:
        RecipeError: Choices do not go together.
    """
    recipe = _filled(recipe, task=task)
    check(recipe)
    weights = recipe.backbone.weights or ("imagenet" if defaults.pretrained else "none")
    # A frozen trunk of random numbers would see nothing.
    blocks = "all" if weights == "none" else 0
    backbone = replace(recipe.backbone, weights=weights)
    opened = replace(recipe, backbone=backbone, training=_filled(recipe.training, blocks=blocks))
    learns = what_learns(opened)
    training = _training(opened, learns)
    chosen = replace(
        opened,
        input=_filled(recipe.input, size=defaults.image_size),
        head=_head(recipe, defaults),
        training=training,
        optimizer=_optimizer(opened, learns),
        schedule=_schedule(recipe, learns, training.epochs or 0),
        loss=_filled(recipe.loss, name="binary-cross-entropy" if recipe.task == "multi-label" else "cross-entropy"),
        augmentation=_filled(recipe.augmentation, copies=_COPIES if _cached_and_random(opened, learns) else 1),
    )
    chosen = replace(chosen, regularization=_regularization(chosen, learns))
    check(chosen)
    return chosen


def what_learns(recipe: Recipe) -> Learns:
    """What a recipe trains, whose `training.blocks` is filled in."""
    blocks = recipe.training.blocks
    return "all" if blocks == "all" else "blocks" if blocks else "head"


def warm_up_probe(recipe: Recipe) -> Recipe:
    """The linear probe that trains a head before blocks learn with it, where `training.head` asks for one."""
    return replace(
        recipe,
        training=replace(
            recipe.training,
            blocks=0,
            head="fresh",
            epochs=_EPOCHS["head"],
            patience=_PROBE_PATIENCE,
            batch_size=_BATCH["head"],
            target_accuracy=None,
        ),
        optimizer=replace(
            recipe.optimizer, name="adam", learning_rate=RATES["head"]["adam"], clip_norm=0.0, average=0.0
        ),
        schedule=replace(recipe.schedule, name="constant", warmup_epochs=0.0),
        regularization=replace(recipe.regularization, weight_decay=0.0),
    )


_Section = TypeVar("_Section", bound=msgspec.Struct)


def _filled(section: _Section, **defaults: Any) -> _Section:  # noqa: ANN401 (a section's fields are of any type)
    """Fills in the fields that are open."""
    return replace(section, **{name: value for name, value in defaults.items() if getattr(section, name) is None})


def _head(recipe: Recipe, defaults: BackboneDefaults) -> HeadChoice:
    return _filled(
        recipe.head,
        pooling=defaults.pooling,
        dense=defaults.dense,
        dropout=defaults.dropout,
        activation="sigmoid" if recipe.task == "multi-label" else "softmax",
    )


def _training(recipe: Recipe, learns: Learns) -> TrainingChoice:
    timed = _filled(recipe.training, epochs=_EPOCHS[learns], batch_size=_BATCH[learns])
    # A cosine is at its best at its end, so it is not cut short.
    return _filled(timed, patience=_PROBE_PATIENCE if learns == "head" else timed.epochs)


def _optimizer(recipe: Recipe, learns: Learns) -> OptimizerChoice:
    named = _filled(recipe.optimizer, name="adam" if learns == "head" else "adamw")
    # Averaged weights would not fit the statistics that batch normalization gathers, where it learns as well.
    average = 0.99 if learns != "head" and recipe.backbone.weights != "none" else 0.0
    return _filled(
        named,
        learning_rate=RATES[learns][named.name or "adam"],
        clip_norm=0.0 if learns == "head" else 1.0,
        average=average,
    )


def _schedule(recipe: Recipe, learns: Learns, epochs: int) -> Schedule:
    named = _filled(recipe.schedule, name="constant" if learns == "head" else "cosine")
    return _filled(named, warmup_epochs=1.0 if named.name == "cosine" and epochs > 1 else 0.0)


def _regularization(recipe: Recipe, learns: Learns) -> Regularization:
    smoothed = recipe.loss.name == "cross-entropy"
    decayed = recipe.optimizer.name == "adamw" and learns != "head"
    return _filled(
        recipe.regularization, label_smoothing=0.1 if smoothed else 0.0, weight_decay=1e-2 if decayed else 0.0
    )


def _cached_and_random(recipe: Recipe, learns: Learns) -> bool:
    return learns != "all" and is_random(recipe.augmentation)
