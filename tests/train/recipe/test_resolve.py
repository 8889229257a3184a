"""What a recipe leaves open, filled in."""

import pytest

from sagui.train.networks import resolved
from sagui.train.recipe.choices import Recipe
from sagui.train.recipe.describe import keys, value_of
from sagui.train.recipe.read import with_settings
from sagui.train.recipe.resolve import RATES, warm_up_probe, what_learns

# These may stay open: without a target, training goes on.
NEVER_FILLED = {"training.target_accuracy"}
LEARNING = [[], ["training.blocks=3"], ["training.blocks=all"], ["backbone.name=lenet-5"], ["augmentation.noise=0.1"]]


@pytest.mark.parametrize("settings", LEARNING, ids=str)
def test_nothing_stays_open(settings: list[str]) -> None:
    full = resolved(with_settings(Recipe(), settings))
    assert {key.path for key in keys() if value_of(full, key) is None} == NEVER_FILLED


@pytest.mark.parametrize("settings", LEARNING, ids=str)
def test_filled_in_again_it_stays_the_same(settings: list[str]) -> None:
    full = resolved(with_settings(Recipe(), settings))
    assert resolved(full) == full


def test_what_a_person_chose_stays() -> None:
    chosen = ["optimizer.name=sgd", "training.blocks=2", "training.epochs=3", "head.dropout=0", "optimizer.average=0"]
    full = resolved(with_settings(Recipe(), chosen))
    assert (full.optimizer.name, full.training.epochs, full.head.dropout, full.optimizer.average) == ("sgd", 3, 0, 0)
    assert full.optimizer.learning_rate == RATES["blocks"]["sgd"]
    assert full.training.patience == 3


def test_a_network_without_pretrained_weights_learns_whole() -> None:
    full = resolved(with_settings(Recipe(), ["backbone.name=lenet-5"]))
    assert what_learns(full) == "all"
    assert (full.backbone.weights, full.input.size) == ("none", 32)
    assert full.head.dense == (120, 84)


def test_pretrained_weights_make_a_probe() -> None:
    full = resolved(Recipe())
    assert what_learns(full) == "head"
    assert (full.backbone.weights, full.optimizer.name, full.schedule.name) == ("imagenet", "adam", "constant")


def test_several_labels_change_loss_and_activation() -> None:
    full = resolved(Recipe(), "multi-label")
    assert (full.task, full.head.activation, full.loss.name) == ("multi-label", "sigmoid", "binary-cross-entropy")


def test_random_augmentation_before_a_frozen_trunk_is_kept_in_copies() -> None:
    assert resolved(with_settings(Recipe(), ["augmentation.noise=0.1"])).augmentation.copies == 4
    assert resolved(Recipe()).augmentation.copies == 1
    assert resolved(with_settings(Recipe(), ["augmentation.noise=0.1", "training.blocks=all"])).augmentation.copies == 1


def test_the_probe_before_blocks_is_always_the_same() -> None:
    full = resolved(with_settings(Recipe(), ["training.blocks=3", "training.head=probe", "optimizer.name=sgd"]))
    probe = warm_up_probe(full)
    assert what_learns(probe) == "head"
    assert (probe.optimizer.name, probe.training.epochs) == ("adam", 100)
    assert probe.head == full.head
