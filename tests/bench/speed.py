"""What our machinery costs beside bare Keras and bare OpenCV, in photos per second."""

import statistics
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import cv2
import keras
import numpy as np
from tests.bench.rows import Row

from sagui.bundle.manifest import InputSpec
from sagui.train.audit import audit
from sagui.train.batches import Batches, CachedSource, Truth
from sagui.train.datasets import open_dataset
from sagui.train.features import extract_plain
from sagui.train.fit import compile_learner, stateful_callbacks, watching
from sagui.train.networks import Learner, build_network, learner_of, resolved
from sagui.train.predict import BATCH
from sagui.train.recipe.choices import Recipe, TrainingChoice
from sagui.train.store import RecordStore
from sagui.train.watch import Record

_SIDE = 224
_PHOTOS = 256
_STEPS = 48
_ROUNDS = 3


def decode(photos: int = _PHOTOS) -> Row:
    """The audit (reading, decoding, fitting, hashing, checking for damage) against reading and resizing alone."""
    dataset = open_dataset("elpv")
    some = dataset.only(dataset.photos[:photos])

    def ours() -> None:
        with TemporaryDirectory() as folder:
            audit(some, InputSpec(height=_SIDE, width=_SIDE), Path(folder))

    def bare() -> None:
        for photo in some.photos:
            pixels = np.asarray(cv2.imread(str(some.path(photo))))
            cv2.resize(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB), (_SIDE, _SIDE))

    return _row("decode", photos, ours, "cv2.imread and cv2.resize, one thread", bare)


def feature_extraction(photos: int = _PHOTOS) -> Row:
    """Frozen features, cached on disk, against `predict_on_batch` on batches that are ready."""
    with TemporaryDirectory() as folder:
        pixels, keys = _random_pixels(Path(folder) / "pixels", photos)
        recipe = resolved(Recipe())
        trunk: Any = learner_of(build_network(recipe, 2), recipe).trunk
        batch = pixels.take(keys[:BATCH]).astype(np.float32)
        trunk.predict_on_batch(batch)

        def ours() -> None:
            with TemporaryDirectory() as cache:
                extract_plain(trunk, pixels, keys, Path(cache))

        def bare() -> None:
            for _ in range(photos // BATCH):
                trunk.predict_on_batch(batch)

        return _row("feature_extraction", photos, ours, "bare predict_on_batch", bare)


def train_step(steps: int = _STEPS) -> Row:
    """Fine-tuning on cached activations, with all that looks on, against `train_on_batch` on a batch that is ready."""
    recipe = resolved(Recipe(training=TrainingChoice(blocks=5)))
    size = recipe.training.batch_size or 1
    with TemporaryDirectory() as folder:
        learner: Learner = learner_of(build_network(recipe, 2), recipe)
        shape = tuple(learner.learns.input_shape[1:])
        rng = np.random.default_rng(0)
        keys = [f"{number:064x}" for number in range(steps * size)]
        store = RecordStore(Path(folder), shape, "float16")
        with store.writing() as writer:
            for start in range(0, len(keys), size):
                writer.add(keys[start : start + size], rng.random((size, *shape), np.float32))
        truth = Truth(np.eye(2, dtype=np.float32)[np.arange(len(keys)) % 2], np.ones(len(keys), np.float32))
        batches = Batches(CachedSource([store], keys), truth, size, 0)
        compile_learner(learner.learns, recipe, steps)
        ready = batches[0]
        learner.learns.train_on_batch(*ready)

        def ours() -> None:
            looking_on = watching(recipe, batches, stateful_callbacks(recipe))
            record = Record("fine-tune", [], _ignore, _ignore_epoch)
            learner.learns.fit(
                batches,
                validation_data=_one(ready),
                epochs=1,
                verbose=0,
                shuffle=False,
                callbacks=[*looking_on, record],
            )

        def bare() -> None:
            for _ in range(steps):
                learner.learns.train_on_batch(*ready)
            learner.learns.evaluate(*_one(ready), verbose=0)

        return _row("train_step", steps * size, ours, "bare train_on_batch, the batch in memory", bare)


def _one(batch: tuple[np.ndarray, np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """A single photo to validate on, so that validation costs nothing."""
    return batch[0][:1], batch[1][:1]


def _ignore(steps: int = 1, note: str = "") -> None:
    pass


def _ignore_epoch(_epoch: int) -> None:
    pass


def _row(name: str, photos: int, ours: Callable[[], None], against: str, bare: Callable[[], None]) -> Row:
    """Both in turn, so that a noisy machine disturbs both alike."""
    ours()
    bare()
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(_ROUNDS):
        for work, seconds in zip((ours, bare), times, strict=True):
            start = time.perf_counter()
            work()
            seconds.append(time.perf_counter() - start)
    mine, theirs = (photos / statistics.median(seconds) for seconds in times)
    return Row(name, mine, "photos/s", against, theirs)


def _random_pixels(folder: Path, photos: int) -> tuple[RecordStore, list[str]]:
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    store = RecordStore(folder, (_SIDE, _SIDE, 3), "uint8")
    keys = [f"{number:064x}" for number in range(photos)]
    with store.writing() as writer:
        for start in range(0, photos, BATCH):
            batch = keys[start : start + BATCH]
            writer.add(batch, rng.integers(0, 255, (len(batch), _SIDE, _SIDE, 3), dtype=np.uint8))
    return store, keys
