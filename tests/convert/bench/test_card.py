"""The card: its statistics, and that what is written is read again."""

from collections.abc import Callable
from itertools import pairwise
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagui.bundle.metrics import proportion
from sagui.convert.bench.card import Card, accuracy_of, decode_card, encode_card, latency, shared_threads, thread_counts
from sagui.convert.bench.errors import BenchError

Make = Callable[..., Card]


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=200), st.randoms(use_true_random=False))
def test_percentiles_rise_within_what_was_measured_in_any_order(times: list[float], rng: Random) -> None:
    found = latency(np.array(times))
    assert min(times) <= found.p50_ms <= found.p90_ms <= found.p99_ms <= max(times) * (1 + 1e-12)
    rng.shuffle(times)
    assert latency(np.array(times)) == found


def test_one_slow_run_in_two_hundred_moves_no_median_but_p99_of_fifty() -> None:
    slow = np.array([1.0] * 199 + [1000.0])
    assert latency(slow).p99_ms == 1
    assert latency(slow[-50:]).p99_ms > 400
    assert latency(slow[-50:]).p90_ms == latency(slow[-50:]).p50_ms == 1


@given(st.integers(1, 256))
def test_thread_counts_double_up_to_the_cores(cores: int) -> None:
    counts = thread_counts(cores)
    assert counts[0] == 1
    assert counts[-1] == cores
    assert all(later <= 2 * earlier and later > earlier for earlier, later in pairwise(counts))


def test_the_change_against_float_is_in_percentage_points() -> None:
    assert accuracy_of(proportion(880, 1000), proportion(884, 1000)).change_points == -0.4
    assert accuracy_of(proportion(90, 100), proportion(85, 100)).change_points == 5


def test_a_card_survives_writing_and_the_same_card_gives_the_same_bytes(make_card: Make) -> None:
    card = make_card(warnings=("hot",))
    assert decode_card(encode_card(card)) == card
    assert encode_card(card) == encode_card(decode_card(encode_card(card)))


def test_what_the_board_does_not_tell_is_null(make_card: Make) -> None:
    content = encode_card(make_card(accuracy=None))
    assert b'"accuracy": null' in content
    assert b'"governor": null' in content


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (b'"kind": "sagui-bench"', b'"kind": "cake"', "its kind is 'cake'; write one with sagui bench"),
        (b'"schema": 1', b'"schema": 9', "of schema 9, this sagui reads 1; measure again"),
        (b'"p50_ms": 10.0', b'"p50_ms": -1', r"p50_ms"),
        (b'"runs": 500', b'"runs": "many"', r"measured\[0\]\.runs"),
        (b'"created"', b'"creator"', "missing required field `created`"),
        (b"{", b"[", "not a report card"),
    ],
)
def test_a_damaged_card_is_refused_by_its_key(make_card: Make, old: bytes, new: bytes, said: str) -> None:
    content = encode_card(make_card())
    assert old in content
    with pytest.raises(BenchError, match=said):
        decode_card(content.replace(old, new, 1))


@given(st.binary(max_size=200))
def test_anything_else_is_refused_too(content: bytes) -> None:
    with pytest.raises(BenchError):
        decode_card(content)


def test_only_thread_counts_of_all_cards_are_shared(make_card: Make, make_measured: Callable[..., object]) -> None:
    other = make_card(measured=(make_measured(2), make_measured(4)))
    assert shared_threads([make_card(), other]) == (4,)
