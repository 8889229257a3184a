"""Choices that exclude each other."""

import pytest

from sagui.train.errors import RecipeError
from sagui.train.networks import build_network, resolved
from sagui.train.recipe.choices import Recipe
from sagui.train.recipe.read import with_settings


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        (
            ["task=multi-label", "head.activation=softmax"],
            "head.activation = softmax does not go with task = multi-label: allowed is sigmoid",
        ),
        (["head.activation=sigmoid"], "head.activation = sigmoid does not go with task = single-label"),
        (
            ["task=multi-label", "loss.name=cross-entropy"],
            "loss.name = cross-entropy does not go with task = multi-label: allowed is binary-cross-entropy, focal",
        ),
        (["loss.name=binary-cross-entropy"], "binary-cross-entropy does not go with task = single-label"),
        (["split.folds=1"], "split.folds = 1: one fold has nothing to learn from"),
        (["training.head=probe", "training.blocks=0"], "that is a linear probe already"),
        (["training.blocks=all", "augmentation.copies=3"], "augmentation.copies = 3 with training.blocks = all"),
        (["schedule.name=step", "schedule.warmup_epochs=2"], "goes with schedule.name = cosine, not with step"),
        (
            ["training.blocks=2", "training.epochs=3", "schedule.warmup_epochs=3"],
            "warmup_epochs = 3 leaves nothing of training.epochs = 3",
        ),
        (["backbone.name=resnet"], "no backbone 'resnet'; did you mean resnet50"),
        (["backbone.name=lenet-5", "backbone.weights=imagenet"], "there are none for lenet-5"),
        (["backbone.name=xception", "input.size=64"], "input.size = 64 is too small for xception: allowed is 71"),
        (["backbone.alpha=0.5"], "backbone.alpha"),
        (["optimizer.momentum=0.5"], "optimizer.momentum = 0.5 does nothing with optimizer.name = adam"),
        (["loss.gamma=3"], "loss.gamma = 3.0 does nothing with loss.name = cross-entropy, but with focal"),
        (["schedule.floor=0.1"], "schedule.floor = 0.1 does nothing with schedule.name = constant"),
        (["head.batch_norm=true"], "head.batch_norm = true does nothing without hidden layers"),
        (["augmentation.copies=8"], "augmentation.copies = 8 does nothing without a random change"),
        (["backbone.name=resnet50", "backbone.padding=valid"], "backbone.padding"),
    ],
)
def test_what_does_not_go_together_is_named_before_anything_starts(settings: list[str], reason: str) -> None:
    with pytest.raises(RecipeError, match=reason):
        resolved(with_settings(Recipe(), settings))


def test_a_width_without_pretrained_weights_is_named_before_anything_is_downloaded() -> None:
    recipe = resolved(with_settings(Recipe(), ["backbone.name=mobilenet-v2", "backbone.alpha=0.6"]))
    with pytest.raises(RecipeError, match=r"backbone.alpha = 0.6: mobilenet-v2 has ImageNet weights for 0.35, 0.5"):
        build_network(recipe, 2)
