"""Whether scores mean what they say, and the temperature that mends them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import expit, softmax

from sagui.infer.classify import calibrate as calibrate_on_the_device
from sagui.train.calibration import calibrate, expected_error, fit_temperature, judge_calibration, reliability

LOGITS = arrays(np.float64, (5, 4), elements=st.floats(-6, 6))


def drawn(probabilities: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One-hot truth that follows the probabilities: they are calibrated by construction."""
    chosen = [rng.choice(len(row), p=row) for row in probabilities]
    return np.eye(probabilities.shape[1])[chosen]


def test_bins_are_open_below_and_closed_above() -> None:
    found = reliability(np.array([0.0, 0.2, 0.2000001, 1.0]), np.array([0, 1, 1, 1]), bins=5)
    assert [(round(one.low, 1), round(one.high, 1), one.n) for one in found] == [
        (0, 0.2, 2),
        (0.2, 0.4, 1),
        (0.8, 1, 1),
    ]
    assert found[0].confidence == pytest.approx(0.1)
    assert found[0].accuracy == 0.5


def test_the_calibration_error_is_the_mean_distance_weighted_by_photos() -> None:
    # Ten predictions of 0.95 of which 6 are right, ten of 0.55 of which 5 are: 0.35 and 0.05 apart.
    confidence = np.repeat([0.95, 0.55], 10)
    right = np.array([1] * 6 + [0] * 4 + [1] * 5 + [0] * 5)
    assert expected_error(reliability(confidence, right)) == pytest.approx((10 * 0.35 + 10 * 0.05) / 20)


def test_scores_that_are_always_as_right_as_they_say_have_no_error() -> None:
    found = reliability(np.repeat([0.25, 0.75], 4), np.array([1, 0, 0, 0, 1, 1, 1, 0]))
    assert expected_error(found) == pytest.approx(0)


def test_no_predictions_have_no_error() -> None:
    assert expected_error(reliability(np.array([]), np.array([]))) == 0


@settings(deadline=None)
@given(arrays(np.float64, 30, elements=st.floats(0, 1)), arrays(np.bool_, 30))
def test_every_prediction_is_in_one_bin(confidence: np.ndarray, right: np.ndarray) -> None:
    found = reliability(confidence, right)
    assert sum(one.n for one in found) == 30
    assert all(one.low - 1e-9 <= one.confidence <= one.high + 1e-9 and 0 <= one.accuracy <= 1 for one in found)
    assert 0 <= expected_error(found) <= 1


@settings(deadline=None)
@given(LOGITS, st.floats(0.2, 6))
def test_a_temperature_divides_the_logits(logits: np.ndarray, temperature: float) -> None:
    assert np.allclose(calibrate(softmax(logits, axis=1), temperature), softmax(logits / temperature, axis=1))
    assert np.allclose(calibrate(expit(logits), temperature, "multi-label"), expit(logits / temperature))


@settings(deadline=None)
@given(LOGITS, st.floats(0.2, 6))
def test_training_and_the_device_calibrate_alike(logits: np.ndarray, temperature: float) -> None:
    scores = softmax(logits, axis=1)
    assert np.allclose(calibrate(scores, temperature), calibrate_on_the_device(scores, temperature), atol=1e-9)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.5])
def test_the_temperature_that_spoiled_the_scores_is_found(temperature: float) -> None:
    rng = np.random.default_rng(1)
    logits = rng.normal(0, 2, (4000, 5))
    truth = drawn(softmax(logits, axis=1), rng)
    assert fit_temperature(softmax(logits * temperature, axis=1), truth) == pytest.approx(temperature, rel=0.1)


@pytest.mark.parametrize("temperature", [0.5, 2.5])
def test_it_is_found_for_several_labels_too(temperature: float) -> None:
    rng = np.random.default_rng(2)
    logits = rng.normal(0, 2, (4000, 3))
    truth = (rng.random(logits.shape) < expit(logits)).astype(float)
    found = fit_temperature(expit(logits * temperature), truth, "multi-label")
    assert found == pytest.approx(temperature, rel=0.1)


def test_a_fitted_temperature_brings_the_error_down_on_other_photos() -> None:
    rng = np.random.default_rng(3)
    logits = rng.normal(0, 1.5, (4000, 4))
    truth = drawn(softmax(logits, axis=1), rng)
    scores = softmax(3 * logits, axis=1).astype(np.float32)
    temperature = fit_temperature(scores[:2000], truth[:2000])
    judged = judge_calibration(scores[2000:], truth[2000:], temperature)
    assert judged.ece_before > 0.15
    assert judged.ece_after < 0.04
    assert judged.temperature == temperature


def test_scores_of_exactly_zero_and_one_do_no_harm() -> None:
    truth = np.eye(2)[[0, 1, 0, 1]]
    for task in ("single-label", "multi-label"):
        wrong_and_sure = truth[::-1].copy()
        assert 1 < fit_temperature(wrong_and_sure, truth, task) < 8
        assert 0.1 < fit_temperature(truth, truth, task) < 1
        assert np.isfinite(calibrate(truth, 0.2, task)).all()


def test_without_photos_scores_stay_as_they_are() -> None:
    assert fit_temperature(np.empty((0, 3)), np.empty((0, 3))) == 1.0
    judged = judge_calibration(np.empty((0, 3)), np.empty((0, 3)), 1.0)
    assert (judged.ece_before, judged.before) == (0.0, ())
