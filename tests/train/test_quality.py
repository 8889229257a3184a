"""The measures, against numbers worked out by hand and against each other."""

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sagui.bundle.metrics import measure, proportion
from sagui.train.quality import (
    CURVE_POINTS,
    Predictions,
    Quality,
    accuracy,
    choose_thresholds,
    decide,
    quality,
    right,
)

LABELS = ("cat", "dog", "owl", "fox")


def predictions(truth: list[int], named: list[int], labels: int) -> Predictions:
    """Photos of some classes, named with a score of 0.7."""
    scores = np.full((len(truth), labels), 0.3 / (labels - 1))
    scores[np.arange(len(named)), named] = 0.7
    return Predictions(tuple(f"{at}.png" for at in range(len(truth))), np.eye(labels)[truth], scores)


@st.composite
def random_predictions(draw: st.DrawFn, labels: int = 4, *, several: bool = False) -> Predictions:
    n = draw(st.integers(1, 40))
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    truth = rng.integers(0, 2, (n, labels)) if several else np.eye(labels)[rng.integers(0, labels, n)]
    scores = rng.random((n, labels)).round(2)
    if not several:
        scores = (scores + 0.01) / (scores + 0.01).sum(axis=1, keepdims=True)
    return Predictions(tuple(map(str, range(n))), truth.astype(np.float32), scores.astype(np.float32))


def test_the_measures_of_a_small_example() -> None:
    # Four cats, of which one is named a dog; three dogs, all right; one owl, named a cat.
    found = quality(predictions([0, 0, 0, 0, 1, 1, 1, 2], [0, 0, 0, 1, 1, 1, 1, 0], 3), LABELS[:3])
    assert found.accuracy == proportion(6, 8)
    assert found.confusion == ((3, 1, 0), (0, 3, 0), (1, 0, 0))
    cat, dog, owl = found.per_class
    assert (cat.label, cat.n, cat.hits) == ("cat", 4, 3)
    assert (cat.precision, cat.recall) == (proportion(3, 4), proportion(3, 4))
    assert (dog.precision.value, dog.recall.value) == (0.75, 1.0)
    assert dog.f1 == pytest.approx(6 / 7)
    assert (owl.precision.n, owl.recall.value, owl.f1) == (0, 0, 0)
    assert found.macro.recall == pytest.approx((0.75 + 1 + 0) / 3)
    assert found.weighted.precision == pytest.approx((4 * 0.75 + 3 * 0.75 + 0) / 8)


def test_a_class_that_no_photo_shows_does_not_spoil_the_mean() -> None:
    found = quality(predictions([0, 1, 1], [0, 1, 1], 3), LABELS[:3])
    assert (found.macro.f1, found.macro.recall) == (1, 1)
    assert found.per_class[2].average_precision is None


def test_the_right_class_may_be_among_the_best() -> None:
    scores = np.array([[0.4, 0.3, 0.2, 0.1]] * 4)
    found = quality(Predictions(("a", "b", "c", "d"), np.eye(4), scores), LABELS)
    assert {k: share.value for k, share in found.top_k.items()} == {2: 0.5, 3: 0.75}
    assert found.top_k[2] == proportion(2, 4)


def test_of_equal_scores_the_first_label_is_named_and_is_among_the_best() -> None:
    found = quality(Predictions(("a", "b"), np.eye(4)[[0, 2]], np.full((2, 4), 0.25)), LABELS)
    assert found.accuracy == proportion(1, 2)
    assert found.top_k == {2: proportion(1, 2), 3: proportion(2, 2)}


def test_two_classes_have_curves() -> None:
    # Of the 2 x 3 pairs of a dog and a cat, the dog scores higher in five.
    truth, dog = np.array([0, 0, 0, 1, 1]), np.array([0.1, 0.2, 0.6, 0.5, 0.9])
    found = quality(Predictions(tuple("abcde"), np.eye(2)[truth], np.stack([1 - dog, dog], 1)), LABELS[:2])
    assert found.roc is not None
    assert found.pr is not None
    assert found.roc.positive == "dog"
    assert found.roc.area == pytest.approx(5 / 6)
    assert (found.roc.x[0], found.roc.y[0], found.roc.x[-1], found.roc.y[-1]) == (0, 0, 1, 1)
    # Dogs come first and third: precision 1 for the one half of the recall, 2/3 for the other.
    assert found.pr.area == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)


def test_one_class_among_the_test_photos_has_none() -> None:
    found = quality(predictions([0, 0], [0, 1], 2), LABELS[:2])
    assert found.roc is None
    assert found.pr is None


def test_curves_are_thinned_and_keep_their_ends() -> None:
    rng = np.random.default_rng(0)
    truth, dog = rng.integers(0, 2, 5000), rng.random(5000)
    found = quality(Predictions(("x",) * 5000, np.eye(2)[truth], np.stack([1 - dog, dog], 1)), LABELS[:2])
    for curve in (found.roc, found.pr):
        assert curve is not None
        assert len(curve.x) == len(curve.y) == CURVE_POINTS
        assert (min(curve.x), max(curve.x)) == (0, 1)
        assert list(curve.x) == sorted(curve.x)


def test_several_labels_are_measured_by_hand() -> None:
    truth = np.array([[1, 0, 1], [0, 1, 0], [0, 0, 0], [1, 1, 0]])
    scores = np.array([[0.9, 0.1, 0.4], [0.2, 0.8, 0.6], [0.1, 0.2, 0.3], [0.7, 0.3, 0.1]])
    found = quality(Predictions(tuple("abcd"), truth, scores), LABELS[:3], "multi-label", thresholds=(0.5, 0.5, 0.35))
    assert found.multi_label is not None
    # a: right. b: dog, and owl wrongly. c: none, right. d: cat, dog missed.
    assert found.accuracy == proportion(2, 4)
    assert found.multi_label.hamming_loss == pytest.approx(2 / 12)
    assert found.multi_label.micro.f1 == pytest.approx(2 * 4 / (2 * 4 + 1 + 1))
    assert found.multi_label.samples_f1 == pytest.approx((1 + 2 / 3 + 1 + 2 / 3) / 4)
    assert [one.hits for one in found.per_class] == [2, 1, 1]
    assert [one.precision.n for one in found.per_class] == [2, 1, 2]
    assert (found.confusion, found.top_k, found.roc) == ((), {}, None)


def test_a_threshold_is_reached_by_the_score_it_was_chosen_from() -> None:
    truth = np.array([[1], [1], [0], [0]])
    scores = np.array([[0.3], [0.2], [0.1], [0.05]], np.float32)
    (threshold,) = choose_thresholds(truth, scores)
    assert decide(scores, "multi-label", (threshold,))[:, 0].tolist() == [True, True, False, False]


def test_a_label_that_no_photo_shows_is_given_from_a_half_on() -> None:
    assert choose_thresholds(np.zeros((5, 2)), np.full((5, 2), 0.1)) == (0.5, 0.5)


def test_without_thresholds_a_half_decides() -> None:
    assert decide(np.array([[0.49, 0.5]]), "multi-label").tolist() == [[False, True]]


@settings(max_examples=50, deadline=None)
@given(random_predictions(3, several=True))
def test_no_other_threshold_has_a_higher_f1(photos: Predictions) -> None:
    def f1(truth: np.ndarray, given: np.ndarray) -> float:
        return 2 * float((truth & given).sum()) / max(1, int(truth.sum() + given.sum()))

    chosen = choose_thresholds(photos.truth, photos.scores)
    for at, threshold in enumerate(chosen):
        truth, scores = photos.truth[:, at] > 0, photos.scores[:, at]
        best = max(f1(truth, scores >= other) for other in scores)
        assert f1(truth, scores >= threshold) >= best - 1e-9


@settings(max_examples=50, deadline=None)
@given(random_predictions())
def test_the_measures_agree_with_each_other_and_with_those_of_a_bundle(photos: Predictions) -> None:
    found = quality(photos, LABELS)
    bundle = measure(photos.truth.argmax(1), photos.scores.argmax(1), LABELS)
    assert (found.accuracy, found.confusion) == (bundle.accuracy, bundle.confusion)
    assert found.macro.f1 == pytest.approx(bundle.macro_f1)
    assert {one.label: one.recall for one in found.per_class} == bundle.recall
    assert found.weighted.recall == pytest.approx(found.accuracy.value)
    assert found.accuracy == accuracy(photos)
    assert found.accuracy.value <= found.top_k[2].value <= found.top_k[3].value
    assert right(photos).sum() == sum(one.hits for one in found.per_class)


@settings(max_examples=50, deadline=None)
@given(st.one_of(random_predictions(), random_predictions(2), random_predictions(several=True)), st.booleans())
def test_every_quality_can_be_written_and_read(photos: Predictions, several: bool) -> None:  # noqa: FBT001
    labels = LABELS[: photos.truth.shape[1]]
    found = quality(photos, labels, "multi-label" if several else "single-label", 1.5)
    assert msgspec.json.decode(msgspec.json.encode(found), type=Quality) == found
