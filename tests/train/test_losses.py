"""Losses and weights, by numbers worked out by hand."""

import math
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sagui.train.errors import DatasetError
from sagui.train.losses import Focal, SquaredError, make_loss, penalize, photo_weights
from sagui.train.recipe.choices import LossChoice, LossName, Regularization, Task

PLAIN = Regularization(label_smoothing=0.0)
SMOOTH = Regularization(label_smoothing=0.1)
BALANCED = LossChoice(class_weights="balanced", sample_weights=False)

# Softmax of (log 7, log 2, log 1) is (0.7, 0.2, 0.1).
LOGITS = np.log(np.array([[7.0, 2.0, 1.0]], np.float32))
SECOND = np.array([[0.0, 1.0, 0.0]], np.float32)
# Sigmoid of log(p / (1 - p)) is p.
ODDS = np.log(np.array([[0.8 / 0.2, 0.3 / 0.7]], np.float32))
FIRST_OF_TWO = np.array([[1.0, 0.0]], np.float32)

PAIRS: list[tuple[LossName, Task]] = [
    ("cross-entropy", "single-label"),
    ("binary-cross-entropy", "multi-label"),
    ("focal", "single-label"),
    ("focal", "multi-label"),
    ("mean-squared-error", "single-label"),
    ("mean-squared-error", "multi-label"),
]


def loss_of(name: LossName, task: Task, regularization: Regularization = PLAIN, gamma: float = 2.0) -> Any:
    return make_loss(LossChoice(name=name, gamma=gamma), regularization, task)


def value(name: LossName, task: Task, regularization: Regularization = PLAIN, gamma: float = 2.0) -> float:
    """Of the one photo above."""
    truth, logits = (SECOND, LOGITS) if task == "single-label" else (FIRST_OF_TWO, ODDS)
    return float(loss_of(name, task, regularization, gamma)(truth, logits))


def slope(loss: Any, truth: list[float], logits: list[float]) -> npt.NDArray[np.float32]:
    at = tf.Variable([logits], dtype="float32")
    with tf.GradientTape() as tape:
        result = loss(tf.constant([truth]), at)
    (gradient,) = np.asarray(tape.gradient(result, at), np.float32)
    return np.asarray(gradient)


def test_cross_entropy_is_the_logarithm_of_what_is_true() -> None:
    assert value("cross-entropy", "single-label") == pytest.approx(-math.log(0.2), rel=1e-5)


def test_smoothing_spreads_a_share_over_all_labels() -> None:
    expected = -(0.1 / 3) * math.log(0.7) - (0.9 + 0.1 / 3) * math.log(0.2) - (0.1 / 3) * math.log(0.1)
    assert value("cross-entropy", "single-label", SMOOTH) == pytest.approx(expected, rel=1e-5)


def test_binary_cross_entropy_is_the_mean_over_labels() -> None:
    expected = -(math.log(0.8) + math.log(0.7)) / 2
    assert value("binary-cross-entropy", "multi-label") == pytest.approx(expected, rel=1e-5)


def test_smoothing_of_several_labels_goes_to_yes_and_no() -> None:
    expected = -(0.95 * math.log(0.8) + 0.05 * math.log(0.2) + 0.05 * math.log(0.3) + 0.95 * math.log(0.7)) / 2
    assert value("binary-cross-entropy", "multi-label", SMOOTH) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.0, 2.0, 5.0])
def test_focal_is_the_paper_s_formula(gamma: float) -> None:
    one = value("focal", "single-label", gamma=gamma)
    assert one == pytest.approx(-((1 - 0.2) ** gamma) * math.log(0.2), rel=1e-5)
    several = value("focal", "multi-label", gamma=gamma)
    assert several == pytest.approx(-(0.2**gamma * math.log(0.8) + 0.3**gamma * math.log(0.7)) / 2, rel=1e-5)


def test_focal_with_a_smoothed_truth_takes_each_label_s_share() -> None:
    truth = (0.1 / 3, 0.9 + 0.1 / 3, 0.1 / 3)
    expected = -sum(share * (1 - p) ** 2 * math.log(p) for share, p in zip(truth, (0.7, 0.2, 0.1), strict=True))
    assert value("focal", "single-label", SMOOTH) == pytest.approx(expected, rel=1e-5)


def test_focal_without_gamma_is_cross_entropy() -> None:
    for task, plain in (("single-label", "cross-entropy"), ("multi-label", "binary-cross-entropy")):
        for regularization in (PLAIN, SMOOTH):
            focal = value("focal", task, regularization, gamma=0.0)  # type: ignore[arg-type]
            assert focal == pytest.approx(value(plain, task, regularization), rel=1e-5)  # type: ignore[arg-type]


@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.0, 2.0])
@pytest.mark.parametrize("task", ["single-label", "multi-label"])
def test_focal_pulls_photos_that_are_surely_wrong_and_none_is_no_number(gamma: float, task: Task) -> None:
    loss = loss_of("focal", task, gamma=gamma)
    for gap in (20.0, 60.0, 200.0):
        wrong = slope(loss, [0.0, 1.0], [gap, -gap])
        assert wrong[0] > 0.4
        assert wrong[1] < -0.4
        right = slope(loss, [1.0, 0.0], [gap, -gap])
        np.testing.assert_allclose(right, 0, atol=1e-6)


@given(
    logits=arrays(np.float32, (3, 4), elements=st.floats(-300, 300, width=32)),
    gamma=st.floats(0, 10),
    name=st.sampled_from(PAIRS),
    mixed=st.floats(0, 1),
)
def test_no_logits_make_a_loss_or_its_slope_no_number(
    logits: npt.NDArray[np.float32], gamma: float, name: tuple[LossName, Task], mixed: float
) -> None:
    truth = np.eye(4, dtype=np.float32)[[0, 1, 2]] * mixed + np.eye(4, dtype=np.float32)[[3, 1, 0]] * (1 - mixed)
    at = tf.Variable(logits)
    with tf.GradientTape() as tape:
        result = loss_of(*name, gamma=gamma)(tf.constant(truth), at)
    assert np.isfinite(float(result))
    assert float(result) >= 0
    assert np.isfinite(np.asarray(tape.gradient(result, at))).all()


def test_squares_are_of_probabilities() -> None:
    assert value("mean-squared-error", "single-label") == pytest.approx((0.49 + 0.64 + 0.01) / 3, rel=1e-5)
    assert value("mean-squared-error", "multi-label") == pytest.approx((0.04 + 0.09) / 2, rel=1e-5)
    smoothed = ((0.7 - 0.1 / 3) ** 2 + (0.2 - 0.9 - 0.1 / 3) ** 2 + (0.1 - 0.1 / 3) ** 2) / 3
    assert value("mean-squared-error", "single-label", SMOOTH) == pytest.approx(smoothed, rel=1e-5)


@pytest.mark.parametrize(("name", "task"), PAIRS)
def test_a_photo_s_weight_multiplies_its_loss(name: LossName, task: Task) -> None:
    rng = np.random.default_rng(0)
    truth = np.eye(3, dtype=np.float32)[[0, 1, 2, 0]]
    logits = rng.normal(size=(4, 3)).astype(np.float32)
    weights = np.array([0.0, 1.0, 2.0, 1.0], np.float32)
    loss = loss_of(name, task)
    each = [float(loss(truth[at : at + 1], logits[at : at + 1])) for at in range(4)]
    assert float(loss(truth, logits, sample_weight=weights)) == pytest.approx(np.dot(weights, each) / 4, rel=1e-5)


@pytest.mark.parametrize(("name", "task"), PAIRS)
def test_every_loss_is_learned_from(name: LossName, task: Task) -> None:
    rng = np.random.default_rng(1)
    y = np.eye(3, dtype=np.float32)[rng.integers(0, 3, 60)]
    x = (2 * y + rng.normal(0, 0.3, (60, 3))).astype(np.float32)
    loss, kernel = loss_of(name, task, SMOOTH), tf.Variable(np.zeros((3, 3), np.float32))
    for _ in range(15):
        with tf.GradientTape() as tape:
            result = loss(y, x @ kernel)
        kernel.assign_sub(2 * tape.gradient(result, kernel))
    assert (np.argmax(x @ kernel, 1) == np.argmax(y, 1)).mean() > 0.95


@pytest.mark.parametrize("loss", [Focal(1.5, "multi-label", 0.2), SquaredError("multi-label", 0.1)])
def test_own_losses_can_be_written_and_read(loss: Any) -> None:
    again = keras.losses.deserialize(keras.losses.serialize(loss))
    assert again.get_config() == loss.get_config()
    assert float(again(FIRST_OF_TWO, ODDS)) == float(loss(FIRST_OF_TWO, ODDS))


@pytest.mark.parametrize(("name", "task"), [("cross-entropy", "multi-label"), ("binary-cross-entropy", "single-label")])
def test_a_loss_of_the_other_task_is_refused(name: LossName, task: Task) -> None:
    with pytest.raises(ValueError, match=f"{name} is not a loss of the task {task}"):
        loss_of(name, task)


def test_what_is_left_open_is_refused() -> None:
    with pytest.raises(ValueError, match="filled in"):
        make_loss(LossChoice(), PLAIN, "single-label")
    with pytest.raises(ValueError, match="filled in"):
        make_loss(LossChoice(name="focal"), Regularization(), "single-label")


def one_hot(*classes: int, labels: int = 2) -> npt.NDArray[np.float32]:
    return np.eye(labels, dtype=np.float32)[list(classes)]


def test_balanced_classes_weigh_the_same_in_sum() -> None:
    # 4 / (2 * 3) for each of three, 4 / (2 * 1) for the one; their mean is 1 already.
    weights = photo_weights(one_hot(0, 0, 0, 1), np.ones(4), BALANCED)
    np.testing.assert_allclose(weights, [2 / 3, 2 / 3, 2 / 3, 2], rtol=1e-6)


@given(st.lists(st.integers(0, 4), min_size=1, max_size=60))
def test_balanced_is_scikit_learn_s_formula(classes: list[int]) -> None:
    weights = photo_weights(one_hot(*classes, labels=5), np.ones(len(classes)), BALANCED)
    raw = np.array([len(classes) / (5 * classes.count(label)) for label in classes])
    np.testing.assert_allclose(weights, raw / raw.mean(), rtol=1e-5)
    sums = {label: weights[np.array(classes) == label].sum() for label in classes}
    assert list(sums.values()) == pytest.approx([len(classes) / len(sums)] * len(sums), rel=1e-4)


def test_a_photo_with_several_labels_takes_the_mean_of_theirs_and_one_without_takes_one() -> None:
    truth = np.array([[1, 1], [1, 0], [1, 0], [0, 0]], np.float32)
    # The first label weighs 4 / (2 * 3) = 2/3, the second 4 / (2 * 1) = 2.
    raw = np.array([(2 / 3 + 2) / 2, 2 / 3, 2 / 3, 1.0])
    np.testing.assert_allclose(photo_weights(truth, np.ones(4), BALANCED), raw / raw.mean(), rtol=1e-6)


def test_a_photo_s_own_weight_multiplies_its_class_s() -> None:
    both = LossChoice(class_weights="balanced", sample_weights=True)
    raw = np.array([2 / 3, 2 / 3, 2 / 3 * 0.5, 2 * 3])
    found = photo_weights(one_hot(0, 0, 0, 1), np.array([1, 1, 0.5, 3]), both)
    np.testing.assert_allclose(found, raw / raw.mean(), rtol=1e-6)


def test_own_weights_count_only_where_they_are_wanted() -> None:
    own = np.array([1.0, 2.0, 5.0])
    truth = one_hot(0, 0, 1)
    wanted = LossChoice(sample_weights=True)
    np.testing.assert_allclose(photo_weights(truth, own, wanted), own / own.mean(), rtol=1e-6)
    unwanted = LossChoice(sample_weights=False)
    np.testing.assert_array_equal(photo_weights(truth, own, unwanted), [1, 1, 1])
    # Not even looked at.
    np.testing.assert_array_equal(photo_weights(truth, np.array([np.nan, -1, 0]), unwanted), [1, 1, 1])


@given(
    classes=st.lists(st.integers(0, 2), min_size=1, max_size=30),
    seed=st.integers(0, 99),
    balanced=st.booleans(),
)
def test_weights_have_a_mean_of_one(classes: list[int], seed: int, balanced: bool) -> None:  # noqa: FBT001 (drawn)
    own = np.random.default_rng(seed).uniform(0.1, 4, len(classes))
    choice = LossChoice(class_weights="balanced" if balanced else "none")
    weights = photo_weights(one_hot(*classes, labels=3), own, choice)
    assert weights.dtype == np.float32
    assert weights.mean() == pytest.approx(1, rel=1e-5)


@pytest.mark.parametrize(
    ("own", "reason"),
    [([1, -1], "negative"), ([1, np.nan], "no number"), ([1, np.inf], "no number"), ([0, 0], "every photo weighs 0")],
)
def test_weights_that_cannot_be_are_refused(own: list[float], reason: str) -> None:
    with pytest.raises(DatasetError, match=reason):
        photo_weights(one_hot(0, 1), np.array(own, float), LossChoice())


def test_one_weight_for_each_photo_is_needed() -> None:
    with pytest.raises(ValueError, match="one weight for each"):
        photo_weights(one_hot(0, 1), np.ones(3), LossChoice())


def small_network() -> keras.Model:
    """Built, with every kind of kernel, biases and normalization, and one frozen layer."""
    photos = keras.Input((6, 6, 3))
    x = keras.layers.Conv2D(4, 3, name="frozen", trainable=False)(photos)
    x = keras.layers.Conv2D(4, 3, name="conv", bias_initializer="ones")(x)
    x = keras.layers.BatchNormalization(name="bn")(x)
    x = keras.layers.DepthwiseConv2D(2, name="depthwise", bias_initializer="ones")(x)
    x = keras.layers.SeparableConv2D(3, 1, name="separable", bias_initializer="ones")(x)
    inner = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, name="logits")], name="head")
    return keras.Model(photos, inner(keras.layers.GlobalAveragePooling2D()(x)))


def kernels(model: keras.Model) -> list[npt.NDArray[np.float32]]:
    named = ["conv", "depthwise", "separable"]
    found = [kernel for name in named for kernel in model.get_layer(name).get_weights()[:-1]]
    return [*found, model.get_layer("head").get_weights()[0]]


def test_the_penalty_is_of_every_kernel_that_learns_and_of_nothing_else() -> None:
    model = small_network()
    penalize(model, 0.01, 0.1)
    assert len(kernels(model)) == len(model.losses) == 5
    expected = sum(0.01 * abs(kernel).sum() + 0.1 * (kernel**2).sum() for kernel in kernels(model))
    assert float(sum(model.losses)) == pytest.approx(expected, rel=1e-5)


def test_the_training_loss_holds_the_penalty_and_the_step_follows_it() -> None:
    plain, penalized = small_network(), small_network()
    penalized.set_weights(plain.get_weights())
    penalize(penalized, 0.0, 0.1)
    x = np.random.default_rng(0).uniform(size=(8, 6, 6, 3)).astype(np.float32)
    y = one_hot(0, 1, 0, 1, 0, 1, 0, 1)
    extra = 0.1 * sum(float((kernel**2).sum()) for kernel in kernels(plain))
    before = sum(float((kernel**2).sum()) for kernel in kernels(plain))
    measured = []
    for model in (plain, penalized):
        model.compile(keras.optimizers.SGD(0.05), loss_of("cross-entropy", "single-label"))
        done = model.fit(x, y, epochs=1, batch_size=8, verbose=0)
        measured.append(done.history["loss"][0])
    assert measured[1] - measured[0] == pytest.approx(extra, rel=1e-3)
    shrunk = [sum(float((kernel**2).sum()) for kernel in kernels(model)) for model in (plain, penalized)]
    assert shrunk[1] < shrunk[0]
    assert shrunk[1] < before


def test_layers_frozen_later_are_no_longer_penalized() -> None:
    model = small_network()
    penalize(model, 0.0, 0.1)
    model.get_layer("conv").trainable = False
    assert len(model.losses) == 4


def test_no_penalty_leaves_the_model_as_it_is() -> None:
    model = small_network()
    penalize(model, 0.0, 0.0)
    assert model.losses == []


def test_a_penalized_model_is_saved_and_loaded_like_any_other(tmp_path: Path) -> None:
    model = small_network()
    penalize(model, 0.01, 0.1)
    model.compile(keras.optimizers.Adam(1e-3), loss_of("focal", "single-label"))
    x = np.random.default_rng(0).uniform(size=(4, 6, 6, 3)).astype(np.float32)
    model.fit(x, one_hot(0, 1, 0, 1), epochs=1, verbose=0)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(again.predict(x, verbose=0), model.predict(x, verbose=0), rtol=1e-5)
    assert isinstance(again.loss, Focal)
