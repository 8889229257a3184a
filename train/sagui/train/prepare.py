"""What happens before anything is learned: photos are looked at, and split."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sagui.bundle.manifest import InputSpec
from sagui.progress import SILENT, Progress
from sagui.train.audit import Audited, audit
from sagui.train.balance import imbalance
from sagui.train.bursts import bursts
from sagui.train.datasets import Dataset
from sagui.train.datasets.port import Part
from sagui.train.errors import DatasetError
from sagui.train.near import near_duplicates
from sagui.train.recipe.choices import Recipe
from sagui.train.run import SplitPhoto
from sagui.train.split import Split, clusters, folds, leakage, split


@dataclass(frozen=True)
class Prepared:
    """Photos that are ready to be learned from.

    Attributes:
        photos: What the audit left.
        parts: Which of them are for what.
        together: A number for each photo; photos of one number are never in two sets.
        notes: What was found, and what was done about it, a sentence each.
        leaks: Pairs that look nearly the same, in different sets.
    """

    photos: Audited
    parts: Split
    together: tuple[int, ...]
    notes: tuple[str, ...]
    leaks: tuple[tuple[str, str], ...]

    def folds(self, dataset: Dataset, recipe: Recipe) -> list[Split]:
        """Splits all photos but the test photos again, for cross-validation.

        Raises:
            DatasetError: A class has too few photos for so many folds.
        """
        positions = sorted((*self.parts.train, *self.parts.validation))
        photos, choice = self.photos.photos, recipe.split
        try:
            return folds(photos, dataset.labels, choice, recipe.seed, self.together, positions, choice.folds)
        except DatasetError as error:
            raise DatasetError(f"split.folds = {choice.folds} is too many, take fewer or none: {error}") from error

    def split_record(self) -> dict[Part, tuple[SplitPhoto, ...]]:
        """Every photo with its set, by name and content."""

        def part(positions: Sequence[int]) -> tuple[SplitPhoto, ...]:
            return tuple(
                SplitPhoto(
                    name=self.photos.photos[at].name, labels=self.photos.photos[at].labels, sha256=self.photos.keys[at]
                )
                for at in positions
            )

        parts = self.parts
        return {"train": part(parts.train), "validation": part(parts.validation), "test": part(parts.test)}


def input_spec(recipe: Recipe) -> InputSpec:
    """What photos are brought to, by a resolved recipe."""
    size = recipe.input.size or 0
    return InputSpec(height=size, width=size, fit=recipe.input.fit)


def prepare_photos(dataset: Dataset, recipe: Recipe, cache: Path, progress: Progress = SILENT) -> Prepared:
    """Looks at every photo, and splits them honestly.

    Args:
        dataset: The photos.
        recipe: A resolved one.
        cache: Where pixels are kept.
        progress: Told of each photo.

    Raises:
        DatasetError: Too many photos cannot be read, or they cannot be split.
    """
    photos = audit(dataset, input_spec(recipe), cache, progress)
    choice = recipe.split
    pairs = near_duplicates(photos.looks.hashes, photos.looks.thumbnails)
    kept = pairs if choice.near_duplicates else []
    shots = bursts(photos.looks.taken, choice.burst_seconds) if choice.burst_seconds else []
    together = clusters(photos.photos, [*kept, *shots])
    parts = split(photos.photos, dataset.labels, choice, recipe.seed, together)
    leaks = tuple(leakage(photos.photos, parts, pairs))
    notes = tuple(_notes(dataset, photos, kept, shots, leaks))
    return Prepared(photos, parts, tuple(together), notes, leaks)


def _notes(
    dataset: Dataset,
    photos: Audited,
    pairs: Sequence[tuple[int, int]],
    shots: Sequence[Sequence[int]],
    leaks: Sequence[tuple[str, str]],
) -> Iterator[str]:
    yield from dataset.notes
    yield from photos.lines()
    if pairs:
        alike = len({at for pair in pairs for at in pair})
        yield f"{alike} photos look nearly the same as another: those that belong together are in the same set"
    if shots:
        yield f"{len(shots)} bursts of photos taken within moments: each is in one set"
    if leaks:
        first = " and ".join(leaks[0])
        yield (
            f"leakage: {len(leaks)} pairs of photos that look nearly the same are in different sets, so the result is "
            f"too good ({first})"
        )
    if warning := imbalance(photos.photos, dataset.labels):
        yield warning
