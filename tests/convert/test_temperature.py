"""The temperature of an exported file."""

import numpy as np
import pytest

from sagui.convert.evaluate import Scored
from sagui.convert.temperature import fit_temperature
from sagui.infer.classify import calibrate


def honest(photos: int = 4000) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (photos, 3))
    scores = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    return scores, np.array([rng.choice(3, p=row) for row in scores])


@pytest.mark.parametrize("true_temperature", [0.5, 1.0, 1.5, 2.0])
def test_the_temperature_is_found_again(true_temperature: float) -> None:
    scores, truth = honest()
    # Raised to 1/T the honest scores become too sure (T < 1) or too timid; the fit must undo it.
    spoiled = calibrate(scores, 1 / true_temperature)
    assert fit_temperature(Scored(spoiled, truth), eight_bits=False) == pytest.approx(true_temperature, rel=0.1)


def test_floats_that_are_far_too_sure_are_cooled_as_far_as_they_need() -> None:
    scores, truth = honest()
    spoiled = calibrate(scores, 1 / 4)
    assert fit_temperature(Scored(spoiled, truth), eight_bits=False) == pytest.approx(4.0, rel=0.1)


def test_a_score_of_zero_is_less_than_half_a_step_and_not_impossible() -> None:
    scores, truth = honest(300)
    steps = np.round(scores * 256) / 256
    steps[0], truth[0] = (1, 0, 0), 1
    assert 0.8 < fit_temperature(Scored(steps, truth), eight_bits=True) < 1.5
