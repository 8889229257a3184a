"""What a network says of a set of photos."""

from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np

from sagui.progress import SILENT, Progress
from sagui.train.audit import Audited
from sagui.train.engine import LOCAL, Engine
from sagui.train.fit import one_hot
from sagui.train.predict import predict
from sagui.train.quality import Predictions


def predictions_of(
    model: keras.Model,
    photos: Audited,
    positions: Sequence[int],
    labels: Sequence[str],
    what: str,
    engine: Engine = LOCAL,
    progress: Progress = SILENT,
) -> Predictions:
    """Runs photos through a network.

    Args:
        model: From photos to probabilities.
        photos: What the audit left.
        positions: Which of them.
        labels: The classes' names.
        what: What these photos are, for the progress.
        engine: Runs the batches.
        progress: Told of each batch.
    """
    chosen = [photos.photos[at] for at in positions]
    keys = [photos.keys[at] for at in positions]
    scores = predict(model, photos.pixels, keys, f"Evaluate on the {what} photos", engine, progress)
    return Predictions(
        names=tuple(photo.name for photo in chosen),
        truth=one_hot([photo.labels for photo in chosen], len(labels)),
        scores=scores,
    )


def save_predictions(path: Path, validation: Predictions, test: Predictions) -> None:
    """Writes ``predictions.npz``: what the network said of each photo, to compare runs photo by photo."""
    arrays = {
        f"{part}_{name}": np.asarray(getattr(predictions, name))
        for part, predictions in (("validation", validation), ("test", test))
        for name in ("names", "truth", "scores")
    }
    with path.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)
