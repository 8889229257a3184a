"""The head is what the recipe says, and begins the same for the same seed."""

import itertools
import math
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sagui.train.head import derived_seed, make_head, make_initializer, make_pool
from sagui.train.recipe.choices import HeadChoice, Initialization, Pooling

MAPS = (3, 4, 5)
PLAIN = HeadChoice(pooling="average", dense=(), dropout=0.2)
DEEP = HeadChoice(pooling="average", dense=(7, 6), dropout=0.5, batch_norm=True)


def head(choice: HeadChoice = PLAIN, seed: int = 0, initialization: Initialization = "glorot-uniform") -> Any:
    return make_head(MAPS, 2, choice, initialization, seed)


def vector_head(features: int, labels: int, choice: HeadChoice, initialization: Initialization, seed: int) -> Any:
    """For maps of one pixel, which any pooling leaves as they are."""
    return make_head((1, 1, features), labels, choice, initialization, seed)


def kinds(model: Any) -> list[str]:
    return [type(layer).__name__ for layer in model.layers]


def test_a_plain_head_is_pool_dropout_and_logits() -> None:
    made = head()
    assert made.name == "head"
    assert [layer.name for layer in made.layers] == ["pool", "dropout", "logits"]
    assert kinds(made) == ["GlobalAveragePooling2D", "Dropout", "Dense"]
    assert made.output_shape == (None, 2)


def test_hidden_layers_are_normalized_before_they_are_rectified() -> None:
    hidden = ["Dropout", "Dense", "BatchNormalization", "ReLU"]
    assert kinds(head(DEEP)) == ["GlobalAveragePooling2D", *hidden, *hidden, "Dropout", "Dense"]
    sizes = [layer.units for layer in head(DEEP).layers if isinstance(layer, keras.layers.Dense)]
    assert sizes == [7, 6, 2]


def test_logits_are_no_probabilities() -> None:
    for choice in (PLAIN, DEEP):
        made = head(choice)
        assert made.get_layer("logits").activation is keras.activations.linear
        made.get_layer("logits").bias.assign([5.0, -5.0])
        found = np.asarray(made(np.zeros((1, *MAPS), np.float32)))
        assert found[0] == pytest.approx([5, -5])


@pytest.mark.parametrize(
    ("pooling", "expected"),
    [("average", np.mean), ("max", np.max), ("flatten", None)],
)
def test_the_pool_does_what_its_name_says(pooling: Pooling, expected: Any) -> None:
    maps = np.random.default_rng(0).normal(size=(2, *MAPS)).astype(np.float32)
    pooled = np.asarray(make_pool(pooling)(maps))
    wanted = maps.reshape(2, -1) if expected is None else expected(maps, axis=(1, 2))
    np.testing.assert_allclose(pooled, wanted, rtol=1e-5, atol=1e-6)
    assert make_pool(pooling).name == "pool"


def test_dropout_is_the_share_asked_for_and_off_when_it_counts() -> None:
    made = vector_head(2000, 2, HeadChoice(pooling="average", dense=(), dropout=0.25), "glorot-uniform", 3)
    dropped = np.asarray(made.get_layer("dropout")(np.ones((1, 2000), np.float32), training=True))
    assert (dropped == 0).mean() == pytest.approx(0.25, abs=0.04)
    assert dropped.max() == pytest.approx(1 / 0.75)
    ones = np.ones((1, 1, 1, 2000), np.float32)
    np.testing.assert_array_equal(made(ones, training=False), made(ones, training=False))


def test_the_same_seed_begins_and_drops_the_same() -> None:
    first, second, other = head(DEEP, 5), head(DEEP, 5), head(DEEP, 6)
    ones = np.ones((3, *MAPS), np.float32)
    for a, b in zip(first.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(first(ones, training=True), second(ones, training=True))
    assert not np.array_equal(first.get_layer("logits").kernel, other.get_layer("logits").kernel)


def test_layers_of_one_size_begin_and_drop_differently() -> None:
    made = vector_head(64, 64, HeadChoice(pooling="average", dense=(64, 64), dropout=0.5), "he-normal", 1)
    starts = [np.asarray(made.get_layer(name).kernel) for name in ("dense1", "dense2", "logits")]
    ones = np.ones((1, 64), np.float32)
    drops = [np.asarray(made.get_layer(name)(ones, training=True)) for name in ("dropout", "dropout1", "dropout2")]
    for one, other in [*itertools.combinations(starts, 2), *itertools.combinations(drops, 2)]:
        assert not np.array_equal(one, other)


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=20)
def test_every_seed_of_a_recipe_can_be_used(seed: int) -> None:
    seeds = [derived_seed(seed, position) for position in range(50)]
    assert len(set(seeds)) == 50
    assert all(0 <= number < 2**32 for number in seeds)
    weights = make_initializer("he-uniform", seed, 0)((2, 2))
    assert np.isfinite(np.asarray(weights)).all()


@pytest.mark.parametrize(
    ("initialization", "variance"),
    [
        # Glorot and Bengio, 2010, equation 12: 2 / (in + out). He et al., 2015, equation 10: 2 / in.
        ("glorot-uniform", 2 / 500),
        ("glorot-normal", 2 / 500),
        ("he-uniform", 2 / 300),
        ("he-normal", 2 / 300),
    ],
)
def test_weights_begin_with_the_variance_of_the_paper(initialization: Initialization, variance: float) -> None:
    kernel = np.asarray(vector_head(300, 200, PLAIN, initialization, 2).get_layer("logits").kernel)
    assert kernel.mean() == pytest.approx(0, abs=0.001)
    assert kernel.var() == pytest.approx(variance, rel=0.02)
    # A uniform distribution ends at sqrt(3) deviations, a normal one goes on.
    edge = abs(kernel).max() / math.sqrt(variance)
    assert (edge < 1.74) == initialization.endswith("uniform")


def test_scores_are_computed_in_32_bits_even_if_the_rest_is_in_16() -> None:
    keras.config.set_dtype_policy("mixed_float16")
    try:
        made = head(DEEP)
        assert made.get_layer("dense1").compute_dtype == "float16"
        assert made.get_layer("logits").compute_dtype == "float32"
        assert made(np.ones((1, *MAPS), np.float16)).dtype == "float32"
    finally:
        keras.config.set_dtype_policy("float32")


def test_a_head_is_saved_and_loaded(tmp_path: Path) -> None:
    made = head(DEEP)
    made.save(tmp_path / "head.keras")
    again = keras.saving.load_model(tmp_path / "head.keras")
    maps = np.random.default_rng(1).normal(size=(4, *MAPS)).astype(np.float32)
    np.testing.assert_array_equal(again(maps), made(maps))


def test_a_head_learns() -> None:
    rng = np.random.default_rng(0)
    y = np.eye(2, dtype=np.float32)[rng.integers(0, 2, 80)]
    x = rng.normal(size=(80, *MAPS)).astype(np.float32)
    x[..., :2] += 2 * y[:, np.newaxis, np.newaxis]
    made = head(HeadChoice(pooling="average", dense=(7,), dropout=0.2, batch_norm=True))
    made.compile(keras.optimizers.Adam(0.02), keras.losses.CategoricalCrossentropy(from_logits=True))
    made.fit(x, y, epochs=10, batch_size=16, verbose=0)
    assert (np.argmax(made(x), 1) == np.argmax(y, 1)).mean() > 0.95


def test_normalization_knows_what_training_saw_after_thirty_steps() -> None:
    normalization = head(DEEP).get_layer("dense1_bn")
    batch = np.random.default_rng(0).normal(3, 2, (64, 7)).astype(np.float32)
    for _ in range(30):
        normalization(batch, training=True)
    assert np.asarray(normalization(batch)).mean() == pytest.approx(0, abs=0.1)


@pytest.mark.parametrize(
    "choice",
    [
        HeadChoice(pooling=None, dense=(), dropout=0.0),
        HeadChoice(pooling="max", dense=None, dropout=0.0),
        HeadChoice(pooling="max", dense=(), dropout=None),
    ],
)
def test_what_is_left_open_is_refused(choice: HeadChoice) -> None:
    with pytest.raises(ValueError, match="filled in"):
        head(choice)
