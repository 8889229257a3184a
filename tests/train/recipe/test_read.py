"""Recipes from files and from the command line."""

import tomllib
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sagui.train.errors import RecipeError
from sagui.train.recipe.choices import Augmentation, OptimizerChoice, Recipe, TrainingChoice
from sagui.train.recipe.describe import Key, keys, value_of
from sagui.train.recipe.explain import explain, recipe_digest, to_toml
from sagui.train.recipe.read import read_recipe, recipe_from, with_settings


def write(folder: Path, text: str) -> Path:
    path = folder / "recipe.toml"
    path.write_text(text, "utf-8")
    return path


def test_a_file_changes_what_it_names_and_nothing_else(tmp_path: Path) -> None:
    path = write(tmp_path, 'seed = 7\n[optimizer]\nname = "sgd"\nlearning_rate = 1\n[head]\ndense = [64, 32]\n')
    recipe = read_recipe(path)
    assert (recipe.seed, recipe.optimizer.name, recipe.optimizer.learning_rate) == (7, "sgd", 1.0)
    assert recipe.head.dense == (64, 32)
    assert recipe.training == TrainingChoice()


def test_an_empty_file_is_the_default(tmp_path: Path) -> None:
    assert read_recipe(write(tmp_path, "")) == Recipe()


def test_settings_change_single_keys() -> None:
    recipe = with_settings(
        Recipe(), ["optimizer.name=nesterov", "head.dense=[128]", "split.near_duplicates=false", "training.blocks=all"]
    )
    assert recipe.optimizer.name == "nesterov"
    assert recipe.head.dense == (128,)
    assert recipe.split.near_duplicates is False
    assert recipe.training.blocks == "all"


def test_auto_opens_a_key_again() -> None:
    chosen = Recipe(optimizer=OptimizerChoice(name="sgd"))
    assert with_settings(chosen, ["optimizer.name=auto"]) == Recipe()


@pytest.mark.parametrize(
    ("setting", "reason"),
    [
        ("optimizer.name=sgdd", "optimizer.name = sgdd: allowed is adadelta, .*, sgd; did you mean sgd"),
        ("optimizer.nmae=sgd", "no key optimizer.nmae in a recipe; did you mean optimizer.name"),
        ("optimiser.name=sgd", "did you mean optimizer.name"),
        ("learning_rate=0.1", "no key learning_rate in a recipe; did you mean optimizer.learning_rate"),
        ("optimizer.learning_rate=-1", "optimizer.learning_rate = -1: allowed is a number above 0 to 100"),
        ("regularization.l1=nan", "regularization.l1 = nan: allowed is a number from 0"),
        ("regularization.l2=inf", "regularization.l2 = inf: allowed"),
        ("training.blocks=-1", "training.blocks = -1: allowed is a whole number from 0 or all"),
        ("training.blocks=some", "training.blocks = some: allowed"),
        ("training.epochs=0", "training.epochs = 0: allowed is a whole number from 1"),
        ("training.epochs=1.5", "training.epochs = 1.5: allowed is a whole number"),
        ("head.dense=[0]", r"head.dense = \[0\]: allowed is a list, each a whole number from 1"),
        ("head.dropout=1", "head.dropout = 1: allowed is a number from 0 below 1"),
        ("split.near_duplicates=maybe", "split.near_duplicates = maybe: allowed is true or false"),
        ("input.size=8", "input.size = 8: allowed is a whole number from 28 to 1024"),
        ("input.fit=stretch", "input.fit = stretch: allowed is crop, pad, squash"),
        ("seed=abc", "seed = abc: allowed is a whole number"),
        ("optimizer", "write it as KEY=VALUE"),
        ("optimizer=sgd", "no key optimizer in a recipe"),
        ("loss.name=hinge", "loss.name = hinge: allowed is binary-cross-entropy, cross-entropy, focal"),
        ("head.pooling=mean", "head.pooling = mean: allowed is average, flatten, max"),
        ("initialization=zeros", "initialization = zeros: allowed is glorot-normal"),
        ("schedule.name=cyclic", "schedule.name = cyclic: allowed is constant, cosine"),
        ("augmentation.rotation=200", "augmentation.rotation = 200: allowed is a number from 0 to 180"),
    ],
)
def test_a_wrong_word_is_named_with_what_is_allowed(setting: str, reason: str) -> None:
    with pytest.raises(RecipeError, match=reason):
        with_settings(Recipe(), [setting])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("seed = [", "not a TOML file"),
        ("[optimzer]\nname = 'sgd'", "no key optimzer in a recipe"),
        ("optimizer = 'sgd'", r"it is a section: write \[optimizer\]"),
        ("[optimizer]\nrate = 1", r"no key optimizer.rate in a recipe"),
        ("[sweep]\nmethod = 'grid'", "is for `sagui sweep`"),
        ("[seed]\nvalue = 1", "seed = "),
    ],
)
def test_a_file_that_is_wrong_is_named(tmp_path: Path, text: str, reason: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(RecipeError, match=reason) as refused:
        read_recipe(path)
    assert str(refused.value).startswith(f"{path}: ")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"gone.toml: the recipe cannot be read: No such file"):
        read_recipe(tmp_path / "gone.toml")


def values(key: Key) -> st.SearchStrategy[object]:
    if key.words:
        return st.sampled_from(key.words)
    if "truth" in key.kinds:
        return st.booleans()
    if "list" in key.kinds:
        return st.lists(st.integers(1, 512), max_size=3)
    if "whole" in key.kinds:
        return st.integers(28, 50)
    return st.just(0.25) if "number" in key.kinds else st.sampled_from(["resnet50", "a word"])


@settings(deadline=None)
@given(st.fixed_dictionaries({}, optional={key.path: values(key) for key in keys()}))
def test_what_is_written_is_read_again(chosen: dict[str, object]) -> None:
    nested: dict[str, object] = {}
    for path, value in chosen.items():
        section, _, name = path.rpartition(".")
        (nested.setdefault(section, {}) if section else nested)[name] = value  # type: ignore[index]
    recipe = recipe_from(nested, "here")
    assert recipe_from(tomllib.loads(to_toml(recipe)), "there") == recipe
    assert recipe_from(tomllib.loads(explain(recipe, recipe)), "there") == recipe
    assert msgspec.json.decode(msgspec.json.encode(recipe), type=Recipe) == recipe
    for path, value in chosen.items():
        key = next(key for key in keys() if key.path == path)
        assert value_of(recipe, key) == value


def test_the_digest_names_the_content() -> None:
    assert recipe_digest(Recipe()) == recipe_digest(Recipe(seed=0))
    assert recipe_digest(Recipe()) != recipe_digest(Recipe(augmentation=Augmentation(noise=0.1)))
