"""Mixup mixes photos and truth alike."""

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagui.train.augment import mixup, weighted_mixup
from sagui.train.augment.mixup import Floats


def batch(count: int = 6, labels: int = 3) -> tuple[Floats, Floats]:
    """Photos that say their own number, so that a mixture says what it is of."""
    x = np.zeros((count, 4, 4, count), np.float32)
    x[np.arange(count), :, :, np.arange(count)] = 1
    return x, np.eye(labels, dtype=np.float32)[np.arange(count) % labels]


@given(alpha=st.floats(0.05, 10), seed=st.integers(0, 1000))
def test_truth_is_mixed_by_the_same_shares_as_photos(alpha: float, seed: int) -> None:
    x, y = batch()
    mixed, truth = mixup(x, y, alpha, np.random.default_rng(seed))
    shares = mixed[:, 0, 0, :]
    np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(truth, shares @ y, atol=1e-6)
    assert mixed.dtype == truth.dtype == np.float32
    assert mixed.min() >= 0


def test_no_alpha_leaves_the_batch_as_it_is() -> None:
    x, y = batch()
    mixed, truth = mixup(x, y, 0.0, np.random.default_rng(0))
    np.testing.assert_array_equal(mixed, x)
    np.testing.assert_array_equal(truth, y)


def test_shares_follow_the_beta_distribution() -> None:
    x, y = np.array([[0.0], [1.0]]), np.eye(2)
    rng = np.random.default_rng(1)
    # Both photos are mixed with each other or with themselves; only the former tells the share.
    drawn = np.array([mixup(x, y, 0.4, rng)[0][0, 0] for _ in range(4000)])
    drawn = drawn[drawn > 0]
    # Beta(a, a) has a mean of 1/2 and a variance of 1 / (4 (2a + 1)).
    assert drawn.mean() == pytest.approx(0.5, abs=0.03)
    assert drawn.var() == pytest.approx(1 / (4 * 1.8), rel=0.05)


def test_the_batch_given_is_left_alone() -> None:
    x, y = batch()
    before = x.copy(), y.copy()
    mixup(x, y, 1.0, np.random.default_rng(0))
    np.testing.assert_array_equal(x, before[0])
    np.testing.assert_array_equal(y, before[1])


@given(seed=st.integers(0, 200))
def test_weights_count_for_both_parts_as_they_would_alone(seed: int) -> None:
    rng = np.random.default_rng(seed)
    _, y = batch()
    x = np.arange(6, dtype=np.float64)[:, np.newaxis]
    weights = rng.uniform(0, 3, 6)
    weights[0] = 0
    mixed, truth, total = weighted_mixup(x, y, weights, 1.0, np.random.default_rng(seed))
    repeat = np.random.default_rng(seed)
    share, other = repeat.beta(1.0, 1.0), repeat.permutation(6)
    log_p = np.log(rng.dirichlet(np.ones(3), 6))
    alone = -share * weights * (y * log_p).sum(1) - (1 - share) * weights[other] * (y[other] * log_p).sum(1)
    np.testing.assert_allclose(-total * (truth * log_p).sum(1), alone, atol=1e-9)
    np.testing.assert_allclose(mixed, share * x + (1 - share) * x[other])
    np.testing.assert_allclose(truth.sum(axis=1), 1)


def test_photos_that_all_weigh_nothing_are_no_reason_for_nan() -> None:
    x, y = batch()
    _, truth, total = weighted_mixup(x, y, np.zeros(6, np.float32), 1.0, np.random.default_rng(0))
    assert np.isfinite(truth).all()
    assert total.sum() == 0


def test_a_network_learns_from_mixed_activations() -> None:
    rng = np.random.default_rng(0)
    y = np.eye(2, dtype=np.float32)[rng.integers(0, 2, 64)]
    x = (y @ np.array([[2, 0], [0, 2]]) + rng.normal(0, 0.3, (64, 2))).astype(np.float32)
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
    model.compile(keras.optimizers.SGD(0.5), keras.losses.CategoricalCrossentropy(from_logits=True))
    for _ in range(30):
        model.train_on_batch(*mixup(x, y, 0.3, rng))
    assert (np.argmax(model(x), axis=1) == np.argmax(y, axis=1)).mean() > 0.95


def test_bytes_and_odd_lengths_are_refused() -> None:
    x, y = batch()
    with pytest.raises(ValueError, match="floats"):
        mixup((255 * x).astype(np.uint8), y, 1.0, np.random.default_rng(0))
    with pytest.raises(ValueError, match="6 photos, 5 truths"):
        mixup(x, y[:5], 1.0, np.random.default_rng(0))
