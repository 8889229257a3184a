"""The gate keeps what it promises, and noise is no loss."""

from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagui.convert.errors import GateError
from sagui.convert.evaluate import Scored
from sagui.convert.gate import Budget, Verdict, judge

LABELS = ("a", "b")
LENIENT = Budget(overall=100.0, per_class=100.0, agreement=0.0, calibration=100.0)


def scored(truth: list[int], named: list[int], sure: float = 0.9) -> Scored:
    scores = np.full((len(truth), 2), 1 - sure)
    scores[np.arange(len(named)), named] = sure
    return Scored(scores, np.array(truth, np.int64))


def after_losing(
    lost: int, gained: int = 0, *, photos: int = 200, wrong: int = 20, budget: Budget = LENIENT
) -> Verdict:
    """Class a alone: the float network has some wrong, and the exported file loses and gains some."""
    truth = [0] * photos
    before = [1] * wrong + [0] * (photos - wrong)
    after = [0] * gained + before[gained : photos - lost] + [1] * lost
    return judge(scored(truth, before), scored(truth, after), LABELS, budget)


def test_a_loss_within_the_budget_passes() -> None:
    verdict = after_losing(2, budget=Budget(1.0, 3.0))
    assert verdict.passed
    assert not verdict.doubts
    verdict.check(["photo"] * 200)


def test_a_loss_overall_is_refused_with_its_numbers() -> None:
    verdict = after_losing(6, budget=Budget(1.0, 10.0))
    with pytest.raises(
        GateError,
        match=r"accuracy fell from 90.0% to 87.0% \(3.0 points, 1 allowed; 6 photos lost, 0 gained\)",
    ):
        verdict.check(["photo"] * 200)


def test_a_loss_of_one_class_is_refused_by_name() -> None:
    # Overall nothing is lost: class a gains what class b loses.
    truth = [0] * 100 + [1] * 100
    before = [1] * 10 + [0] * 90 + [1] * 100
    after = [0] * 100 + [1] * 90 + [0] * 10
    verdict = judge(scored(truth, before), scored(truth, after), LABELS, Budget(1.0, 3.0, agreement=0))
    assert [loss.what for loss in verdict.losses if loss.refused] == ["class 'b'"]
    assert verdict.losses[0].points == 0
    assert verdict.losses[1].points == -10


def test_a_fall_that_may_be_chance_is_a_doubt_and_no_refusal() -> None:
    # Five lost and three gained of 100: 2 points, and coins fall like that every third time.
    verdict = after_losing(5, 3, photos=100, budget=Budget(1.0, 3.0))
    assert verdict.passed
    assert verdict.doubts[0].startswith("accuracy fell from 80.0% to 78.0%")
    assert "it may be chance (p = 0.36)" in verdict.doubts[0]


@given(lost=st.integers(0, 20), gained=st.integers(0, 20))
def test_the_chance_is_that_of_coins(lost: int, gained: int) -> None:
    tosses = lost + gained
    heads = sum(comb(tosses, count) for count in range(lost, tosses + 1)) / 2**tosses
    assert after_losing(lost, gained).losses[0].p == pytest.approx(heads)


def test_a_rare_class_cannot_vanish_unseen() -> None:
    truth = [0] * 1240 + [1] * 20
    verdict = judge(scored(truth, truth), scored(truth, [0] * 1260), LABELS, Budget(overall=5.0))
    assert [loss.what for loss in verdict.losses if loss.refused] == ["class 'b'"]


def test_a_class_of_few_photos_may_lose_one_by_chance() -> None:
    truth = [0] * 200 + [1] * 8
    verdict = judge(scored(truth, truth), scored(truth, [0] * 200 + [1] * 7 + [0]), LABELS, Budget())
    assert verdict.passed
    assert verdict.doubts[0].startswith("class 'b' fell from 100.0% to 87.5%")


def test_a_class_without_test_photos_has_no_verdict() -> None:
    assert len(after_losing(0).losses) == 2


@given(
    st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1), st.integers(0, 1)), min_size=1, max_size=80),
    st.floats(0, 20),
)
def test_the_gate_holds_what_it_promises(photos: list[tuple[int, int, int]], allowed: float) -> None:
    truth, before, after = (list(column) for column in zip(*photos, strict=True))
    verdict = judge(scored(truth, before), scored(truth, after), LABELS, Budget(allowed, allowed, 0, 100))
    drop = 100 * (np.mean(np.equal(truth, before)) - np.mean(np.equal(truth, after)))
    overall = verdict.losses[0]
    assert overall.points == pytest.approx(drop, abs=1e-5)
    assert overall.refused == (overall.points > allowed and overall.p < 0.05)
    assert verdict.passed == (not any(loss.refused for loss in verdict.losses))


def test_two_networks_that_are_wrong_differently_are_not_the_same() -> None:
    # As accurate as before, but another network: 40 of 200 photos are named otherwise.
    verdict = after_losing(20, 20, budget=Budget())
    assert verdict.agreement == pytest.approx(0.8)
    assert verdict.refused == ("both name only 80.0% of the photos the same (90 % needed)",)


def test_few_photos_cannot_prove_disagreement() -> None:
    verdict = after_losing(1, 1, photos=10, wrong=2, budget=Budget())
    assert verdict.passed
    assert verdict.doubts == ("both name only 80.0% of the photos the same (90 % needed): it may be chance",)


@pytest.mark.parametrize(("photos", "refused"), [(200, True), (199, False)])
def test_scores_that_lost_their_meaning_are_refused_on_enough_photos(photos: int, refused: bool) -> None:  # noqa: FBT001
    truth = [0] * photos
    named = [1] * (photos // 10) + [0] * (photos - photos // 10)
    verdict = judge(scored(truth, named, 0.9), scored(truth, named, 0.6), LABELS, Budget())
    assert verdict.ece == pytest.approx((0.0, 0.3), abs=0.01)
    assert verdict.passed is not refused
    if refused:
        assert verdict.refused[0].startswith("the calibration error rose by 30.0 points (5 allowed)")


def test_photos_that_changed_sides_are_named_the_surest_loss_first() -> None:
    truth = [0, 0, 0, 1]
    before = Scored(np.array([[0.7, 0.3], [0.9, 0.1], [0.2, 0.8], [0.6, 0.4]]), np.array(truth))
    after = Scored(np.array([[0.4, 0.6], [0.3, 0.7], [0.9, 0.1], [0.55, 0.45]]), np.array(truth))
    changed = judge(before, after, LABELS, LENIENT).changed
    assert [change.photo for change in changed] == [1, 0, 2]
    assert changed[0].describe("cell.png") == "cell.png is a: float says a (0.90), this file b (0.70)"


def test_no_more_than_ten_of_them_are_shown_and_the_refusal_carries_them() -> None:
    verdict = after_losing(30, budget=Budget())
    assert len(verdict.changed) == 10
    with pytest.raises(GateError) as caught:
        verdict.check([f"{number}.png" for number in range(200)])
    assert caught.value.evidence[0] == "170.png is a: float says a (0.90), this file b (0.90)"


def test_a_file_that_is_better_passes() -> None:
    verdict = after_losing(0, 10, budget=Budget(0.0, 0.0))
    assert verdict.passed
    assert verdict.losses[0].points == -5
