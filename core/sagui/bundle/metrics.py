"""How good a classifier is, in numbers that carry their uncertainty. Pure rules, no I/O."""

from collections.abc import Sequence
from math import sqrt
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

_Z_95 = 1.959963984540054


class Proportion(msgspec.Struct, frozen=True, kw_only=True):
    """A share of ``n`` photos with its 95 % interval, as fractions of one."""

    value: float
    n: int
    low: float
    high: float


class Measure(msgspec.Struct, frozen=True, kw_only=True):
    """What a classifier reached on a set of photos.

    Attributes:
        accuracy: Share of photos named right.
        macro_f1: Mean over classes of the harmonic mean of precision and recall.
        recall: Per label, the share of its photos named right.
        confusion: ``confusion[truth][prediction]``, in photos, in the order of the labels.
    """

    accuracy: Proportion
    macro_f1: float
    recall: dict[str, Proportion]
    confusion: tuple[tuple[int, ...], ...]


def proportion(hits: int, n: int) -> Proportion:
    """Estimates a share with Wilson's score interval.

    Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927).

    Args:
        hits: How many of the photos count.
        n: How many photos there are.

    >>> share = proportion(90, 100)
    >>> f"{share.value:.3f} of {share.n}: {share.low:.3f} to {share.high:.3f}"
    '0.900 of 100: 0.826 to 0.945'
    >>> proportion(0, 0)
    Proportion(value=0.0, n=0, low=0.0, high=1.0)
    """
    if n == 0:
        return Proportion(value=0.0, n=0, low=0.0, high=1.0)
    share, z2 = hits / n, _Z_95**2
    center = (share + z2 / (2 * n)) / (1 + z2 / n)
    reach = _Z_95 * sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    # Rounding must not put the share outside its own interval.
    low, high = min(share, max(0.0, center - reach)), max(share, min(1.0, center + reach))
    return Proportion(value=share, n=n, low=low, high=high)


def measure(truth: npt.NDArray[Any], predicted: npt.NDArray[Any], labels: Sequence[str]) -> Measure:
    """Compares predictions with the truth.

    Args:
        truth: Label numbers ``(photos,)``.
        predicted: Label numbers ``(photos,)``, in the same order.
        labels: The names the numbers stand for.
    """
    confusion = np.zeros((len(labels), len(labels)), np.int64)
    np.add.at(confusion, (truth, predicted), 1)
    hits = np.diag(confusion)
    in_class, as_class = confusion.sum(axis=1), confusion.sum(axis=0)
    both = in_class + as_class
    f1 = np.divide(2 * hits, both, out=np.zeros(len(labels)), where=both > 0)
    return Measure(
        accuracy=proportion(int(hits.sum()), len(truth)),
        macro_f1=float(f1[both > 0].mean()) if both.any() else 0.0,
        recall={label: proportion(int(hit), int(n)) for label, hit, n in zip(labels, hits, in_class, strict=True)},
        confusion=tuple(tuple(int(count) for count in row) for row in confusion),
    )
