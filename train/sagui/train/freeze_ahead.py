"""Frozen features that several trainings need, computed before the first of them starts.

Trainings that run side by side would each compute them, and wait for each other.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from sagui.progress import SILENT, Progress
from sagui.train.accelerate import accelerated
from sagui.train.audit import Audited
from sagui.train.engine import LOCAL, Engine
from sagui.train.fit import Place, sources
from sagui.train.learn import material_of
from sagui.train.networks import build_network, learner_of
from sagui.train.recipe.choices import Recipe
from sagui.train.recipe.resolve import warm_up_probe, what_learns
from sagui.train.split import Split


def freeze_ahead(
    photos: Audited,
    positions: Sequence[int],
    classes: int,
    recipe: Recipe,
    cache: Path,
    engine: Engine = LOCAL,
    progress: Progress = SILENT,
) -> None:
    """Computes what the frozen trunk of a training makes of photos, unless it is on disk.

    Args:
        photos: What the audit left.
        positions: Those to learn from or to validate on, in whatever split.
        classes: How many classes there are.
        recipe: A resolved one.
        cache: Where activations are kept.
        engine: Runs the batches.
        progress: Told of each batch.

    Raises:
        RecipeError: The network cannot be built or cut so.
        WeightsError: The weights cannot be had.
        TrainError: The cache cannot be written.
    """
    every = Split(tuple(positions), tuple(positions), ())
    for phase in phases(recipe):
        with accelerated(recipe.training.mixed_precision, SILENT):
            learner = learner_of(build_network(phase, classes), phase)
            sources(learner, material_of(photos, every, classes), phase, Place(cache, engine), progress)


def phases(recipe: Recipe) -> Iterator[Recipe]:
    """The recipes of a training's phases that have a frozen trunk."""
    learns = what_learns(recipe)
    if learns != "head" and recipe.training.head == "probe":
        yield warm_up_probe(recipe)
    if learns != "all":
        yield recipe


def same_trunk(recipe: Recipe) -> tuple[object, ...]:
    """What the frozen features of a recipe depend on: equal for recipes that share them."""
    training, pooled = recipe.training, what_learns(recipe) == "head" or recipe.training.head == "probe"
    # The seed draws random weights and random copies.
    return (
        recipe.backbone,
        recipe.input,
        recipe.augmentation,
        recipe.seed,
        recipe.initialization,
        recipe.head.pooling if pooled else None,
        (training.blocks, training.head, training.mixed_precision),
    )
