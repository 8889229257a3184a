"""The range test on a real network."""

from pathlib import Path

from sagui.train.datasets import open_dataset
from sagui.train.find_rate import PLOT, find_rate
from sagui.train.pipeline import resolve_for
from sagui.train.recipe.choices import Recipe
from sagui.train.recipe.read import with_settings


def test_it_finds_a_rate_and_draws_why(shapes: Path, tmp_path: Path) -> None:
    dataset = open_dataset(str(shapes))
    recipe = resolve_for(dataset, with_settings(Recipe(), ["input.size=64"]))
    found = find_rate(dataset, recipe, tmp_path / "rates", tmp_path / "cache")
    assert 1e-5 < found.suggestion < 1
    assert found.rates[0] < found.suggestion < found.rates[-1]
    assert len(found.rates) == len(found.losses)
    assert (tmp_path / "rates" / PLOT).read_bytes().startswith(b"\x89PNG")
