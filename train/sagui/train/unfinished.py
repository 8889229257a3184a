"""A training that is under way: the folder beside its run, from which an interrupted one goes on."""

import shutil
from collections.abc import Mapping
from pathlib import Path

import msgspec

from sagui.bundle.metrics import Proportion
from sagui.bundle.replace import write_bytes
from sagui.train.checkpoint import Checkpoints, Saved
from sagui.train.datasets.port import Part
from sagui.train.errors import DatasetError, RecipeError, RunError
from sagui.train.recipe.choices import Recipe
from sagui.train.recipe.describe import keys, value_of
from sagui.train.run import SplitPhoto

_ABOUT = "training.json"
_NAMED = 5


class About(msgspec.Struct, frozen=True, kw_only=True):
    """What the interrupted training was.

    Attributes:
        labels: The classes, in the order of their numbers.
        weights: A digest of how much each photo counts, and of the file of pretrained weights, if it is one.
        folds: What cross-validation found before the training began.
    """

    recipe: Recipe
    split: dict[Part, tuple[SplitPhoto, ...]]
    labels: tuple[str, ...]
    weights: str
    folds: tuple[Proportion, ...] = ()


class Unfinished:
    """The folder ``OUT.unfinished``: what is learned from, and the last epoch."""

    def __init__(self, out: Path) -> None:
        self.folder = out.with_name(f"{out.name}.unfinished")

    def checkpoints(self, about: About) -> Checkpoints:
        """Where epochs are kept; the folder is made with the first of them."""

        def begin() -> None:
            self.folder.mkdir(parents=True, exist_ok=True)
            write_bytes(self.folder / _ABOUT, msgspec.json.encode(about))

        return Checkpoints(self.folder, begin)

    def check_free(self, *, resume: bool, overwrite: bool) -> None:
        """Makes sure that no interrupted training is lost by accident.

        Raises:
            RunError: There is one, and nobody said what to do with it.
        """
        if not resume and not overwrite and (self.folder / "checkpoint.npz").exists():
            raise RunError(
                f"{self.folder} holds a training that was interrupted: go on with --resume, or start again with "
                "--overwrite"
            )

    def resume(self, about: About) -> tuple[Saved | None, tuple[Proportion, ...]]:
        """What was kept of the same training, and its folds; None if it was interrupted before an epoch was kept.

        Raises:
            RecipeError: The recipe has changed since; the message names the keys.
            DatasetError: The photos have changed since.
            RunError: What was kept cannot be read.
        """
        path = self.folder / _ABOUT
        try:
            before = msgspec.json.decode(path.read_bytes(), type=About)
        except FileNotFoundError:
            return None, ()
        except (OSError, msgspec.DecodeError) as error:
            raise RunError(f"{path}: cannot be read: {error}; start again with --overwrite") from error
        _same_recipe(before.recipe, about.recipe)
        _same_photos(before.split, about.split)
        if (before.labels, before.weights) != (about.labels, about.weights):
            raise DatasetError(
                "the labels, the weights of photos or the file of pretrained weights are not those of the interrupted "
                "training; put them back, or start again with --overwrite"
            )
        return Checkpoints(self.folder).load(), before.folds

    def end(self) -> None:
        """Removes it: the run is written, or another begins."""
        shutil.rmtree(self.folder, ignore_errors=True)


def _same_recipe(before: Recipe, now: Recipe) -> None:
    changed = [
        f"{key.path} was {value_of(before, key)} and is {value_of(now, key)}"
        for key in keys()
        if value_of(before, key) != value_of(now, key)
    ]
    if changed:
        raise RecipeError(
            f"the recipe is not that of the interrupted training: {'; '.join(changed)}; use the same options, or start "
            "again with --overwrite"
        )


def _same_photos(before: Mapping[Part, tuple[SplitPhoto, ...]], now: Mapping[Part, tuple[SplitPhoto, ...]]) -> None:
    if before == now:
        return
    old = {photo.name: photo for photos in before.values() for photo in photos}
    new = {photo.name: photo for photos in now.values() for photo in photos}
    changed = sorted(name for name in old.keys() & new.keys() if old[name] != new[name])
    counts = {"gone": old.keys() - new.keys(), "new": new.keys() - old.keys(), "changed": set(changed)}
    told = [f"{len(names)} {what} ({', '.join(sorted(names)[:_NAMED])})" for what, names in counts.items() if names]
    raise DatasetError(
        f"the photos are not those of the interrupted training: {'; '.join(told) or 'they are split otherwise'}; put "
        "them back, or start again with --overwrite"
    )
