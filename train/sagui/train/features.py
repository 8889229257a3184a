"""What the frozen trunk makes of the photos, computed once and kept on disk."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from sagui.progress import SILENT, Progress
from sagui.train.engine import LOCAL, Engine
from sagui.train.predict import BATCH, SharedModel, predict_batch
from sagui.train.store import RecordStore
from sagui.train.variants import PLAIN, Variant


@dataclass(frozen=True)
class Features:
    """Activations of the trunk, by variant and photo.

    Attributes:
        stores: One per variant, the photos as they are first.
    """

    stores: tuple[RecordStore, ...]

    def reopened(self) -> "Features":
        """The same stores with what others wrote to them since."""
        return Features(tuple(store.reopened() for store in self.stores))


def extract(
    trunk: keras.Model,
    pixels: RecordStore,
    keys: Sequence[str],
    variants: Sequence[Variant],
    cache: Path,
    engine: Engine = LOCAL,
    progress: Progress = SILENT,
) -> Features:
    """Runs photos through the trunk, unless their activations are on disk.

    Args:
        trunk: The frozen part of the network; its weights name the cache.
        pixels: The photos' pixels by key.
        keys: Which photos.
        variants: Which copies of each.
        cache: Where activations are kept, as 16-bit floats.
        engine: Runs the batches.
        progress: Told of each photo and variant.

    Raises:
        TrainError: The cache cannot be written.
    """
    # The same photo fitted otherwise has other features, so the pixels' store is part of the name.
    name = f"features-{trunk_digest(trunk)[:32]}-{pixels.name}"
    shape = tuple(int(size) for size in trunk.output_shape[1:])
    stores = tuple(RecordStore(cache / name / variant.name, shape, "float16") for variant in variants)
    todo = [store.missing(keys) for store in stores]
    if total := sum(len(positions) for positions in todo):
        shared = SharedModel.of(trunk, engine)
        with progress.task(f"Compute frozen features of {len(keys)} photos", total) as advance:
            for store, variant, positions in zip(stores, variants, todo, strict=True):
                with store.writing() as writer:
                    # Another process may have computed them while this one waited for its turn.
                    missing = [keys[position] for position in store.missing(keys)]
                    advance(len(positions) - len(missing))
                    batches = _batches(missing, pixels, variant)
                    for at, outputs in enumerate(engine.map(predict_batch, shared, batches)):
                        batch = missing[at * BATCH : (at + 1) * BATCH]
                        writer.add(batch, outputs)
                        advance(len(batch))
    return Features(stores)


def extract_plain(
    trunk: keras.Model,
    pixels: RecordStore,
    keys: Sequence[str],
    cache: Path,
    engine: Engine = LOCAL,
    progress: Progress = SILENT,
) -> Features:
    """Runs photos through the trunk as they are; see `extract`."""
    return extract(trunk, pixels, keys, (PLAIN,), cache, engine, progress)


def _batches(keys: Sequence[str], pixels: RecordStore, variant: Variant) -> Iterator[npt.NDArray[Any]]:
    for start in range(0, len(keys), BATCH):
        batch = keys[start : start + BATCH]
        yield variant.of(pixels.take(batch), batch)


def trunk_digest(trunk: keras.Model) -> str:
    """Names a trunk by its layers and weights."""
    digest = hashlib.sha256()
    digest.update(f"{trunk.input_shape} {trunk.output_shape} {keras.config.dtype_policy().name}".encode())
    for layer in trunk.layers:
        # Without names: Keras numbers layers, so that the same network has other names when it is built again.
        config = {key: value for key, value in layer.get_config().items() if key != "name"}
        digest.update(f"{type(layer).__name__} {sorted(config.items(), key=lambda item: item[0])}\n".encode())
    for array in trunk.get_weights():
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
