"""A sweep from its file and from the command line."""

from collections.abc import Sequence
from pathlib import Path

from sagui.train.errors import RecipeError
from sagui.train.recipe.choices import Recipe
from sagui.train.recipe.read import read_toml, with_settings
from sagui.train.sweep.table import Sweep, without_sweep


def read_sweep(path: Path, settings: Sequence[str] = (), trials: int | None = None) -> tuple[Sweep, Recipe]:
    """Reads a recipe with a ``[sweep]`` table.

    Args:
        path: The TOML file.
        settings: Changes to what all trials start from: ``optimizer.name=sgd``.
        trials: How many, whatever the file says.

    Raises:
        RecipeError: It cannot be read, a key or value in it is not known, or a setting is of a key that is varied.
    """
    data = read_toml(path)
    if trials is not None and isinstance(data.get("sweep"), dict):
        data["sweep"]["trials"] = trials
    sweep, base = without_sweep(data, str(path))
    for setting in settings:
        name = setting.partition("=")[0].strip()
        if name in sweep.values:
            raise RecipeError(
                f"--set {setting}: {name} is varied by [sweep.values] of {path}; take it out of one of them"
            )
    return sweep, with_settings(base, settings)
