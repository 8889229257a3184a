"""Numbers that carry their uncertainty."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagui.bundle import measure, proportion


@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_holds_the_share(case: tuple[int, int]) -> None:
    hits, n = case
    share = proportion(hits, n)
    assert 0 <= share.low <= share.value <= share.high <= 1
    assert share.low < share.high


def test_more_photos_make_a_narrower_interval() -> None:
    widths = [(p := proportion(n * 9 // 10, n)).high - p.low for n in (10, 100, 1000)]
    assert widths == sorted(widths, reverse=True)


def test_wilson_as_published() -> None:
    # Newcombe, Statistics in Medicine 17 (1998), table I, method 3: 81 of 263 gives 0.2553 to 0.3662.
    share = proportion(81, 263)
    assert (round(share.low, 4), round(share.high, 4)) == (0.2553, 0.3662)


def test_a_measure_counts_by_truth_and_prediction() -> None:
    measured = measure(np.array([0, 0, 0, 1, 1, 2]), np.array([0, 0, 1, 1, 1, 0]), ("a", "b", "c"))
    assert measured.confusion == ((2, 1, 0), (0, 2, 0), (1, 0, 0))
    assert measured.accuracy.value == pytest.approx(4 / 6)
    assert {label: recall.value for label, recall in measured.recall.items()} == {
        "a": pytest.approx(2 / 3),
        "b": 1.0,
        "c": 0.0,
    }
    assert measured.macro_f1 == pytest.approx((2 / 3 + 4 / 5 + 0) / 3)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1))
def test_a_measure_loses_no_photo(pairs: list[tuple[int, int]]) -> None:
    truth, predicted = (np.array(column) for column in zip(*pairs, strict=True))
    measured = measure(truth, predicted, ("a", "b", "c", "d"))
    assert sum(map(sum, measured.confusion)) == measured.accuracy.n == len(pairs)
    assert 0 <= measured.macro_f1 <= 1
