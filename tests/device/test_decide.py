"""When the present label changes, and when it is said: rules, so whole stories can be tried."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagui.bundle.manifest import Decision
from sagui.device.decide import Decided, Decider, Memory, Standing, Steadiness, Verdict, advance, decide, follow
from sagui.device.errors import DeviceError

LABELS = ("cat", "dog", "owl")
DECISION = Decision(threshold=0.5)

scores = st.lists(st.floats(0, 1), min_size=3, max_size=3).map(np.array)
names = st.lists(st.sampled_from(LABELS), min_size=1, max_size=60)
steps = st.lists(st.floats(0, 5), min_size=60, max_size=60)
rules = st.builds(
    lambda window, share, dwell_s, every_s: Steadiness(
        agree=max(1, round(share * window)), window=window, dwell_s=dwell_s, every_s=every_s
    ),
    st.integers(1, 8),
    st.floats(0, 1),
    st.floats(0, 10),
    st.floats(0, 10),
)


def story(labels: list[str], times: list[float], steadiness: Steadiness, jump: float = 0.0) -> list[Decided]:
    """Shows the labels one after the other; the wall clock jumps before every second frame, the other never."""
    memory, told = Memory(), []
    for number, (label, ticks) in enumerate(zip(labels, times, strict=False)):
        now = 1.8e9 + ticks + jump * (number % 2)
        told.append(advance(memory, Verdict(label, 0.9, ()), steadiness, now, ticks))
        memory = told[-1].memory
    return told


def states(told: list[Decided]) -> list[str | None]:
    return [one.memory.standing.label if one.memory.standing else None for one in told]


def each_second(labels: list[str], steadiness: Steadiness) -> list[str | None]:
    return states(story(labels, [float(second) for second in range(len(labels))], steadiness))


@given(names, steps)
def test_without_rules_the_state_follows_every_frame_and_every_frame_is_said(
    labels: list[str], gaps: list[float]
) -> None:
    told = story(labels, list(np.cumsum(gaps)), Steadiness())
    assert states(told) == labels
    assert all(one.due for one in told)
    standing: Standing | None = None
    for one in told:
        after = follow(standing, one.verdict, one.memory.standing.since if one.memory.standing else 0.0)
        assert one.changed == (after is not standing)
        standing = after


def test_three_of_five_frames_must_agree() -> None:
    three_of_five = Steadiness(agree=3, window=5)
    assert each_second(["cat"] * 3, three_of_five) == [None, None, "cat"]
    flicker = ["cat"] * 5 + ["dog", "cat", "dog", "cat", "cat", "dog", "dog", "dog"]
    assert each_second(flicker, three_of_five)[2:] == ["cat"] * 9 + ["dog"] * 2


@given(names, rules)
def test_no_label_becomes_the_state_before_enough_frames_agree(labels: list[str], steadiness: Steadiness) -> None:
    told = story(labels, [float(second) for second in range(len(labels))], steadiness)
    for end, one in enumerate(told, start=1):
        if one.changed:
            window = labels[max(0, end - steadiness.window) : end]
            assert one.memory.standing is not None
            assert one.memory.standing.label == labels[end - 1]
            assert window.count(labels[end - 1]) >= steadiness.agree


@given(names, rules)
def test_what_stays_becomes_the_state_in_the_end(labels: list[str], steadiness: Steadiness) -> None:
    last = [*labels, *["owl"] * (steadiness.agree + 12)]
    assert each_second(last, steadiness)[-1] == "owl"


@given(names, steps, rules)
def test_a_label_stands_at_least_as_long_as_it_must(
    labels: list[str], gaps: list[float], steadiness: Steadiness
) -> None:
    told = story(labels, list(np.cumsum(gaps)), steadiness)
    changes = [one.memory.changed_at for one in told if one.changed]
    assert all(later - earlier >= steadiness.dwell_s for earlier, later in pairwise(changes))


@given(names, steps, rules)
def test_results_of_one_state_keep_their_distance_and_a_change_is_said_at_once(
    labels: list[str], gaps: list[float], steadiness: Steadiness
) -> None:
    times = list(np.cumsum(gaps))
    told = story(labels, times, steadiness)
    last = None
    for ticks, one in zip(times, told, strict=False):
        if one.changed:
            assert one.due
        elif one.due:
            assert last is None or ticks - last >= steadiness.every_s
        else:
            assert last is not None
            assert ticks - last < steadiness.every_s
        last = ticks if one.due else last


@given(names, steps, rules, st.floats(-1e9, 1e9))
def test_a_wall_clock_that_jumps_by_years_changes_nothing(
    labels: list[str], gaps: list[float], steadiness: Steadiness, jump: float
) -> None:
    times = list(np.cumsum(gaps))
    calm, jumpy = story(labels, times, steadiness), story(labels, times, steadiness, jump)
    assert states(calm) == states(jumpy)
    assert [one.due for one in calm] == [one.due for one in jumpy]


@given(names, rules)
def test_no_more_is_remembered_than_the_window(labels: list[str], steadiness: Steadiness) -> None:
    told = story(labels, [0.0] * len(labels), steadiness)
    assert max(len(one.memory.recent) for one in told) <= steadiness.window


@given(scores, st.floats(0, 1), st.floats(0, 0.99), st.sampled_from([*LABELS, "unknown", "gone", None]))
def test_hysteresis_keeps_the_standing_label_and_favours_no_other(
    given_scores: np.ndarray, threshold: float, hysteresis: float, standing: str | None
) -> None:
    decision = Decision(threshold=threshold)
    plain = decide(given_scores, LABELS, decision)
    kept = decide(given_scores, LABELS, decision, standing=standing, hysteresis=hysteresis)
    assert kept.top == plain.top
    if kept.label != plain.label:
        assert standing is not None
        assert kept.label == standing
        score = given_scores[LABELS.index(standing)]
        assert kept.score == score
        assert max(given_scores) - score <= hysteresis
        assert score >= threshold - hysteresis
    else:
        assert plain.label in {"unknown", LABELS[int(np.argmax(given_scores))]}


@given(scores, st.floats(0, 1), st.sampled_from(LABELS))
def test_without_hysteresis_the_standing_label_does_not_matter(
    given_scores: np.ndarray, threshold: float, standing: str
) -> None:
    decision = Decision(threshold=threshold)
    assert decide(given_scores, LABELS, decision, standing=standing) == decide(given_scores, LABELS, decision)


@pytest.mark.parametrize(
    ("given_scores", "label", "score"),
    [
        ([0.45, 0.3, 0.25], "cat", 0.45),  # below the threshold, by less than the hysteresis
        ([0.39, 0.3, 0.2], "unknown", 0.39),  # by more
        ([0.46, 0.54, 0.0], "cat", 0.46),  # another is better, by less
        ([0.44, 0.56, 0.0], "dog", 0.56),  # by more
    ],
)
def test_a_cat_stays_a_cat_within_the_hysteresis(given_scores: list[float], label: str, score: float) -> None:
    verdict = decide(np.array(given_scores), LABELS, DECISION, standing="cat", hysteresis=0.1)
    assert (verdict.label, verdict.score) == (label, score)


def test_scores_around_the_threshold_do_not_flicker() -> None:
    around = [np.array([0.5 + 0.04 * (-1) ** number, 0.2, 0.1]) for number in range(20)]
    flickering, calm = Decider(LABELS, DECISION), Decider(LABELS, DECISION, Steadiness(hysteresis=0.1))
    assert sum(flickering.take(one, 0.0, 0.0).changed for one in around) == 20
    assert sum(calm.take(one, 0.0, 0.0).changed for one in around) == 1


@given(st.lists(st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.9]), min_size=1, max_size=70), st.integers(1, 5))
def test_the_best_labels_come_first_and_of_equal_ones_the_first(given_scores: list[float], count: int) -> None:
    labels = [str(number) for number in range(len(given_scores))]
    verdict = decide(np.array(given_scores), labels, DECISION, count)
    ranked = sorted(range(len(labels)), key=lambda number: (-given_scores[number], number))[:count]
    assert verdict.top == tuple((labels[number], given_scores[number]) for number in ranked)
    assert (verdict.label == labels[ranked[0]]) == (verdict.score >= DECISION.threshold)


def test_a_decider_remembers_from_frame_to_frame() -> None:
    decider = Decider(LABELS, DECISION, Steadiness(agree=2, window=3, dwell_s=2.0, every_s=10.0))
    cat, dog = np.array([0.9, 0.1, 0.0]), np.array([0.1, 0.9, 0.0])
    told = [decider.take(one, 1.8e9 + at, at) for at, one in enumerate([cat, cat, dog, dog, dog])]
    assert states(told) == [None, "cat", "cat", "dog", "dog"]
    assert [one.due for one in told] == [True, True, False, True, False]
    assert decider.standing == Standing("dog", 0.9, 1.8e9 + 3)


def test_streams_of_one_camera_do_not_disturb_each_other() -> None:
    left, right = Decider(LABELS, DECISION), Decider(LABELS, DECISION)
    left.take(np.array([0.9, 0.1, 0.0]), 1.0, 1.0)
    right.take(np.array([0.1, 0.9, 0.0]), 1.0, 1.0)
    assert left.standing is not None
    assert right.standing is not None
    assert (left.standing.label, right.standing.label) == ("cat", "dog")


def test_a_forgetful_decider_begins_anew_and_still_holds_its_tongue() -> None:
    decider = Decider(LABELS, DECISION, Steadiness(agree=2, window=2, every_s=60.0))
    cat = np.array([0.9, 0.1, 0.0])
    for at in range(2):
        decider.take(cat, at, at)
    decider.forget()
    assert decider.standing is None
    again = decider.take(cat, 2, 2)
    assert (again.changed, again.due) == (False, False)


@pytest.mark.parametrize(
    "wrong",
    [
        {"agree": 0},
        {"agree": 2, "window": 1},
        {"window": 1001},
        {"dwell_s": -1.0},
        {"dwell_s": float("inf")},
        {"every_s": float("nan")},
        {"hysteresis": 1.0},
        {"hysteresis": -0.1},
    ],
    ids=str,
)
def test_rules_that_cannot_hold_are_refused_with_what_would(wrong: dict[str, float]) -> None:
    with pytest.raises(DeviceError, match=r"such as|0 or more"):
        Steadiness(**wrong)  # type: ignore[arg-type]
