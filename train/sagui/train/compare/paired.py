"""Whether two networks that saw the same photos differ by more than chance. Pure rules, no I/O."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import binomtest

SIGNIFICANT = 0.05


@dataclass(frozen=True)
class Paired:
    """Two networks on the same photos.

    Attributes:
        n: Photos.
        first_only: Those that only the first network names right,
        second_only: and those that only the second does. All others say nothing about which is better.
        p: How likely a split as uneven as that is if both networks are equally good.
    """

    n: int
    first_only: int
    second_only: int
    p: float


def mcnemar(first: npt.NDArray[np.bool_], second: npt.NDArray[np.bool_]) -> Paired:
    """McNemar's exact test: the photos that only one of two gets right are coin tosses if they are equally good.

    McNemar, "Note on the sampling error of the difference between correlated proportions or percentages",
    Psychometrika 12 (1947); recommended for classifiers by Dietterich, "Approximate Statistical Tests for Comparing
    Supervised Classification Learning Algorithms", Neural Computation 10 (1998).

    Args:
        first: Whether the first names each photo right ``(photos,)``.
        second: Likewise, in the same order.
    """
    first_only, second_only = int((first & ~second).sum()), int((second & ~first).sum())
    tosses = first_only + second_only
    p = float(binomtest(first_only, tosses, 0.5).pvalue) if tosses else 1.0
    return Paired(len(first), first_only, second_only, p)


def describe(paired: Paired, first: str, second: str) -> str:
    """Says in plain words what the test found.

    Args:
        paired: It.
        first: Name of the first network.
        second: Name of the second.
    """
    counts = (
        f"On the same {paired.n:,} test photos, {paired.first_only} are right in {first} alone and "
        f"{paired.second_only} in {second} alone"
    )
    p = "p < 0.001" if paired.p < 0.001 else f"p = {paired.p:.3f}"  # noqa: PLR2004 (what is usual to print)
    if not paired.first_only + paired.second_only:
        return f"On the same {paired.n:,} test photos, {first} and {second} are right on exactly the same ones."
    if paired.p >= SIGNIFICANT:
        return f"{counts}: the difference may be chance ({p}, McNemar's exact test)."
    better = first if paired.first_only > paired.second_only else second
    return f"{counts}: {better} is better, and that is hardly chance ({p}, McNemar's exact test)."
