"""Frozen features that are computed ahead are those that trainings need, and are not computed again."""

from pathlib import Path
from typing import Any

import pytest

from sagui.train import features
from sagui.train.datasets import open_dataset
from sagui.train.fit import Place
from sagui.train.freeze_ahead import freeze_ahead, phases, same_trunk
from sagui.train.learn import learn
from sagui.train.pipeline import resolve_for
from sagui.train.prepare import prepare_photos
from sagui.train.recipe.choices import Recipe
from sagui.train.recipe.read import recipe_from

TINY: dict[str, Any] = {"backbone": {"name": "lenet-5"}, "input": {"size": 28}, "training": {"blocks": 0, "epochs": 1}}
BLOCKS: dict[str, Any] = {"input": {"size": 32}, "training": {"blocks": 1, "head": "probe", "epochs": 1}}


def recipe_of(choices: dict[str, Any]) -> Recipe:
    return recipe_from(choices, "r")


@pytest.mark.parametrize(
    "choices",
    [TINY, TINY | {"head": {"pooling": "max"}}, TINY | {"augmentation": {"rotation": 10, "copies": 2}}, BLOCKS],
)
def test_a_training_finds_all_it_needs(
    shapes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, choices: dict[str, Any]
) -> None:
    dataset = open_dataset(str(shapes))
    recipe = resolve_for(dataset, recipe_of(choices))
    ready = prepare_photos(dataset, recipe, tmp_path)
    positions = (*ready.parts.train, *ready.parts.validation)
    freeze_ahead(ready.photos, positions, 2, recipe, tmp_path)

    def never(*_: object) -> None:
        raise AssertionError("computed again")

    monkeypatch.setattr(features, "predict_batch", never)
    assert learn(ready.photos, ready.parts, dataset.labels, recipe, Place(tmp_path)).history


def test_where_nothing_is_frozen_nothing_is_computed() -> None:
    assert not list(phases(recipe_of({"backbone": {"name": "lenet-5"}, "training": {"blocks": "all"}})))


def test_recipes_share_features_unless_the_trunk_or_the_photos_differ() -> None:
    probe = same_trunk(recipe_of({"training": {"blocks": 0}}))
    assert probe == same_trunk(recipe_of({"training": {"blocks": 0, "epochs": 9}, "optimizer": {"name": "sgd"}}))
    others: list[dict[str, Any]] = [
        {"training": {"blocks": 1}},
        {"training": {"blocks": 0}, "head": {"pooling": "max"}},
        {"training": {"blocks": 0}, "input": {"fit": "pad"}},
        {"training": {"blocks": 0}, "augmentation": {"views": "dihedral"}},
        {"training": {"blocks": 0}, "backbone": {"name": "mobilenet-v2"}},
        {"training": {"blocks": 0}, "seed": 1},
    ]
    found = [same_trunk(recipe_of(other)) for other in others]
    assert probe not in found
    assert len(set(found)) == len(found)
    # Where blocks learn with the head, its pooling comes after what is frozen.
    blocks = [
        same_trunk(recipe_of({"training": {"blocks": 2}, "head": {"pooling": one}})) for one in ("average", "max")
    ]
    assert blocks[0] == blocks[1]
