"""The accuracy gate: may this file be shipped? Pure rules, no I/O."""

from dataclasses import dataclass

from sagui.bundle.metrics import Measure
from sagui.convert.errors import GateError

MIN_CLASS_PHOTOS = 30
"""A class with fewer test photos is too small for a verdict of its own."""


@dataclass(frozen=True)
class Budget:
    """How much may be lost, in percentage points."""

    overall: float = 1.0
    per_class: float = 3.0


@dataclass(frozen=True)
class Loss:
    """What was lost, in percentage points; negative where the exported file is better."""

    what: str
    before: float
    after: float
    allowed: float

    @property
    def points(self) -> float:
        """How much was lost."""
        # Rounded, so that a loss of just the budget is within it.
        return round(100 * (self.before - self.after), 6)

    @property
    def too_much(self) -> bool:
        """Whether it exceeds the budget."""
        return self.points > self.allowed

    def __str__(self) -> str:
        return (
            f"{self.what} fell from {self.before:.1%} to {self.after:.1%} "
            f"({self.points:.1f} points, {self.allowed:g} allowed)"
        )


def losses(before: Measure, after: Measure, budget: Budget) -> list[Loss]:
    """Compares a float network with the file exported from it, on the same photos.

    Args:
        before: The float network's.
        after: The exported file's.
        budget: What may be lost, overall and for any class with `MIN_CLASS_PHOTOS` or more.
    """
    overall = Loss("accuracy", before.accuracy.value, after.accuracy.value, budget.overall)
    classes = [
        Loss(f"class {label!r}", recall.value, after.recall[label].value, budget.per_class)
        for label, recall in before.recall.items()
        if recall.n >= MIN_CLASS_PHOTOS
    ]
    return [overall, *classes]


def check(before: Measure, after: Measure, budget: Budget) -> None:
    """Lets a file pass, or not.

    Raises:
        GateError: More was lost than the budget allows; the message lists what and how much.
    """
    refused = [str(loss) for loss in losses(before, after, budget) if loss.too_much]
    if refused:
        raise GateError(
            f"the exported file is not shipped, on {before.accuracy.n} test photos: {'; '.join(refused)}. "
            "Calibrate with more photos (--calibration), choose a backbone that quantizes better "
            "(efficientnet-lite0, mobilenet-v2), keep floats (--quantize none), or allow more (--max-drop)"
        )
