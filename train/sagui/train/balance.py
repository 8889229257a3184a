"""How evenly photos are spread over the classes. Pure rules, no I/O."""

from collections import Counter
from collections.abc import Sequence

from sagui.train.datasets.port import Photo

MAX_RATIO = 3.0
"""How many times larger than the smallest class the largest may be before it is worth a warning."""


def counts(photos: Sequence[Photo], labels: Sequence[str]) -> tuple[int, ...]:
    """How many photos show each class, in the order of the labels."""
    found = Counter(number for photo in photos for number in photo.labels)
    return tuple(found[number] for number in range(len(labels)))


def imbalance(photos: Sequence[Photo], labels: Sequence[str]) -> str | None:
    """Says how uneven the classes are, if one has more than three times the photos of another.

    A network that always answers the largest class is right often, and learns little about the smallest.
    """
    sizes = counts(photos, labels)
    largest = max(range(len(labels)), key=sizes.__getitem__)
    smallest = min(range(len(labels)), key=sizes.__getitem__)
    if sizes[largest] <= MAX_RATIO * sizes[smallest]:
        return None
    times = f"{sizes[largest] / sizes[smallest]:.1f} times as many" if sizes[smallest] else "but none"
    return (
        f"class {labels[largest]!r} has {sizes[largest]} photos and {labels[smallest]!r} has {sizes[smallest]}, "
        f"{times}: add photos to the small ones, or set loss.class_weights=balanced"
    )
