"""Batches depend on the seed, the epoch and their number alone."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sagui.train.batches import Batches, CachedSource, PixelSource, PlainBatches, Truth
from sagui.train.recipe.choices import Augmentation
from sagui.train.store import RecordStore

KEYS = [f"{number:064x}" for number in range(20)]


def store(folder: Path, offset: float = 0.0) -> RecordStore:
    kept = RecordStore(folder, (4,), "float16")
    with kept.writing() as writer:
        writer.add(KEYS, np.arange(80, dtype=np.float16).reshape(20, 4) + np.float16(offset))
    return kept


@pytest.fixture
def source(tmp_path: Path) -> CachedSource:
    return CachedSource([store(tmp_path / "plain"), store(tmp_path / "turned", 100)], KEYS)


def truth(weights: list[float] | None = None) -> Truth:
    labels = np.eye(2, dtype=np.float32)[np.arange(20) % 2]
    return Truth(labels, np.array(weights or np.arange(1, 21), np.float32))


def epoch(batches: Batches, number: int) -> list[np.ndarray]:
    batches.epoch = number
    return [batches[at][0] for at in range(len(batches))]


def test_the_same_seed_and_epoch_give_the_same_batches(source: CachedSource) -> None:
    one, two = Batches(source, truth(), 5, 3), Batches(source, truth(), 5, 3)
    epoch(two, 0)  # what came before does not matter
    assert all(np.array_equal(a, b) for a, b in zip(epoch(one, 4), epoch(two, 4), strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(epoch(one, 4), epoch(one, 5), strict=True))


def test_each_photo_comes_once_an_epoch_in_one_of_its_copies(source: CachedSource) -> None:
    batches = Batches(source, truth(), 5, 0)
    seen = np.concatenate(epoch(batches, 0))[:, 0]
    assert sorted(value % 100 if value >= 100 else value for value in seen) == list(range(0, 80, 4))
    assert any(value >= 100 for value in seen)
    assert any(value < 100 for value in seen)


def test_truth_and_weight_stay_with_their_photo(source: CachedSource) -> None:
    batches = Batches(source, truth(), 5, 0)
    for at in range(len(batches)):
        inputs, labels, weights = batches[at]
        photos = (inputs[:, 0] % 100 / 4).astype(int)
        assert np.array_equal(labels, truth().labels[photos])
        assert np.array_equal(weights, photos + 1)


@settings(deadline=None)
@given(st.integers(1, 30))
def test_all_batches_are_equal_and_few_photos_wait(size: int) -> None:
    class Numbers:
        def plain(self, positions: np.ndarray) -> np.ndarray:
            return positions.astype(np.float32)

        def drawn(self, positions: np.ndarray, _rng: np.random.Generator) -> np.ndarray:
            return self.plain(positions)

    batches = Batches(Numbers(), truth(), size, 0)
    sizes = {len(inputs) for inputs in epoch(batches, 0)}
    assert sizes == {min(size, 20)}
    assert 20 - len(batches) * min(size, 20) < min(size, 20)


def test_mixup_mixes_photos_and_their_truth(source: CachedSource) -> None:
    batches = Batches(source, truth([1.0] * 20), 10, 0, mixup_alpha=1.0)
    _, labels, _ = batches[0]
    assert np.allclose(labels.sum(axis=1), 1)
    assert ((labels > 0) & (labels < 1)).any()


def test_validation_sees_every_photo_as_it_is_in_order(source: CachedSource) -> None:
    batches = PlainBatches(source, truth().labels, 8)
    inputs = np.concatenate([batches[at][0] for at in range(len(batches))])
    assert np.array_equal(inputs[:, 0], np.arange(0, 80, 4))


def test_pixels_are_changed_anew_each_epoch_and_never_for_validation(tmp_path: Path) -> None:
    pixels = RecordStore(tmp_path, (8, 8, 3), "uint8")
    photos = np.random.default_rng(0).integers(0, 255, (20, 8, 8, 3), dtype=np.uint8)
    with pixels.writing() as writer:
        writer.add(KEYS, photos)
    source = PixelSource(pixels, KEYS, Augmentation(views="none", brightness=0.5))
    batches = Batches(source, truth(), 20, 0)
    first, second = epoch(batches, 0)[0], epoch(batches, 1)[0]
    assert not np.allclose(np.sort(first.ravel()), np.sort(second.ravel()))
    assert np.array_equal(source.plain(np.arange(20)), photos)
