"""The accuracy gate: may this file be shipped? Pure rules, no I/O."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
import numpy.typing as npt
from scipy.stats import binomtest

from sagui.bundle.metrics import proportion
from sagui.convert.errors import GateError
from sagui.convert.evaluate import Scored
from sagui.train.calibration import judge_calibration

MIN_CALIBRATION_PHOTOS = 200
"""With fewer test photos, the calibration error says more about the photos than about the scores."""
NOISE = 0.05
"""A fall at least as large as the one seen must be rarer than this, if both are equally good."""
_SHOWN = 10


@dataclass(frozen=True)
class Budget:
    """How much may be lost.

    Attributes:
        overall: Accuracy, in percentage points.
        per_class: Recall of any one class, in percentage points.
        agreement: The least share of photos that both must name the same, in percent; less is a reason to refuse where
            the whole 95 % interval is below.
        calibration: By how much the calibration error may rise, in percentage points.
    """

    overall: float = 1.0
    per_class: float = 3.0
    agreement: float = 90.0
    calibration: float = 5.0


class Loss(msgspec.Struct, frozen=True, kw_only=True):
    """What was lost of one share, in fractions and percentage points.

    Attributes:
        what: Of which photos.
        points: Negative where the exported file is better.
        allowed: By the budget.
        lost: Photos that only the float network names right,
        gained: and those that only the exported file does.
        p: How likely so many lost among these are, or more, if both are equally good (McNemar's exact test, one-sided:
            only a fall is a reason to refuse).
    """

    what: str
    before: float
    after: float
    points: float
    allowed: float
    lost: int
    gained: int
    p: float

    @property
    def over(self) -> bool:
        """Whether it exceeds the budget."""
        return self.points > self.allowed

    @property
    def refused(self) -> bool:
        """Whether it exceeds the budget by more than noise."""
        return self.over and self.p < NOISE

    def __str__(self) -> str:
        return (
            f"{self.what} fell from {self.before:.1%} to {self.after:.1%} ({self.points:.1f} points, "
            f"{self.allowed:g} allowed; {self.lost} photos lost, {self.gained} gained)"
        )


class Changed(msgspec.Struct, frozen=True, kw_only=True):
    """A photo that both name differently.

    Attributes:
        photo: Its place among the test photos.
        truth: What it shows.
        before: What the float network names, and with which score.
        after: What the exported file names, and with which score.
    """

    photo: int
    truth: str
    before: tuple[str, float]
    after: tuple[str, float]

    def describe(self, photo: str) -> str:
        """Says it in a line.

        Args:
            photo: Its name.
        """
        (was, sure), (is_now, how_sure) = self.before, self.after
        return f"{photo} is {self.truth}: float says {was} ({sure:.2f}), this file {is_now} ({how_sure:.2f})"


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What the gate found.

    Attributes:
        agreement: Share of the photos that both name the same.
        ece: Calibration error of the float network and of the exported file, each with its own temperature.
        changed: Up to ten photos that changed sides; those that were lost come first, the surest of them before all.
        refused: Why the file must not be shipped, a reason each; none if it may.
        doubts: What exceeds the budget, and may be noise.
    """

    losses: tuple[Loss, ...]
    agreement: float
    ece: tuple[float, float]
    changed: tuple[Changed, ...]
    refused: tuple[str, ...]
    doubts: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether the file may be shipped."""
        return not self.refused

    def check(self, photos: Sequence[str]) -> None:
        """Lets a file pass, or not.

        Args:
            photos: The names of the test photos.

        Raises:
            GateError: More was lost than the budget allows.
        """
        if self.refused:
            raise GateError(
                f"the exported file is not shipped, on {len(photos)} test photos: {'; '.join(self.refused)}. "
                "Let it choose the mode (--quantize auto), calibrate with more photos (--calibration), choose a "
                "backbone that quantizes better (efficientnet-lite0, mobilenet-v2), keep floats (--quantize none), "
                "allow more (--max-drop, --max-class-drop), or ship it all the same (--force)",
                [change.describe(photos[change.photo]) for change in self.changed],
            )


def judge(before: Scored, after: Scored, labels: Sequence[str], budget: Budget) -> Verdict:
    """Compares a float network with the file exported from it, photo by photo.

    Args:
        before: The float network's scores, calibrated by its temperature.
        after: The exported file's, calibrated by its own, of the same photos in the same order.
        labels: The names of the classes.
        budget: What may be lost.
    """
    losses = tuple(_losses(before, after, labels, budget))
    same = before.named == after.named
    ece = (_ece(before), _ece(after))
    refused = [str(loss) for loss in losses if loss.refused]
    doubts = [f"{loss}: it may be chance (p = {loss.p:.2f})" for loss in losses if loss.over and not loss.refused]
    if same.mean() < budget.agreement / 100:
        only = f"both name only {same.mean():.1%} of the photos the same ({budget.agreement:g} % needed)"
        if proportion(int(same.sum()), len(same)).high < budget.agreement / 100:
            refused.append(only)
        else:
            doubts.append(f"{only}: it may be chance")
    rise = 100 * (ece[1] - ece[0])
    if len(same) >= MIN_CALIBRATION_PHOTOS and rise > budget.calibration:
        refused.append(f"the calibration error rose by {rise:.1f} points ({budget.calibration:g} allowed)")
    return Verdict(
        losses=losses,
        agreement=float(same.mean()),
        ece=ece,
        changed=tuple(_changed(before, after, labels)),
        refused=tuple(refused),
        doubts=tuple(doubts),
    )


def _losses(before: Scored, after: Scored, labels: Sequence[str], budget: Budget) -> Iterator[Loss]:
    yield _loss("accuracy", before, after, np.ones(len(before.truth), np.bool_), budget.overall)
    for number, label in enumerate(labels):
        of_class = before.truth == number
        if of_class.any():
            yield _loss(f"class {label!r}", before, after, of_class, budget.per_class)


def _loss(what: str, before: Scored, after: Scored, which: npt.NDArray[np.bool_], allowed: float) -> Loss:
    first, second = before.right[which], after.right[which]
    lost, gained = int((first & ~second).sum()), int((second & ~first).sum())
    return Loss(
        what=what,
        before=float(first.mean()),
        after=float(second.mean()),
        # Rounded, so that a loss of just the budget is within it.
        points=round(100 * (lost - gained) / len(first), 6),
        allowed=allowed,
        lost=lost,
        gained=gained,
        p=float(binomtest(lost, lost + gained, 0.5, alternative="greater").pvalue) if lost + gained else 1.0,
    )


def _changed(before: Scored, after: Scored, labels: Sequence[str]) -> Iterator[Changed]:
    places = np.flatnonzero(before.named != after.named)
    surest = sorted(places, key=lambda at: (not before.right[at], after.right[at], -before.scores[at].max(), at))
    for at in surest[:_SHOWN]:
        yield Changed(
            photo=int(at),
            truth=labels[before.truth[at]],
            before=(labels[before.named[at]], float(before.scores[at].max())),
            after=(labels[after.named[at]], float(after.scores[at].max())),
        )


def _ece(scored: Scored) -> float:
    truth = np.eye(scored.scores.shape[1])[scored.truth]
    return judge_calibration(scored.scores, truth, 1.0).ece_before
