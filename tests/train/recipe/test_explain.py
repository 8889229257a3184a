"""`sagui train --explain`: every choice, and what it does."""

import tomllib

import pytest

from sagui.train.networks import resolved
from sagui.train.recipe.choices import OptimizerChoice, Recipe
from sagui.train.recipe.describe import Key, keys
from sagui.train.recipe.explain import explain
from sagui.train.recipe.read import recipe_from


@pytest.mark.parametrize("key", keys(), ids=lambda key: key.path)
def test_every_key_has_one_sentence_and_what_is_allowed(key: Key) -> None:
    assert key.about.endswith(".")
    assert 20 < len(key.about) <= 120
    assert key.allowed


def test_it_is_a_recipe_itself() -> None:
    recipe = Recipe(optimizer=OptimizerChoice(name="momentum", momentum=0.5))
    assert recipe_from(tomllib.loads(explain(recipe, resolved(recipe))), "here") == recipe


def test_what_is_left_open_stands_with_what_it_will_be() -> None:
    text = explain(Recipe(), resolved(Recipe()))
    for line in ("# size = 224", '# name = "adam"', "# blocks = 0", "# dense = []", '# target_accuracy = "auto"'):
        assert line in text.splitlines()
    assert 'name = "efficientnet-lite0"' in text.splitlines()


def test_every_key_is_there_once() -> None:
    text = explain(Recipe(), resolved(Recipe()))
    assert text.count("# Allowed: ") == len(keys())
