"""Feeds cached activations to Keras."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from sagui.train.features import Features


class Batches(keras.utils.PyDataset):  # type: ignore[misc]  # Keras ships no types
    """Shuffled batches; each time a photo comes up, one of its views is drawn."""

    def __init__(
        self, features: Features, keys: Sequence[str], truth: npt.NDArray[np.float32], batch_size: int, seed: int
    ) -> None:
        super().__init__()
        self._arrays = [store.array() for store in features.stores]
        self._rows = np.stack([store.rows(keys) for store in features.stores])
        self._truth = truth
        self._batch_size = min(batch_size, len(keys))
        self._rng = np.random.default_rng(seed)
        self._draw()

    def __len__(self) -> int:
        # The odd photos of an epoch wait for the next shuffle: all batches are equal, so one graph serves.
        return len(self._truth) // self._batch_size

    def __getitem__(self, index: int) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        chosen = slice(index * self._batch_size, (index + 1) * self._batch_size)
        positions, views = self._order[chosen], self._views[chosen]
        photos = [self._arrays[view][self._rows[view, at]] for view, at in zip(views, positions, strict=True)]
        return np.stack(photos).astype(np.float32), self._truth[positions]

    def on_epoch_end(self) -> None:
        """Called by Keras."""
        self._draw()

    def _draw(self) -> None:
        self._order: npt.NDArray[Any] = self._rng.permutation(len(self._truth))
        self._views: npt.NDArray[Any] = self._rng.integers(0, len(self._arrays), len(self._truth))
