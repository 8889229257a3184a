"""Random starts: the variance of the papers, another stream for each layer, the same numbers for the same seed."""

from typing import get_args

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers

from sagui.train.initialize import initialize
from sagui.train.recipe.choices import Initialization

INITIALIZATIONS = get_args(Initialization)

# Numbers that flow into and out of a unit of each kernel below.
FANS = {
    "across": (3 * 3 * 64, 3 * 3 * 128),
    "grouped": (3 * 3 * 32, 3 * 3 * 32),
    "by_channel": (5 * 5, 5 * 5 * 2),
    "separable/depthwise_kernel": (5 * 5, 5 * 5),
    "separable/pointwise_kernel": (256, 64),
    "inner": (64, 96),
    "dense": (96, 400),
}


@pytest.fixture(scope="module")
def network() -> keras.Model:
    photos = keras.Input((8, 8, 64))
    x = layers.Conv2D(128, 3, name="across")(photos)
    x = layers.Conv2D(128, 3, padding="same", groups=4, name="grouped")(x)
    x = layers.BatchNormalization(name="bn")(x)
    x = layers.DepthwiseConv2D(5, padding="same", depth_multiplier=2, name="by_channel")(x)
    x = layers.SeparableConv2D(64, 5, padding="same", name="separable")(x)
    x = layers.GlobalAveragePooling2D()(x)
    x = keras.Sequential([layers.Dense(96, name="inner")], name="nested")(x)
    return keras.Model(photos, layers.Dense(400, name="dense")(x))


def kernels(network: keras.Model) -> dict[str, np.ndarray]:
    found = {}
    for weight in network.weights:
        path = weight.path.removeprefix("nested/")
        if "kernel" in path:
            found[path.removesuffix("/kernel")] = np.asarray(weight)
    return found


@pytest.mark.parametrize("initialization", INITIALIZATIONS)
def test_the_variance_is_the_papers(network: keras.Model, initialization: Initialization) -> None:
    initialize(network, initialization, 1)
    found = kernels(network)
    assert set(found) == set(FANS)
    for name, kernel in found.items():
        fan_in, fan_out = FANS[name]
        expected = 2 / (fan_in + fan_out) if initialization.startswith("glorot") else 2 / fan_in
        # Five standard errors: a normal's variance estimate has a relative deviation of sqrt(2 / n).
        assert kernel.var() == pytest.approx(expected, rel=5 * np.sqrt(2 / kernel.size)), name
        assert abs(kernel.mean()) < 5 * np.sqrt(expected / kernel.size), name


@pytest.mark.parametrize("initialization", INITIALIZATIONS)
def test_the_shape_is_the_papers(network: keras.Model, initialization: Initialization) -> None:
    # Of a uniform distribution the largest is sqrt(3) deviations; a normal one exceeds three in 1 of 370.
    initialize(network, initialization, 2)
    kernel = kernels(network)["across"]
    reach = float(np.abs(kernel).max() / kernel.std())
    assert reach == pytest.approx(np.sqrt(3), rel=0.01) if initialization.endswith("uniform") else reach > 3


def test_biases_and_normalization_stay(network: keras.Model) -> None:
    def others() -> list[np.ndarray]:
        return [np.asarray(weight) for weight in network.weights if "kernel" not in weight.path]

    rng = np.random.default_rng(0)
    for weight in network.weights:
        weight.assign(rng.uniform(size=weight.shape))
    before = others()
    initialize(network, "he-normal", 3)
    assert all(np.array_equal(old, new) for old, new in zip(before, others(), strict=True))


@settings(max_examples=10)
@given(st.integers(0, 2**32 - 1), st.sampled_from(INITIALIZATIONS))
def test_the_same_seed_gives_the_same_numbers(seed: int, initialization: Initialization) -> None:
    def build() -> keras.Model:
        # Keras names layers by counting: no two of these are called the same.
        return keras.Sequential([keras.Input((3,)), layers.Dense(4), layers.Dense(4), layers.Dense(4)])

    one, same, other = build(), build(), build()
    initialize(one, initialization, seed)
    initialize(same, initialization, seed)
    initialize(other, initialization, (seed + 1) % 2**32)
    assert all(np.array_equal(a, b) for a, b in zip(one.get_weights(), same.get_weights(), strict=True))
    assert not np.array_equal(one.get_weights()[0], other.get_weights()[0])
    assert not np.array_equal(one.get_weights()[2], one.get_weights()[4]), "two layers of one shape are not alike"


@pytest.mark.parametrize("initialization", ["he-normal", "he-uniform"])
def test_a_deep_network_of_rectifiers_keeps_its_signal(initialization: Initialization) -> None:
    # He et al., 2015, figure 3: with Glorot's variance thirty such layers lose it.
    deep = keras.Sequential([keras.Input((256,)), *(layers.Dense(256, activation="relu") for _ in range(30))])
    vectors = np.random.default_rng(0).normal(size=(64, 256)).astype(np.float32)
    initialize(deep, initialization, 0)
    kept = float(np.square(deep(vectors)).mean())
    initialize(deep, "glorot-normal", 0)
    lost = float(np.square(deep(vectors)).mean())
    assert 0.1 < kept < 10
    assert lost < 1e-6
