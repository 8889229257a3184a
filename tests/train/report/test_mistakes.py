"""Which mistakes are shown."""

import numpy as np

from sagui.train.quality import Predictions
from sagui.train.report.mistakes import worst_mistakes

LABELS = ("cat", "dog", "owl")


def test_the_surest_mistakes_come_first_and_right_answers_never() -> None:
    scores = np.array([[0.6, 0.3, 0.1], [0.9, 0.05, 0.05], [0.1, 0.7, 0.2], [0.0, 0.05, 0.95]])
    truth = np.eye(3)[[1, 0, 2, 0]]
    found = worst_mistakes(Predictions(tuple("abcd"), truth, scores), LABELS)
    assert [(one.position, one.name, one.truth, one.predicted) for one in found] == [
        (3, "d", "cat", "owl"),
        (2, "c", "owl", "dog"),
        (0, "a", "dog", "cat"),
    ]
    assert [one.score for one in found] == [0.95, 0.7, 0.6]
    assert [one.class_number for one in found] == [2, 1, 0]


def test_there_are_no_more_than_asked_for() -> None:
    photos = Predictions(("x",) * 30, np.eye(3)[[0] * 30], np.tile([0.1, 0.8, 0.1], (30, 1)))
    assert len(worst_mistakes(photos, LABELS)) == 12
    assert [one.position for one in worst_mistakes(photos, LABELS, count=2)] == [0, 1]


def test_a_network_without_mistakes_has_none() -> None:
    assert worst_mistakes(Predictions(("a",), np.eye(3)[[1]], np.eye(3)[[1]]), LABELS) == ()


def test_of_several_labels_the_worst_decision_counts() -> None:
    truth = np.array([[1, 0, 0], [0, 0, 0], [1, 1, 0]])
    scores = np.array([[0.05, 0.6, 0.1], [0.9, 0.1, 0.1], [0.9, 0.8, 0.2]])
    found = worst_mistakes(Predictions(tuple("abc"), truth, scores), LABELS, "multi-label", (0.5, 0.5, 0.5))
    assert [(one.name, one.truth, one.predicted, round(one.score, 2)) for one in found] == [
        ("a", "cat", "not cat", 0.95),
        ("b", "none", "cat", 0.9),
    ]


def test_thresholds_decide_what_is_a_mistake() -> None:
    photos = Predictions(("a",), np.array([[1, 0, 0]]), np.array([[0.4, 0.1, 0.1]]))
    assert worst_mistakes(photos, LABELS, "multi-label")
    assert not worst_mistakes(photos, LABELS, "multi-label", (0.3, 0.5, 0.5))
