"""Things a network has never seen."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import softmax

from sagui.bundle.metrics import proportion
from sagui.train.errors import DatasetError
from sagui.train.unknowns import judge_unknowns

LABELS = ("cat", "dog")


def scores(cat: list[float]) -> np.ndarray:
    """Scores of two classes."""
    return np.stack([np.array(cat), 1 - np.array(cat)], axis=1)


def test_the_threshold_keeps_95_of_100_known_photos() -> None:
    known = scores(list(np.linspace(0.6, 0.99, 100)))
    found = judge_unknowns(known, scores([0.55, 0.61, 0.70, 0.05]), LABELS)
    assert (known.max(axis=1) >= found.threshold).sum() == 95
    # 0.55 and 0.61 are below it; 0.70 is taken for a cat, and 0.95 for a dog.
    assert found.rejected == proportion(2, 4)
    assert found.mistaken_for == {"cat": 1, "dog": 1}
    assert found.n == 4


def test_known_and_unknown_that_lie_apart_are_told_apart() -> None:
    found = judge_unknowns(scores([0.9, 0.95, 0.99]), scores([0.5, 0.6]), LABELS)
    assert (found.auroc, found.rejected.value, found.mistaken_for) == (1.0, 1.0, {})


def test_a_network_that_is_as_sure_of_the_unknown_can_not_tell() -> None:
    found = judge_unknowns(scores([0.9] * 20), scores([0.9] * 20), LABELS)
    assert (found.auroc, found.rejected.value) == (0.5, 0.0)
    assert found.mistaken_for == {"cat": 20}


def test_the_threshold_is_of_calibrated_scores() -> None:
    found = judge_unknowns(scores([0.9, 0.9]), scores([0.5]), LABELS, temperature=2.0)
    assert found.threshold == pytest.approx(0.9**0.5 / (0.9**0.5 + 0.1**0.5))


def test_for_several_labels_the_highest_counts() -> None:
    known, unknown = np.array([[0.9, 0.8], [0.1, 0.95]]), np.array([[0.2, 0.3], [0.97, 0.1]])
    found = judge_unknowns(known, unknown, LABELS, task="multi-label")
    assert found.rejected == proportion(1, 2)
    assert found.mistaken_for == {"cat": 1}


def test_without_photos_nothing_can_be_said() -> None:
    with pytest.raises(DatasetError, match="3 known and 0 unknown photos"):
        judge_unknowns(scores([0.9] * 3), np.empty((0, 2)), LABELS)


@settings(deadline=None)
@given(
    arrays(np.float64, (23, 3), elements=st.floats(-5, 5)),
    arrays(np.float64, (9, 3), elements=st.floats(-5, 5)),
    st.floats(0.3, 4),
)
def test_at_least_95_percent_of_the_known_are_kept(known: np.ndarray, unknown: np.ndarray, temperature: float) -> None:
    labels = ("cat", "dog", "owl")
    found = judge_unknowns(softmax(known, axis=1), softmax(unknown, axis=1), labels, temperature)
    kept = softmax(known / temperature, axis=1).max(axis=1) >= found.threshold - 1e-9
    assert kept.mean() >= 0.95
    assert sum(found.mistaken_for.values()) + round(found.rejected.value * 9) == 9
    assert 0 <= found.auroc <= 1
