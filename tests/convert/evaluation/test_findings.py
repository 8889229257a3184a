"""The numbers of an evaluation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagui.bundle.manifest import Decision
from sagui.bundle.metrics import measure, proportion
from sagui.convert.evaluation.findings import Findings, Subject, find
from sagui.convert.evaluation.match import match
from sagui.convert.evaluation.score import Answer, Scored

SUBJECT = Subject(model="toy", version="", sha256="0" * 64, threads=1, engine="local", data="photos", part="all")
CLASSES = ("cat", "dog", "fish")


def answer(truth: int, named: int, score: float = 0.9, *, in_top: bool | None = None) -> Answer:
    return Answer(truth, named, score, truth == named if in_top is None else in_top, 1.0, 3.0)


def found(answers: list[Answer], labels: tuple[str, ...] = CLASSES, top: int = 1, **options: object) -> Findings:
    scored = Scored(tuple(answers), {}, frozenset({"litert 9"}))
    return find(SUBJECT, scored, match(CLASSES, labels, ignore_unknown=True), top, **options)  # type: ignore[arg-type]


def test_accuracy_and_recall_carry_their_intervals() -> None:
    findings = found([answer(0, 0)] * 8 + [answer(0, 1)] * 2 + [answer(1, 1)] * 5)
    assert findings.accuracy == proportion(13, 15)
    assert findings.recall == {"cat": proportion(8, 10), "dog": proportion(5, 5), "fish": proportion(0, 0)}
    assert findings.runtime == "litert 9"
    assert (findings.latency.preprocess_ms, findings.latency.infer_ms) == (1.0, 3.0)


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=40))
def test_the_numbers_are_those_of_a_bundle(pairs: list[tuple[int, int]]) -> None:
    # A photo of each class, so that both means are over the same classes.
    pairs = [*pairs, (0, 0), (1, 0), (2, 2)]
    findings = found([answer(truth, named) for truth, named in pairs])
    truth, named = np.array(pairs).T
    expected = measure(truth, named, CLASSES)
    assert findings.accuracy == expected.accuracy
    assert findings.macro_f1 == pytest.approx(expected.macro_f1)
    assert findings.recall == expected.recall
    confused = {(CLASSES.index(one.truth), CLASSES.index(one.named)): one.photos for one in findings.confusions}
    matrix = np.array(expected.confusion)
    assert all(matrix[pair] == photos for pair, photos in confused.items())
    assert sum(confused.values()) == matrix.sum() - np.trace(matrix)


def test_labels_without_photos_are_wrong_answers_but_no_classes() -> None:
    findings = found([answer(0, 0), answer(0, 3), answer(1, 1)], ("cat", "dog", "fish", "background"))
    assert findings.accuracy == proportion(2, 3)
    assert list(findings.recall) == list(CLASSES)
    # Cat: precision 1, recall 1/2; dog: both 1. Fish and the background have no photos.
    assert findings.macro_f1 == pytest.approx((2 / 3 + 1) / 2)
    (confusion,) = findings.confusions
    assert (confusion.truth, confusion.named, confusion.photos) == ("cat", "background", 1)


def test_the_most_frequent_confusion_comes_first() -> None:
    findings = found([answer(0, 1), answer(2, 0), answer(2, 0), answer(1, 2), answer(0, 0)])
    assert [(one.truth, one.named, one.photos) for one in findings.confusions] == [
        ("fish", "cat", 2),
        ("cat", "dog", 1),
        ("dog", "fish", 1),
    ]


def test_top_counts_what_is_among_the_best() -> None:
    findings = found([answer(0, 0), answer(0, 1, in_top=True), answer(1, 0)], top=2)
    assert findings.top is not None
    assert (findings.top.k, findings.top.accuracy) == (2, proportion(2, 3))
    assert found([answer(0, 0)]).top is None


def test_scores_that_tell_how_sure_one_may_be_have_no_calibration_error() -> None:
    assert found([answer(0, 0, 0.75)] * 3 + [answer(0, 1, 0.75)]).calibration_error == pytest.approx(0)
    assert found([answer(0, 1, 0.9)]).calibration_error == pytest.approx(0.9)
    # Eight bits may give a little more than 1.
    assert found([answer(0, 0, 1.0039)]).calibration_error == 0


def test_the_threshold_of_a_bundle_splits_the_photos() -> None:
    answers = [answer(0, 0, 0.8), answer(0, 1, 0.5), answer(1, 0, 0.49), answer(1, 1, 0.3)]
    naming = found(answers, decision=Decision(threshold=0.5)).decision
    assert naming is not None
    assert naming.unknown == proportion(2, 4)
    assert naming.accuracy == proportion(1, 2), "a score that reaches the threshold is named"
    strict = found(answers, decision=Decision(threshold=0.9)).decision
    assert strict is not None
    assert strict.accuracy.n == 0
    assert found(answers).decision is None


def test_what_was_left_out_is_told() -> None:
    scored = Scored((answer(0, 0),), {f"{number}.png": "the file is empty" for number in range(12)}, frozenset({"r"}))
    findings = find(SUBJECT, scored, match(CLASSES, CLASSES), 1, skipped={"cow": 3, "hen": 4}, notes=("first",))
    first, unreadable, skipped = findings.notes
    assert first == "first"
    assert "(12): 0.png: the file is empty; " in unreadable
    assert unreadable.endswith("9.png: the file is empty; and 2 more.")
    assert "(7 photos): cow (3), hen (4)." in skipped
    assert findings.skipped == {"cow": 3, "hen": 4}
    assert len(findings.unreadable) == 12
