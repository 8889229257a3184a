"""A linear probe on cached features against the way of Keras' transfer-learning guide.

https://keras.io/guides/transfer_learning/: the frozen base stays in the model, and every epoch runs through it. Same
photos, split, backbone, weights, head, optimizer, batch size and machine; both start with decoded pixels in memory and
nothing cached.
"""

import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import keras
import numpy as np
from keras import layers
from tests.bench.rows import Row

from sagui.bundle.manifest import InputSpec
from sagui.train.audit import Audited, audit
from sagui.train.backbones.registry import find_backbone
from sagui.train.datasets import open_dataset
from sagui.train.fit import fit
from sagui.train.recipe import Recipe
from sagui.train.split import Split, split

_RECIPE = Recipe(views="none")
_SAME = 0.005
_LIMIT_S = 600.0


def probe_speedup() -> Row:
    """Seconds from cold to the same validation accuracy, within half a point."""
    dataset = open_dataset("elpv")
    with TemporaryDirectory() as folder:
        photos = audit(dataset, InputSpec(height=224, width=224), Path(folder))
        parts = split(photos.photos, dataset.labels, _RECIPE.test_share, _RECIPE.validation_share, _RECIPE.seed)
        ours_s, reached = _ours(photos, parts, dataset.labels, Path(folder))
        guide_s, guide_reached = _guide(photos, parts, reached - _SAME)
    sys.stdout.write(
        f"  ours {reached:.1%} in {ours_s:.0f} s; the guide's way {guide_reached:.1%} in {guide_s:.0f} s\n"
    )
    against = "Keras guide's way to the same accuracy"
    if guide_reached < reached - _SAME:
        against += f" (not reached: {guide_reached:.1%} of {reached:.1%} when it was stopped)"
    return Row("probe_speedup", ours_s, "s", against, guide_s)


def _network() -> keras.Model:
    keras.utils.set_random_seed(_RECIPE.seed)
    backbone = find_backbone(_RECIPE.backbone)
    network = backbone.build((224, 224, 3))
    backbone.load(network, None)
    return network


def _ours(photos: Audited, parts: Split, labels: tuple[str, ...], cache: Path) -> tuple[float, float]:
    network = _network()
    start = time.perf_counter()
    fitted = fit(network, "", photos, parts, labels, _RECIPE, cache)
    return time.perf_counter() - start, max(epoch.validation_accuracy for epoch in fitted.history)


def _guide(photos: Audited, parts: Split, target: float) -> tuple[float, float]:
    def pixels(positions: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
        truth = np.eye(2, dtype=np.float32)[[photos.photos[at].label for at in positions]]
        return photos.pixels.take([photos.keys[at] for at in positions]).astype(np.float32), truth

    train, validation = pixels(parts.train), pixels(parts.validation)
    base = _network()
    start = time.perf_counter()
    base.trainable = False
    inputs = keras.Input((224, 224, 3))
    pooled = layers.GlobalAveragePooling2D()(base(inputs, training=False))
    model = keras.Model(inputs, layers.Dense(2)(layers.Dropout(_RECIPE.dropout)(pooled)))
    loss = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=_RECIPE.label_smoothing)
    model.compile(keras.optimizers.Adam(_RECIPE.probe.learning_rate), loss, metrics=["accuracy"])
    best = 0.0
    while best < target and time.perf_counter() - start < _LIMIT_S:
        history = model.fit(
            *train, validation_data=validation, batch_size=_RECIPE.probe.batch_size, epochs=1, verbose=0
        ).history
        best = max(best, history["val_accuracy"][0])
        sys.stdout.write(f"  the guide's way: {best:.1%} after {time.perf_counter() - start:.0f} s\n")
        sys.stdout.flush()
    return time.perf_counter() - start, best
