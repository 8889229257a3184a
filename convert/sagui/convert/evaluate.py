"""What an exported file makes of photos, through the code that the device runs."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sagui.bundle.metrics import Measure, measure
from sagui.convert.photos import Pixels
from sagui.infer.classify import Classifier, calibrate
from sagui.progress import SILENT, Progress


@dataclass(frozen=True)
class Scored:
    """Scores and truth of some photos.

    Attributes:
        scores: ``(photos, labels)``.
        truth: Label numbers ``(photos,)``.
    """

    scores: npt.NDArray[np.float64]
    truth: npt.NDArray[np.int64]

    @property
    def named(self) -> npt.NDArray[np.int64]:
        """Number of the label with the best score, ``(photos,)``."""
        return np.asarray(self.scores.argmax(axis=1), np.int64)

    @property
    def right(self) -> npt.NDArray[np.bool_]:
        """Whether that is the truth, ``(photos,)``."""
        return np.asarray(self.named == self.truth, np.bool_)

    def calibrated(self, temperature: float) -> "Scored":
        """The same with a temperature applied to the scores."""
        return Scored(calibrate(self.scores, temperature), self.truth)

    def measure(self, labels: tuple[str, ...]) -> Measure:
        """How good they are."""
        return measure(self.truth, self.named, labels)


def score_photos(
    classifier: Classifier,
    photos: Iterable[tuple[Pixels, int]],
    total: int,
    what: str,
    progress: Progress = SILENT,
) -> Scored:
    """Runs photos, one by one, as a device does.

    Args:
        classifier: The exported file.
        photos: Pixels ``(height, width, 3)`` fitted to the input, and the label's number.
        total: How many there are.
        what: For the progress.
        progress: Told of each.

    Raises:
        ModelError: The file fails on a photo.
    """
    scores, truth = [], []
    with progress.task(what, total) as advance:
        for pixels, label in photos:
            scores.append(classifier.classify(pixels).scores)
            truth.append(label)
            advance()
    return Scored(np.stack(scores), np.array(truth, np.int64))
