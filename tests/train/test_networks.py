"""From a recipe to a network, and to what of it learns."""

import keras
import numpy as np
import pytest

from sagui.train.errors import RecipeError, WeightsError
from sagui.train.networks import build_network, learner_of, resolved
from sagui.train.recipe.choices import Recipe
from sagui.train.recipe.read import with_settings

PHOTOS = np.random.default_rng(0).integers(0, 255, (2, 64, 64, 3)).astype(np.float32)


def recipe(*settings: str) -> Recipe:
    return resolved(with_settings(Recipe(), ["input.size=64", *settings]))


@pytest.mark.parametrize(
    "settings",
    [
        ["backbone.weights=none", "training.blocks=0"],
        ["backbone.weights=none", "training.blocks=3", "head.dense=[8]", "head.batch_norm=true"],
        ["backbone.weights=none", "head.pooling=max"],
        ["backbone.name=vgg-style"],
    ],
    ids=str,
)
def test_trunk_and_learner_are_the_whole(settings: list[str]) -> None:
    chosen = recipe(*settings)
    network = build_network(chosen, 3)
    learner = learner_of(network, chosen)
    seen = PHOTOS if learner.trunk is None else np.asarray(learner.trunk(PHOTOS))
    logits = np.asarray(learner.learns(seen), np.float64)
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert np.allclose(np.asarray(network.whole("softmax")(PHOTOS)), expected, atol=1e-5)


def learning(chosen: Recipe) -> set[str]:
    network = build_network(chosen, 3)
    return {variable.path for variable in learner_of(network, chosen).learns.trainable_variables}


def test_a_probe_trains_the_head_alone() -> None:
    assert {path.split("/")[0] for path in learning(recipe())} == {"head"}


def test_pretrained_statistics_stay_frozen() -> None:
    paths = learning(recipe("training.blocks=2"))
    assert any("block" in path for path in paths)
    assert not any("gamma" in path or "beta" in path for path in paths)


def test_from_scratch_normalization_learns_too() -> None:
    assert any("gamma" in path for path in learning(recipe("backbone.name=vgg-style")))


@pytest.mark.parametrize(("weights", "soon"), [("none", True), ("imagenet", False)])
def test_running_averages_follow_within_an_epoch_from_scratch_alone(weights: str, soon: bool) -> None:  # noqa: FBT001
    network = build_network(recipe(f"backbone.weights={weights}"), 3)
    momenta = [layer.momentum for layer in network.body.layers if isinstance(layer, keras.layers.BatchNormalization)]
    assert momenta
    assert all((momentum <= 0.9) == soon for momentum in momenta)


def test_more_blocks_than_there_are_is_refused() -> None:
    with pytest.raises(
        RecipeError, match=r"training\.blocks = 99: efficientnet-lite0 has 16 blocks .* allowed is 0 to 15, or all"
    ):
        recipe("training.blocks=99", "backbone.weights=none")


def test_a_missing_weights_file_is_named_before_photos_are_read() -> None:
    with pytest.raises(WeightsError, match=r"backbone\.weights = /nope\.h5: no such weights file"):
        recipe("backbone.weights=/nope.h5")


def test_the_seed_decides_where_it_starts() -> None:
    def start(seed: int) -> list[np.ndarray]:
        network = build_network(recipe("backbone.name=lenet-5", f"seed={seed}"), 2)
        return [np.asarray(array) for array in network.whole("softmax").get_weights()]

    keras.utils.set_random_seed(99)
    one = start(1)
    again, other = start(1), start(2)
    assert all(np.array_equal(a, b) for a, b in zip(one, again, strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))
