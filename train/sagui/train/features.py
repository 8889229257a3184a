"""What the frozen trunk makes of the photos, computed once and kept on disk."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from sagui.progress import SILENT, Progress
from sagui.train.recipe import Views
from sagui.train.store import RecordStore
from sagui.train.views import VIEWS

_BATCH = 64


@dataclass(frozen=True)
class Features:
    """Activations of the trunk, by view and photo.

    Attributes:
        stores: One per view, the photos as they are first.
    """

    stores: tuple[RecordStore, ...]

    def reopened(self) -> "Features":
        """The same stores with what others wrote to them since."""
        return Features(tuple(store.reopened() for store in self.stores))


def extract(
    trunk: keras.Model,
    pixels: RecordStore,
    keys: Sequence[str],
    views: Views,
    cache: Path,
    progress: Progress = SILENT,
) -> Features:
    """Runs photos through the trunk, unless their activations are on disk.

    Args:
        trunk: The frozen part of the network; its weights name the cache.
        pixels: The photos' pixels by key.
        keys: Which photos.
        views: Which turned copies of each.
        cache: Where activations are kept, as 16-bit floats.
        progress: Told of each photo and view.

    Raises:
        TrainError: The cache cannot be written.
    """
    # The same photo fitted otherwise has other features, so the pixels' store is part of the name.
    name = f"features-{_trunk_digest(trunk)[:32]}-{pixels.name}"
    shape = tuple(int(size) for size in trunk.output_shape[1:])
    stores = tuple(RecordStore(cache / name / view.name, shape, "float16") for view in VIEWS[views])
    todo = [store.missing(keys) for store in stores]
    if total := sum(len(positions) for positions in todo):
        with progress.task(f"Compute frozen features of {len(keys)} photos", total) as advance:
            for store, view, positions in zip(stores, VIEWS[views], todo, strict=True):
                with store.writing() as writer:
                    for start in range(0, len(positions), _BATCH):
                        batch = [keys[position] for position in positions[start : start + _BATCH]]
                        photos = view.of(pixels.take(batch)).astype(np.float32)
                        writer.add(batch, _predict(trunk, photos))
                        advance(len(batch))
    return Features(stores)


def _predict(trunk: keras.Model, photos: npt.NDArray[np.float32]) -> npt.NDArray[Any]:
    """Runs one batch, filled up to a fixed size: TensorFlow compiles anew for each size it meets."""
    missing = _BATCH - len(photos)
    filled = np.pad(photos, ((0, missing), (0, 0), (0, 0), (0, 0))) if missing else photos
    return np.asarray(trunk.predict_on_batch(filled))[: len(photos)]


def _trunk_digest(trunk: keras.Model) -> str:
    """Names a trunk by its layers and weights."""
    digest = hashlib.sha256()
    digest.update(str(trunk.input_shape).encode())
    for layer in trunk.layers:
        digest.update(f"{type(layer).__name__} {layer.name}\n".encode())
        if layer.name == "normalize":
            digest.update(repr(sorted(layer.get_config().items(), key=lambda item: item[0])).encode())
    for array in trunk.get_weights():
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
