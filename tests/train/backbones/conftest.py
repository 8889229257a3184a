"""Weights that let a test fail, and heads as they were published."""

from collections.abc import Callable

import keras
import numpy as np
import numpy.typing as npt
import pytest

from sagui.train.backbones.port import HeadDefaults
from sagui.train.initialize import initialize

Floats = npt.NDArray[np.float32]


def give_random_weights(network: keras.Model, seed: int = 0) -> None:
    """Weights with which every layer counts; a fresh network's outputs may be so small that all seem equal."""
    initialize(network, "he-normal", seed)
    rng = np.random.default_rng(seed)
    for weight in network.weights:
        if len(weight.shape) == 1:
            factor = any(word in weight.path for word in ("gamma", "variance", "layer_scale"))
            weight.assign(rng.uniform(0.5, 1.0, weight.shape) if factor else rng.normal(0.0, 0.1, weight.shape))


def largest_difference(found: Floats, expected: Floats) -> float:
    """As a share of the largest of the expected numbers, which must be there and differ."""
    assert found.shape == expected.shape
    assert np.isfinite(expected).all()
    assert expected.std() > 1e-3
    return float(np.abs(found - expected).max() / np.abs(expected).max())


def with_head(network: keras.Model, head: HeadDefaults, classes: int) -> keras.Model:
    """The whole network as published, for its parameter count."""
    pooling = {
        "average": keras.layers.GlobalAveragePooling2D,
        "max": keras.layers.GlobalMaxPooling2D,
        "flatten": keras.layers.Flatten,
    }[head.pooling]
    x = pooling()(network.output)
    for size in (*head.dense, classes):
        x = keras.layers.Dense(size)(keras.layers.Dropout(head.dropout)(x))
    return keras.Model(network.input, x)


def draw_photos(side: int, channels: int = 3, count: int = 2) -> Floats:
    return np.random.default_rng(5).integers(0, 256, (count, side, side, channels)).astype(np.float32)


def count_trainable(network: keras.Model) -> int:
    """What papers count: running averages do not learn."""
    return sum(int(np.prod(weight.shape)) for weight in network.trainable_weights)


# The functions above, for tests: test files are no package that could import them.


@pytest.fixture(scope="session")
def randomize() -> Callable[..., None]:
    return give_random_weights


@pytest.fixture(scope="session")
def difference() -> Callable[[Floats, Floats], float]:
    return largest_difference


@pytest.fixture(scope="session")
def complete() -> Callable[..., keras.Model]:
    return with_head


@pytest.fixture(scope="session")
def photos_of() -> Callable[..., Floats]:
    return draw_photos


@pytest.fixture(scope="session")
def trainable() -> Callable[[keras.Model], int]:
    return count_trainable
