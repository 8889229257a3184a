"""How good the float network is on photos it did not learn from."""

from collections.abc import Sequence

import keras
import numpy as np

from sagui.bundle.metrics import Measure, measure
from sagui.progress import SILENT, Progress
from sagui.train.audit import Audited

_BATCH = 64


def evaluate(
    model: keras.Model,
    photos: Audited,
    positions: Sequence[int],
    labels: Sequence[str],
    what: str,
    progress: Progress = SILENT,
) -> Measure:
    """Compares the network's best label with the truth.

    Args:
        model: From photos to probabilities.
        photos: What the audit left.
        positions: Which of them.
        labels: The classes' names.
        what: What these photos are, for the progress.
        progress: Told of each batch.
    """
    truth = np.array([photos.photos[at].label for at in positions])
    predicted = []
    with progress.task(f"Evaluate on the {what} photos", len(positions)) as advance:
        for start in range(0, len(positions), _BATCH):
            keys = [photos.keys[at] for at in positions[start : start + _BATCH]]
            probabilities = model.predict_on_batch(photos.pixels.take(keys).astype(np.float32))
            predicted.append(np.argmax(probabilities, axis=1))
            advance(len(keys))
    return measure(truth, np.concatenate(predicted), labels)
