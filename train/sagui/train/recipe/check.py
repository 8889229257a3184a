"""Choices that exclude each other. Pure rules."""

from collections.abc import Iterator

from sagui.train.augment.draw import is_random
from sagui.train.errors import RecipeError
from sagui.train.recipe.choices import Recipe
from sagui.train.recipe.describe import keys, value_of


def check(recipe: Recipe) -> None:
    """Makes sure that the choices go together.

    Raises:
        RecipeError: Two of them do not; the message names both, and what to write.
    """
    for trouble in _troubles(recipe):
        raise RecipeError(f"the recipe cannot be followed: {trouble}")


def _troubles(recipe: Recipe) -> Iterator[str]:
    yield from _task(recipe)
    yield from _learning(recipe)
    yield from _idle(recipe)


# Keys that only some choices of another key listen to.
_LISTENERS: dict[str, tuple[str, tuple[str, ...]]] = {
    "optimizer.momentum": ("optimizer.name", ("momentum", "nesterov")),
    "loss.gamma": ("loss.name", ("focal",)),
    "schedule.every_epochs": ("schedule.name", ("step",)),
    "schedule.factor": ("schedule.name", ("step", "exponential", "plateau")),
    "schedule.patience": ("schedule.name", ("plateau",)),
    "schedule.floor": ("schedule.name", ("linear", "cosine", "plateau")),
}


def _idle(recipe: Recipe) -> Iterator[str]:
    """Choices that nothing listens to: a person would wait for an effect."""
    by_path = {key.path: key for key in keys()}
    for path, (other, listening) in _LISTENERS.items():
        value, chosen = value_of(recipe, by_path[path]), value_of(recipe, by_path[other])
        if value != by_path[path].default and chosen is not None and chosen not in listening:
            yield f"{path} = {value} does nothing with {other} = {chosen}, but with {' or '.join(listening)}"
    if recipe.head.batch_norm and recipe.head.dense == ():
        yield "head.batch_norm = true does nothing without hidden layers: name their sizes with head.dense"
    if (recipe.augmentation.copies or 1) > 1 and not is_random(recipe.augmentation):
        yield (
            f"augmentation.copies = {recipe.augmentation.copies} does nothing without a random change, such as "
            "augmentation.rotation: views are exact, and each is kept once"
        )


def _task(recipe: Recipe) -> Iterator[str]:
    if recipe.task is None:
        return
    several = recipe.task == "multi-label"
    wrong_activation, activation = ("softmax", "sigmoid") if several else ("sigmoid", "softmax")
    if recipe.head.activation == wrong_activation:
        yield f"head.activation = {wrong_activation} does not go with task = {recipe.task}: allowed is {activation}"
    wrong_loss = "cross-entropy" if several else "binary-cross-entropy"
    if recipe.loss.name == wrong_loss:
        right = (
            "binary-cross-entropy, focal, mean-squared-error" if several else "cross-entropy, focal, mean-squared-error"
        )
        yield f"loss.name = {wrong_loss} does not go with task = {recipe.task}: allowed is {right}"


def _learning(recipe: Recipe) -> Iterator[str]:
    training, schedule = recipe.training, recipe.schedule
    if recipe.split.folds == 1:
        yield "split.folds = 1: one fold has nothing to learn from; allowed is 0 (none) or 2 and more"
    if training.head == "probe" and training.blocks == 0:
        yield "training.head = probe with training.blocks = 0: that is a linear probe already; leave training.head out"
    if training.blocks == "all" and recipe.augmentation.copies not in (None, 1):
        yield (
            f"augmentation.copies = {recipe.augmentation.copies} with training.blocks = all: copies are kept where a "
            "frozen trunk sees them; without one, each epoch draws anew: leave augmentation.copies out"
        )
    if schedule.warmup_epochs and schedule.name not in (None, "cosine"):
        yield f"schedule.warmup_epochs goes with schedule.name = cosine, not with {schedule.name}"
    if schedule.warmup_epochs and training.epochs and schedule.warmup_epochs >= training.epochs:
        yield (
            f"schedule.warmup_epochs = {schedule.warmup_epochs:g} leaves nothing of training.epochs = {training.epochs}"
        )
