"""Which photos are learned from, which choose, and which judge. Pure rules, no I/O."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sagui.train.datasets import Photo
from sagui.train.errors import DatasetError

_MIN_TRAIN = 2


@dataclass(frozen=True)
class Split:
    """Positions of photos in three sets that share none.

    Attributes:
        train: The weights are learned from these,
        validation: the epoch is chosen on these,
        test: and these are used once, at the end.
    """

    train: tuple[int, ...]
    validation: tuple[int, ...]
    test: tuple[int, ...]


def split(
    photos: Sequence[Photo], labels: Sequence[str], test_share: float, validation_share: float, seed: int
) -> Split:
    """Splits photos so that each stratum is spread evenly.

    Args:
        photos: In any order; the split depends on their names, not their order.
        labels: The classes' names.
        test_share: Part of all photos.
        validation_share: Part of what is left after the test photos are taken.
        seed: The same seed gives the same split.

    Raises:
        DatasetError: A class has too few photos to be in all three sets.
    """
    rng = np.random.default_rng(seed)
    order = sorted(range(len(photos)), key=lambda position: photos[position].name)
    shuffled = [order[position] for position in rng.permutation(len(order))]
    rest, test = _share_out(shuffled, photos, test_share)
    train, validation = _share_out(rest, photos, validation_share)
    result = Split(tuple(sorted(train)), tuple(sorted(validation)), tuple(sorted(test)))
    _check(result, photos, labels)
    return result


def _share_out(positions: Sequence[int], photos: Sequence[Photo], share: float) -> tuple[list[int], list[int]]:
    """Takes a share of each stratum, and of each class as near as whole photos allow."""
    kept, taken = [], []
    sizes = Counter((photos[position].label, photos[position].stratum) for position in positions)
    quota: dict[tuple[int, str], int] = {}
    for label in sorted({label for label, _ in sizes}):
        # What rounding one stratum takes too much, the next gives back.
        owed = 0.0
        for key in sorted(key for key in sizes if key[0] == label):
            exact = sizes[key] * share + owed
            quota[key] = min(sizes[key], max(0, round(exact)))
            owed = exact - quota[key]
    for position in positions:
        key = (photos[position].label, photos[position].stratum)
        if quota[key] > 0:
            quota[key] -= 1
            taken.append(position)
        else:
            kept.append(position)
    return kept, taken


def _check(result: Split, photos: Sequence[Photo], labels: Sequence[str]) -> None:
    sets = {"training": result.train, "validation": result.validation, "test": result.test}
    totals = Counter(photo.label for photo in photos)
    for what, positions in sets.items():
        counts = Counter(photos[position].label for position in positions)
        for number, label in enumerate(labels):
            least = _MIN_TRAIN if what == "training" else 1
            if counts[number] < least:
                raise DatasetError(
                    f"class {label!r} has {totals[number]} photos that can be used, too few to split: "
                    f"{counts[number]} would be left for {what}, at least {least} needed; add photos to it, or remove "
                    "the class"
                )
