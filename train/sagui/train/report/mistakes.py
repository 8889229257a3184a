"""Which mistakes teach most: those the network was surest of. Pure rules, no I/O."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sagui.train.quality import Predictions, decide
from sagui.train.recipe.choices import Task

WORST = 12


@dataclass(frozen=True)
class Wrong:
    """A photo that was named wrong.

    Attributes:
        position: In the predictions.
        name: Of the photo.
        truth: What it shows, in words.
        predicted: What the network said, in words.
        score: How sure it was of that, 0 to 1.
        class_number: Of the label it was wrong about.
    """

    position: int
    name: str
    truth: str
    predicted: str
    score: float
    class_number: int


def worst_mistakes(
    test: Predictions,
    labels: Sequence[str],
    task: Task = "single-label",
    thresholds: Sequence[float] = (),
    count: int = WORST,
) -> tuple[Wrong, ...]:
    """Finds the photos that were named wrong with the highest score.

    For several labels, a mistake is a label that a photo is given though it does not show it, or the other way round;
    each photo is named once, with its worst.

    Args:
        test: What the network said.
        labels: The names of the columns.
        task: See `sagui.train.quality.decide`.
        thresholds: See `sagui.train.quality.decide`.
        count: How many, at most.
    """
    truth, given = test.truth > 0, decide(test.scores, task, thresholds)
    if task == "single-label":
        # The label that was given is the mistake; that the true one was not follows from it.
        surety = np.where(given & ~truth, test.scores, -1.0)
    else:
        surety = np.where(given == truth, -1.0, np.where(given, test.scores, 1.0 - test.scores))
    worst = surety.argmax(axis=1)
    sureness = surety[np.arange(len(worst)), worst]
    order = [int(at) for at in np.argsort(-sureness, kind="stable") if sureness[at] >= 0][:count]
    return tuple(
        Wrong(
            position=at,
            name=test.names[at],
            truth=", ".join(label for label, shown in zip(labels, truth[at], strict=True) if shown) or "none",
            predicted=("" if given[at, worst[at]] else "not ") + labels[worst[at]],
            score=float(sureness[at]),
            class_number=int(worst[at]),
        )
        for at in order
    )
