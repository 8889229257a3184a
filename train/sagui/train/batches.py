"""Feeds photos, or what a frozen trunk made of them, to Keras.

What a batch holds depends on the seed, the epoch and its number alone: an interrupted training draws the same batches
when it goes on.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import keras
import numpy as np
import numpy.typing as npt

from sagui.train.augment.draw import augmented
from sagui.train.augment.mixup import weighted_mixup
from sagui.train.recipe.choices import Augmentation
from sagui.train.store import RecordStore

Floats = npt.NDArray[np.float32]


class Source(Protocol):
    """Where a learner's inputs come from."""

    def plain(self, positions: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Inputs of photos as they are."""

    def drawn(self, positions: npt.NDArray[Any], rng: np.random.Generator) -> npt.NDArray[Any]:
        """Inputs of a random copy of each photo."""


class CachedSource:
    """Activations of a frozen trunk, one store for each copy."""

    def __init__(self, stores: Sequence[RecordStore], keys: Sequence[str]) -> None:
        self._stores = tuple(stores)
        self._rows = np.stack([store.rows(keys) for store in stores])

    def plain(self, positions: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """See `Source.plain`."""
        return self._stores[0].read(self._rows[0, positions])

    def drawn(self, positions: npt.NDArray[Any], rng: np.random.Generator) -> npt.NDArray[Any]:
        """See `Source.drawn`."""
        copies = rng.integers(0, len(self._stores), len(positions))
        inputs = np.empty((len(positions), *self._stores[0].shape), self._stores[0].dtype)
        for copy, store in enumerate(self._stores):
            drawn = copies == copy
            inputs[drawn] = store.read(self._rows[copy, positions[drawn]])
        return inputs


class PixelSource:
    """Pixels, changed anew each time."""

    def __init__(self, store: RecordStore, keys: Sequence[str], augmentation: Augmentation) -> None:
        self._store, self._rows = store, store.rows(keys)
        self._augmentation = augmentation

    def plain(self, positions: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """See `Source.plain`."""
        return self._store.read(self._rows[positions])

    def drawn(self, positions: npt.NDArray[Any], rng: np.random.Generator) -> npt.NDArray[Any]:
        """See `Source.drawn`."""
        return np.stack([augmented(photo, self._augmentation, rng) for photo in self.plain(positions)])


@dataclass(frozen=True)
class Truth:
    """What photos show.

    Attributes:
        labels: ``(photos, labels)``, one-hot, or multi-hot where a photo may have several.
        weights: How much each counts in the loss, ``(photos,)``.
    """

    labels: Floats
    weights: Floats


class Batches(keras.utils.PyDataset):  # type: ignore[misc]  # Keras ships no types
    """Shuffled batches of random copies.

    Attributes:
        epoch: Which epoch's batches are given; set before each.
    """

    def __init__(self, source: Source, truth: Truth, batch_size: int, seed: int, mixup_alpha: float = 0.0) -> None:
        super().__init__()
        self.epoch = 0
        self._source, self._truth = source, truth
        self._batch_size = min(batch_size, len(truth.labels))
        self._seed, self._mixup = seed, mixup_alpha
        self._shuffled: tuple[int, npt.NDArray[Any]] = (-1, np.empty(0, np.int64))

    def __len__(self) -> int:
        # The odd photos of an epoch wait for the next shuffle: all batches are equal, so one graph serves.
        return len(self._truth.labels) // self._batch_size

    def __getitem__(self, index: int) -> tuple[Floats, Floats, Floats]:
        positions = self._order()[index * self._batch_size : (index + 1) * self._batch_size]
        rng = np.random.default_rng((self._seed, self.epoch, index))
        inputs = self._source.drawn(positions, rng).astype(np.float32)
        labels, weights = self._truth.labels[positions], self._truth.weights[positions]
        if self._mixup:
            inputs, labels, weights = weighted_mixup(inputs, labels, weights, self._mixup, rng)
        return inputs, labels, weights

    def _order(self) -> npt.NDArray[Any]:
        epoch, order = self._shuffled
        if epoch != self.epoch:
            epoch, order = (
                self.epoch,
                np.random.default_rng((self._seed, self.epoch)).permutation(len(self._truth.labels)),
            )
            self._shuffled = (epoch, order)
        return order


class PlainBatches(keras.utils.PyDataset):  # type: ignore[misc]  # Keras ships no types
    """Every photo once, as it is, in order: to validate on."""

    def __init__(self, source: Source, labels: Floats, batch_size: int) -> None:
        super().__init__()
        self._source, self._labels, self._batch_size = source, labels, batch_size

    def __len__(self) -> int:
        return math.ceil(len(self._labels) / self._batch_size)

    def __getitem__(self, index: int) -> tuple[Floats, Floats]:
        positions = np.arange(len(self._labels))[index * self._batch_size : (index + 1) * self._batch_size]
        return self._source.plain(positions).astype(np.float32), self._labels[positions]
