"""Whether a stream has changed: the rules, on made-up weeks."""

from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import jensenshannon

from sagui.deploy.history import StreamCount
from sagui.deploy.history.drift import (
    DISTANCE,
    FALL,
    MOST_LABELS,
    NEEDED,
    NOTHING,
    RARE,
    RISE,
    UNKNOWN,
    WEEK_MS,
    Bounds,
    Comparison,
    Sample,
    compare,
    distance,
    samples,
)
from sagui.deploy.history.port import MOST_STREAMS

HOUR = 3_600_000
DAY = 24 * HOUR
BEGIN = 490_000 * HOUR

Counts = Mapping[str, int]

counts_of_labels = st.lists(st.tuples(st.integers(0, 10**9), st.integers(0, 10**9)), min_size=1, max_size=20).filter(
    lambda pairs: all(sum(side) > 0 for side in zip(*pairs, strict=True))
)
hours_of_labels = st.dictionaries(st.sampled_from(["cat", "dog", UNKNOWN, "", "<b>"]), st.integers(0, 10_000))


def sample(*hours: Counts, score: float = 0.9, scores: Sequence[float] = ()) -> Sample:
    """Of one stream; each mapping is an hour."""
    counts = [
        StreamCount(BEGIN + number * HOUR, "", label, count, scores[number] if scores else score)
        for number, hour in enumerate(hours)
        for label, count in hour.items()
        if count
    ]
    return samples(counts).get("", NOTHING)


def judged(then: Sample, now: Sample, *, length_ms: int = WEEK_MS, block_ms: int = DAY) -> Comparison:
    return compare(then, now, length_ms=length_ms, block_ms=block_ms)


def arrays(pairs: Sequence[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    then, now = np.array(pairs, np.int64).T
    return then, now


@given(counts_of_labels)
def test_the_distance_is_that_of_scipy(pairs: Sequence[tuple[int, int]]) -> None:
    assert distance(*arrays(pairs)) == pytest.approx(jensenshannon(*arrays(pairs), base=2), abs=1e-6)


@given(counts_of_labels)
def test_the_distance_is_the_same_both_ways_and_from_0_to_1(pairs: Sequence[tuple[int, int]]) -> None:
    then, now = arrays(pairs)
    assert 0 <= distance(then, now) <= 1
    assert distance(then, now) == pytest.approx(distance(now, then), abs=1e-6)
    assert distance(then, 3 * then) == pytest.approx(0, abs=1e-6)


@given(st.integers(0, 100), st.integers(0, 100), st.integers(0, 100))
def test_the_distance_is_a_metric(one: int, two: int, three: int) -> None:
    first, second, third = (np.array([number, 100 - number]) for number in (one, two, three))
    assert distance(first, third) <= distance(first, second) + distance(second, third) + 1e-6


def test_a_label_that_is_new_counts_as_it_is_documented() -> None:
    assert distance(np.array([100, 0]), np.array([92, 8])) == pytest.approx(DISTANCE.least, abs=0.005)


def test_the_limit_lies_where_the_population_stability_index_is_large() -> None:
    then, now = np.array([0.5, 0.5]), np.array([0.27, 0.73])
    index = ((now - then) * np.log(now / then)).sum()
    assert 0.2 < index < 0.25
    assert distance(then, now) == pytest.approx(DISTANCE.least, abs=0.02)


def test_chance_alone_stays_below_half_the_limit_where_results_are_just_enough() -> None:
    rng = np.random.default_rng(1)
    labels = 10
    then = np.full(labels, 100_000)
    found = [distance(then, rng.multinomial(20 * labels, np.full(labels, 1 / labels))) for _ in range(200)]
    assert np.mean(found) < DISTANCE.least / 2


def test_what_is_as_it_was_is_steady() -> None:
    one = judged(sample(*[{"cat": 6, "dog": 4}] * 168), sample({"cat": 60, "dog": 40}))
    assert (one.verdict, one.reasons) == ("steady", ())
    assert one.distance == pytest.approx(0, abs=1e-6)
    assert (one.count_then, one.count_now, one.needed) == (1680, 100, NEEDED)


def test_other_labels_are_a_change_and_the_most_moved_come_first() -> None:
    one = judged(sample(*[{"cat": 60, "dog": 30, "owl": 10}] * 168), sample({"cat": 12, "dog": 75, "owl": 13}))
    assert (one.verdict, one.reasons) == ("changed", ("labels",))
    assert [(share.label, round(share.then, 2), round(share.now, 2)) for share in one.shares] == [
        ("cat", 0.6, 0.12),
        ("dog", 0.3, 0.75),
        ("owl", 0.1, 0.13),
    ]


@pytest.mark.parametrize(("now", "verdict"), [(0.86, "steady"), (0.84, "changed"), (0.99, "steady")])
def test_scores_that_fall_are_a_change_and_those_that_rise_are_none(now: float, verdict: str) -> None:
    one = judged(sample(*[{"cat": 100}] * 168, score=0.9), sample({"cat": 500}, score=now))
    assert one.verdict == verdict
    assert [one.score_then, one.score_now] == pytest.approx([0.9, now])
    assert one.reasons == (("score",) if verdict == "changed" else ())


def test_more_unknowns_are_a_change_before_the_labels_as_a_whole_are() -> None:
    one = judged(sample(*[{"cat": 70, UNKNOWN: 30}] * 168), sample({"cat": 58, UNKNOWN: 42}))
    assert (one.verdict, one.reasons) == ("changed", ("unknown",))
    assert [one.unknown_then, one.unknown_now] == pytest.approx([0.3, 0.42])


def test_unknowns_are_told_however_rare_they_are() -> None:
    one = judged(sample(*[{"cat": 999, UNKNOWN: 1}] * 168), sample({"cat": 997, UNKNOWN: 3}))
    assert [one.unknown_then, one.unknown_now] == pytest.approx([0.001, 0.003])


def test_fewer_unknowns_are_none() -> None:
    assert judged(sample(*[{"cat": 70, UNKNOWN: 30}] * 168), sample({"cat": 85, UNKNOWN: 15})).verdict == "steady"


def test_where_days_differ_anyway_only_more_than_that_is_a_change() -> None:
    week = [{"cat": 10}] * 120 + [{"dog": 10}] * 48  # other visitors at the weekend
    assert judged(sample(*week), sample({"dog": 1000})).verdict == "steady"
    assert judged(sample(*week), sample({"owl": 1000})).verdict == "changed"
    assert judged(sample(*[{"cat": 5, "dog": 2}] * 168), sample({"dog": 1000})).verdict == "changed"


def test_a_night_is_none_of_a_change_where_nights_are_so() -> None:
    week = [{"cat": 200} if 8 <= hour % 24 < 20 else {"empty": 200} for hour in range(168)]
    night = sample({"empty": 200})
    assert judged(sample(*week), night, block_ms=HOUR).verdict == "steady"
    assert judged(sample(*week), night, block_ms=DAY).verdict == "changed"


def test_the_last_minutes_of_the_first_week_are_no_day_of_their_own() -> None:
    week = [*[{"cat": 500, "dog": 500}] * 168, {"dog": 200}]
    assert judged(sample(*week), sample({"cat": 100, "dog": 900})).verdict == "changed"


def test_scores_that_differ_from_day_to_day_may() -> None:
    scores = [0.9] * 144 + [0.8] * 24
    week = sample(*[{"cat": 10}] * 168, scores=scores)
    assert judged(week, sample({"cat": 100}, score=0.79)).verdict == "steady"
    assert judged(week, sample({"cat": 100}, score=0.75)).verdict == "changed"


def test_millions_of_frames_make_no_small_difference_large() -> None:
    one = judged(sample(*[{"cat": 60_000, "dog": 40_000}] * 168), sample({"cat": 6_300_000, "dog": 3_700_000}))
    assert one.verdict == "steady"


@pytest.mark.parametrize(
    ("then", "now", "length_ms"), [(99, 5000, WEEK_MS), (5000, 99, WEEK_MS), (5000, 5000, DAY - 1), (0, 0, 0)]
)
def test_too_little_is_no_ground_for_a_verdict(then: int, now: int, length_ms: int) -> None:
    one = judged(sample({"cat": then}), sample({"dog": now}), length_ms=length_ms)
    assert (one.verdict, one.reasons) == ("too few", ())
    assert (one.count_then, one.count_now) == (then, now)


def test_more_labels_need_more_results() -> None:
    week = sample(*[{f"label {number}": 1 for number in range(20)}] * 168)
    assert judged(week, sample({"label 0": 399})).needed == 400
    assert judged(week, sample({"label 0": 399})).verdict == "too few"
    assert judged(week, sample({"label 0": 400})).verdict == "changed"


def test_another_label_each_time_is_one_label() -> None:
    week = sample(*[{f"{hour}-{number}": 1 for number in range(50)} for hour in range(168)])
    one = judged(week, sample({f"now-{number}": 1 for number in range(1000)}))
    assert [share.label for share in one.shares] == [None]
    assert one.verdict == "steady"
    assert len(week.labels) == MOST_LABELS


def test_a_label_that_is_rare_on_one_side_only_is_named() -> None:
    week = sample(*[{"cat": 1000, "owl": 1}] * 168)
    one = judged(week, sample({"cat": 90, "owl": 10}))
    assert {share.label for share in one.shares} == {"cat", "owl"}
    assert next(share.then for share in one.shares if share.label == "owl") < RARE


def test_streams_are_told_apart() -> None:
    counts = [StreamCount(BEGIN, "left", "cat", 3, 0.5), StreamCount(BEGIN, "right", "dog", 4, 1.0)]
    found = samples([*counts, StreamCount(BEGIN + HOUR, "left", "dog", 1, 0.9)])
    assert {stream: (one.labels, one.total) for stream, one in found.items()} == {
        "left": (("cat", "dog"), 4),
        "right": (("dog",), 4),
    }
    assert found["left"].begins_ms.tolist() == [BEGIN, BEGIN + HOUR]


def slow_camera(rng: np.random.Generator, hours: int, shares: np.ndarray) -> list[Counts]:
    """A result a second of a picture that stays for 20 minutes in the mean, and at night of an empty one."""
    night = np.array([0.02, 0.02, 0.02, 0.94])
    found: list[Counts] = []
    label = 3
    for hour in range(hours):
        left_s, seen = 3600, np.zeros(4, np.int64)
        while left_s > 0:
            stay_s = min(left_s, int(rng.exponential(1200)) + 1)
            seen[label] += stay_s
            left_s -= stay_s
            if left_s:
                label = rng.choice(4, p=night if hour % 24 < 7 else shares)
        found.append({f"label {number}": int(count) for number, count in enumerate(seen)})
    return found


def test_frames_that_hang_together_are_no_change_and_hide_none() -> None:
    rng = np.random.default_rng(1)
    told, found, trials = 0, 0, 20
    for _ in range(trials):
        shares = rng.dirichlet([2, 2, 2, 2])
        other = np.array([0.05, 0.05, 0.05, 0.0])
        other[rng.integers(3)] = 0.9
        week = sample(*slow_camera(rng, 168, shares))
        told += judged(week, sample(*slow_camera(rng, 24, shares))).verdict == "changed"
        found += judged(week, sample(*slow_camera(rng, 24, other))).verdict == "changed"
    assert told <= trials // 10
    assert found >= trials * 9 // 10


@given(st.floats(0, 1), st.sampled_from([DISTANCE, FALL, RISE]))
def test_a_limit_stays_within_its_bounds(usual: float, bounds: Bounds) -> None:
    assert bounds.least <= bounds.limit(usual) <= bounds.most


@given(st.lists(hours_of_labels, max_size=12), st.lists(hours_of_labels, max_size=3), st.sampled_from([HOUR, DAY]))
def test_any_counts_give_a_verdict_and_shares_that_sum_to_one(
    then: list[Counts], now: list[Counts], block_ms: int
) -> None:
    one = judged(sample(*then), sample(*now), block_ms=block_ms)
    assert (one.verdict == "changed") == bool(one.reasons)
    assert (one.verdict == "too few") == (min(one.count_then, one.count_now) < one.needed)
    assert sum(share.then for share in one.shares) == pytest.approx(1 if one.count_then else 0)
    assert sum(share.now for share in one.shares) == pytest.approx(1 if one.count_now else 0)
    assert 0 <= one.distance <= 1


@given(hours_of_labels.filter(lambda hour: sum(hour.values()) >= 5 * NEEDED))
def test_what_is_the_same_is_never_a_change(hour: Counts) -> None:
    assert judged(sample(*[hour] * 48), sample(hour)).verdict == "steady"


def test_what_was_not_counted_whole_is_no_ground_for_a_verdict() -> None:
    then, now = sample(*[{"cat": 60}] * 168), sample({"dog": 5000})
    assert judged(then, now).verdict == "changed"
    one = compare(then, now, length_ms=WEEK_MS, block_ms=DAY, is_whole=False)
    assert (one.verdict, one.reasons, one.is_whole) == ("too few", (), False)


def test_of_many_streams_those_that_matter_are_kept() -> None:
    found = samples([StreamCount(BEGIN, f"s{number:04d}", "cat", 1, 0.5) for number in range(1000)], {"s0999"})
    assert sorted(found) == [*(f"s{number:04d}" for number in range(MOST_STREAMS - 1)), "s0999"]


def test_a_sample_says_how_much_memory_it_takes() -> None:
    week = sample(*[{f"label {number}": 7 for number in range(20)}] * 168)
    assert 168 * (21 * 8 + 8) < week.size_bytes < 168 * (21 * 8 + 8) + 2000
