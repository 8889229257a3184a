"""Which photos are learned from, which choose, and which judge. Pure rules, no I/O.

What is moved between the sets are clusters of photos: those of one group, one burst, or that look nearly the same. A
cluster is never divided; most are a single photo.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from sagui.train.datasets.port import Part, Photo
from sagui.train.errors import RecipeError
from sagui.train.recipe.choices import SplitChoice
from sagui.train.share import Cluster, check_classes, mend, share_out

_LEAST: Mapping[str, int] = {"train": 2, "validation": 1, "test": 1}
"""Photos that each class needs in each set."""
_MIN_FOLDS = 2


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


def clusters(photos: Sequence[Photo], groups: Iterable[Sequence[int]] = ()) -> tuple[int, ...]:
    """Numbers photos so that those which belong together have the same number.

    Args:
        photos: Those of one `Photo.group` belong together.
        groups: Positions of others that do: bursts, pairs of near-duplicates. Groups that share a photo are merged.
    """
    sessions: dict[str, list[int]] = {}
    for position, photo in enumerate(photos):
        if photo.group:
            sessions.setdefault(photo.group, []).append(position)
    links = [(group[0], other) for group in (*sessions.values(), *groups) for other in group[1:]]
    first, second = np.array(links, np.int64).reshape(-1, 2).T
    graph = coo_array((np.ones(len(links), bool), (first, second)), shape=(len(photos), len(photos)))
    return tuple(connected_components(graph, directed=False)[1].tolist())


def split(
    photos: Sequence[Photo], labels: Sequence[str], choice: SplitChoice, seed: int, together: Sequence[int]
) -> Split:
    """Splits photos so that each stratum is spread evenly and each cluster stays whole.

    Sets that a person chose are kept. Those that nobody chose are drawn from photos without a set, and where there are
    none from the training photos; what is left over is learned from.

    Args:
        photos: In any order; the split depends on their names, not their order.
        labels: The classes' names.
        choice: The shares.
        seed: The same seed gives the same split.
        together: The number of each photo's cluster; see `clusters`.

    Raises:
        DatasetError: A class cannot be in all three sets.
    """
    sets, free = _chosen(_shuffled(photos, together, range(len(photos)), seed), photos)
    drawn: list[Part] = []
    shares: tuple[tuple[Part, float], ...] = (("test", choice.test), ("validation", choice.validation))
    for part, share in shares:
        if sets[part]:
            continue
        drawn.append(part)
        source = free or sets["train"]
        scale = (_size(free) + _size(sets["train"])) / max(1, _size(source))
        source[:], sets[part] = share_out(source, photos, min(1.0, share * scale))
    sets["train"] += free
    if drawn:
        mend({name: sets[name] for name in ("train", *drawn)}, photos, _LEAST)
    check_classes(sets, photos, labels, together, _LEAST)
    return _split(sets)


def folds(
    photos: Sequence[Photo],
    labels: Sequence[str],
    choice: SplitChoice,
    seed: int,
    together: Sequence[int],
    positions: Sequence[int],
    k: int,
) -> list[Split]:
    """Divides photos into ``k`` parts, each of which is held out once while the others are learned from.

    Args:
        photos: All photos.
        labels: The classes' names.
        choice: Its validation share is taken from what is not held out, so that the epoch is never chosen on photos
            that judge.
        seed: The same seed gives the same folds.
        together: The number of each photo's cluster.
        positions: The photos to divide: those that are not test. Sets a person chose play no part among them.
        k: How many folds.

    Returns:
        For each fold a split of ``positions`` whose test photos are those held out.

    Raises:
        RecipeError: ``k`` is less than 2.
        DatasetError: A class is too small for so many folds.
    """
    if k < _MIN_FOLDS:
        raise RecipeError(f"split.folds={k}: cross-validation needs at least {_MIN_FOLDS}; 0 does without")
    rest = _shuffled(photos, together, positions, seed)
    held_out: dict[str, list[Cluster]] = {}
    for left in range(k, 0, -1):
        rest, held_out[f"fold {k - left + 1}"] = share_out(rest, photos, 1 / left)
    least = dict.fromkeys(held_out, 1)
    mend(held_out, photos, least)
    check_classes(held_out, photos, labels, together, least)
    return [_fold(name, held_out, photos, labels, choice, together) for name in held_out]


def leakage(photos: Sequence[Photo], parts: Split, pairs: Iterable[Sequence[int]]) -> list[tuple[str, str]]:
    """Names pairs of photos that belong together and yet are in two sets.

    There are none but where a person chose the sets, or near-duplicates were not kept together.
    """
    where = {at: name for name in _LEAST for at in getattr(parts, name)}
    return [
        (photos[first].name, photos[second].name)
        for first, second in pairs
        if first in where and second in where and where[first] != where[second]
    ]


def _fold(
    name: str,
    held_out: Mapping[str, list[Cluster]],
    photos: Sequence[Photo],
    labels: Sequence[str],
    choice: SplitChoice,
    together: Sequence[int],
) -> Split:
    rest = [cluster for other, found in held_out.items() if other != name for cluster in found]
    train, validation = share_out(rest, photos, choice.validation)
    sets = {"train": train, "validation": validation, "test": held_out[name]}
    mend({"train": train, "validation": validation}, photos, _LEAST)
    check_classes(sets, photos, labels, together, _LEAST)
    return _split(sets)


def _shuffled(photos: Sequence[Photo], together: Sequence[int], positions: Iterable[int], seed: int) -> list[Cluster]:
    """The clusters in an order that depends on the seed and the photos' names alone."""
    found: dict[int, list[int]] = {}
    for position in sorted(positions, key=lambda position: photos[position].name):
        found.setdefault(together[position], []).append(position)
    ordered = [tuple(cluster) for cluster in found.values()]
    return [ordered[number] for number in np.random.default_rng(seed).permutation(len(ordered))]


def _chosen(found: Iterable[Cluster], photos: Sequence[Photo]) -> tuple[dict[str, list[Cluster]], list[Cluster]]:
    """Sorts out clusters that a person put into a set; one that they divided stays so."""
    sets: dict[str, list[Cluster]] = {name: [] for name in _LEAST}
    free = []
    for cluster in found:
        parts = [part for part in _LEAST if any(photos[at].part == part for at in cluster)]
        if not parts:
            free.append(cluster)
        for part in parts:
            sets[part].append(tuple(at for at in cluster if (photos[at].part or parts[0]) == part))
    return sets, free


def _size(found: Iterable[Cluster]) -> int:
    return sum(map(len, found))


def _split(sets: Mapping[str, list[Cluster]]) -> Split:
    train, validation, test = (tuple(sorted(at for cluster in sets[name] for at in cluster)) for name in _LEAST)
    return Split(train, validation, test)
