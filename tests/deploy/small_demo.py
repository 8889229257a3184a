"""The demo on 160 of its photos, which learns in seconds: `python -m tests.deploy.small_demo CELLS --out ...`."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from sagui.convert.gate import Budget
from sagui.convert.pipeline import Options
from sagui.deploy.demo import command
from sagui.deploy.demo.story import Plot
from sagui.train.datasets import open_dataset
from sagui.train.recipe.choices import Recipe
from sagui.train.recipe.read import with_settings

RECIPE = with_settings(Recipe(), ["input.size=96", "augmentation.views=none", "training.epochs=15"])

# Forty test photos are too few for the usual budget: one photo is 2.5 points.
OPTIONS = Options(calibration=40, budget=Budget(15.0, 30.0), threshold=0.0)


def copy_some_cells(root: Path) -> None:
    """Eighty real photos of solar cells of each class."""
    elpv = open_dataset("elpv")
    for number, label in enumerate(elpv.labels):
        (root / label).mkdir()
        for photo in [photo for photo in elpv.photos if photo.label == number][::10][:80]:
            shutil.copy(elpv.path(photo), root / label)


def small(cells: str) -> Callable[..., Plot]:
    """Makes plots that differ from the command's own in what is learned from, and how."""

    def make(_data: str, out: Path, seconds: float, broker: str | None, dashboard_port: int | None) -> Plot:
        return Plot(cells, out, seconds, broker, RECIPE, OPTIONS, dashboard_port)

    return make


if __name__ == "__main__":
    cells = sys.argv.pop(1)
    vars(command)["Plot"] = small(cells)
    command.demo()
