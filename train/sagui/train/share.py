"""How clusters of photos are shared out among sets, so that every set shows the same mixture. Pure rules, no I/O.

A cluster is a tuple of positions of photos that stay together; most hold a single one.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from sagui.train.datasets.port import Photo
from sagui.train.errors import DatasetError

Cluster = tuple[int, ...]
_Key = tuple[tuple[int, ...], str]

_SPOKEN = {"train": "training"}


def share_out(found: Sequence[Cluster], photos: Sequence[Photo], share: float) -> tuple[list[Cluster], list[Cluster]]:
    """Takes a share of each stratum, and of each class as near as whole clusters allow.

    Returns:
        The clusters that remain and those that are taken, each in the order they came in.
    """
    strata = _strata([at for cluster in found for at in cluster], photos, share)
    missing = _quotas(Counter(strata.values()), share)
    kept, taken = [], []
    for cluster in found:
        has = Counter(strata[at] for at in cluster)
        # A cluster is taken if that brings the strata nearer to their quotas.
        if sum(abs(missing[key] - count) - abs(missing[key]) for key, count in has.items()) < 0:
            missing.subtract(has)
            taken.append(cluster)
        else:
            kept.append(cluster)
    return kept, taken


def _strata(positions: Sequence[int], photos: Sequence[Photo], share: float) -> dict[int, _Key]:
    """What each photo counts as. Among several labels a photo, sets of labels too rare to be shared out are one."""
    if all(len(photos[at].labels) == 1 for at in positions):
        return {at: (photos[at].labels, photos[at].stratum) for at in positions}
    sizes = Counter(photos[at].labels for at in positions)
    rare: _Key = ((-1,), "")
    return {at: (photos[at].labels, "") if sizes[photos[at].labels] * share >= 1 else rare for at in positions}


def _quotas(sizes: Mapping[_Key, int], share: float) -> Counter[_Key]:
    """How many photos of each stratum make up a share."""
    strata: dict[tuple[int, ...], list[_Key]] = {}
    for key in sorted(sizes):
        strata.setdefault(key[0], []).append(key)
    quotas: Counter[_Key] = Counter()
    for keys in strata.values():
        # What rounding one stratum takes too much, the next gives back.
        owed = 0.0
        for key in keys:
            exact = sizes[key] * share + owed
            quotas[key] = min(sizes[key], max(0, round(exact)))
            owed = exact - quotas[key]
    return quotas


def mend(sets: Mapping[str, list[Cluster]], photos: Sequence[Photo], least: Mapping[str, int]) -> None:
    """Moves clusters into sets that lack a class, where another set can spare one.

    Args:
        sets: Changed in place.
        photos: All photos.
        least: How many photos of each class each set needs.
    """
    held = {name: tally(found, photos) for name, found in sets.items()}
    for number in sorted({number for counts in held.values() for number in counts}):
        for name in sets:
            while held[name][number] < least[name] and (spare := _spare(number, name, sets, photos, held, least)):
                other, cluster = spare
                sets[other].remove(cluster)
                sets[name].append(cluster)
                held[other].subtract(tally([cluster], photos))
                held[name].update(tally([cluster], photos))


def _spare(
    number: int,
    receiver: str,
    sets: Mapping[str, list[Cluster]],
    photos: Sequence[Photo],
    held: Mapping[str, Counter[int]],
    least: Mapping[str, int],
) -> tuple[str, Cluster] | None:
    """The smallest cluster that shows a class, of a set that has enough of all its classes without it."""
    found = [
        (giver, cluster)
        for giver in sets
        if giver != receiver and held[giver][number] > least[giver]
        for cluster in sets[giver]
        if (has := tally([cluster], photos))[number]
        and all(held[giver][label] - count >= least[giver] for label, count in has.items())
    ]
    return min(found, key=lambda spare: len(spare[1]), default=None)


def tally(found: Iterable[Cluster], photos: Sequence[Photo]) -> Counter[int]:
    """How many photos show each class."""
    return Counter(label for cluster in found for at in cluster for label in photos[at].labels)


def check_classes(
    sets: Mapping[str, list[Cluster]],
    photos: Sequence[Photo],
    labels: Sequence[str],
    together: Sequence[int],
    least: Mapping[str, int],
) -> None:
    """Refuses sets in which a class is missing.

    Raises:
        DatasetError: It names the class, the set and how many photos there are.
    """
    held = {name: tally(found, photos) for name, found in sets.items()}
    for name, counts in held.items():
        for number, label in enumerate(labels):
            if counts[number] < least[name]:
                positions = [at for found in sets.values() for cluster in found for at in cluster]
                showing = [at for at in positions if number in photos[at].labels]
                raise DatasetError(
                    f"class {label!r} has {_amount(showing, together)}, too few to split: {counts[number]} would be "
                    f"left for {_SPOKEN.get(name, name)}, at least {least[name]} needed; add photos to it, or remove "
                    "the class"
                )


def _amount(positions: Sequence[int], together: Sequence[int]) -> str:
    usable = f"{len(positions)} photos that can be used"
    groups = len({together[at] for at in positions})
    if groups == len(positions):
        return usable
    return f"{usable}, but its photos lie in {groups} groups that stay together (sessions, bursts, near-duplicates)"
