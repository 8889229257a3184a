"""What no good model does, told from what two models made of the same frames."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagui.device.update.shadow_rules import (
    DISAGREEMENT,
    FALL,
    FEWEST,
    LIMITS,
    UNKNOWN,
    Look,
    Pair,
    compare,
    grown,
    judge,
    wilson,
)

LABELS = frozenset({"red", "green", "blue"})
TURNS = ("red", "green", "blue")

OTHER = {"red": "green", "green": "blue", "blue": "red"}

looks = st.builds(Look, st.sampled_from(TURNS), st.floats(0, 1), st.floats(0.1, 1000), st.booleans())
counts = st.integers(FEWEST, 300)
several = st.lists(st.builds(Pair, looks, looks), min_size=1, max_size=60)


def seen(labels: Sequence[str], score: float = 0.9, ms: float = 5.0) -> list[Look]:
    """Scores that move a little, as those of real frames do."""
    return [Look(label, score - 0.01 * (number % 5), ms) for number, label in enumerate(labels)]


def turns(count: int) -> list[str]:
    return [TURNS[number % 3] for number in range(count)]


def pairs(old: Sequence[Look], new: Sequence[Look]) -> list[Pair]:
    return [Pair(before, after) for before, after in zip(old, new, strict=True)]


def otherwise(labels: Sequence[str], count: int) -> list[str]:
    """The first frames get another label."""
    return [OTHER[label] if at < count else label for at, label in enumerate(labels)]


def nameless(made: Sequence[Look], count: int) -> list[Look]:
    return [replace(look, known=at >= count) for at, look in enumerate(made)]


def kinds(old: Sequence[Look], new: Sequence[Look], interval_ms: float | None = 33.0) -> list[str]:
    return [fault.kind for fault in judge(pairs(old, new), LABELS, LABELS, interval_ms)]


@given(st.lists(looks, min_size=1, max_size=200), st.floats(0, 1000))
def test_a_model_that_does_as_the_old_one_is_never_refused(old: list[Look], interval_ms: float) -> None:
    assert not judge(pairs(old, old), LABELS, LABELS, interval_ms)


@given(several)
def test_of_too_few_frames_nothing_is_said(made: list[Pair]) -> None:
    assert not judge(made[: FEWEST - 1], LABELS, LABELS, 0.0)


@given(several, st.one_of(st.none(), st.floats(0, 100)))
def test_whatever_was_seen_each_fault_is_named_once_in_one_line(made: list[Pair], interval_ms: float | None) -> None:
    faults = judge(made, LABELS, LABELS, interval_ms)
    assert len({fault.kind for fault in faults}) == len(faults)
    assert all(fault.text.isprintable() for fault in faults)
    assert str(compare(made, LABELS, LABELS)).isprintable()


@given(several)
def test_times_are_not_judged_where_they_cannot_be_compared(made: list[Pair]) -> None:
    assert "latency" not in [fault.kind for fault in judge(made, LABELS, LABELS, None)]


@given(counts, st.data())
def test_a_model_within_the_limits_is_never_refused(count: int, data: st.DataObject) -> None:
    differing = data.draw(st.integers(0, int(DISAGREEMENT * count)))
    falls = st.lists(st.floats(0, FALL), min_size=count, max_size=count)
    old = seen(turns(count), 0.95)
    new = [
        replace(look, score=look.score - fall)
        for look, fall in zip(seen(otherwise(turns(count), differing), 0.95), data.draw(falls), strict=True)
    ]
    assert not kinds(old, nameless(new, data.draw(st.integers(0, int(UNKNOWN * count)))))


@given(counts, st.floats(0.5, 1.0))
def test_a_model_of_another_opinion_is_always_refused(count: int, share: float) -> None:
    new = otherwise(turns(count), int(np.ceil(share * count)))
    assert "disagreement" in kinds(seen(turns(count)), seen(new))


@given(counts, st.floats(0.65, 1.0), st.floats(0, 0.08))
def test_a_model_that_has_no_names_any_more_is_always_refused(count: int, new: float, old: float) -> None:
    before, after = nameless(seen(turns(count)), int(old * count)), nameless(seen(turns(count)), round(new * count))
    assert "unknown" in kinds(before, after)
    assert "unknown" not in kinds(after, before), "a model that names more is welcome"


@given(counts, st.floats(FALL + 0.06, 0.9), st.floats(0.5, 1.0))
def test_a_model_that_lost_its_certainty_is_always_refused(count: int, fall: float, before: float) -> None:
    new = seen(turns(count), max(0.05, before - fall))
    assert kinds(seen(turns(count), before), new) == ["confidence"]


def _drawn(truth: np.ndarray, right: float, rng: np.random.Generator) -> list[str]:
    errs = rng.random(len(truth)) >= right
    return [TURNS[(at + (rng.integers(1, 3) if err else 0)) % 3] for at, err in zip(truth, errs, strict=True)]


def _refused(old: float, new: float, frames: int, times: int = 200) -> float:
    """How often a model is refused that errs independently of the old one, which is the worst case."""
    rng, refused = np.random.default_rng(7), 0
    for _ in range(times):
        truth = rng.integers(0, 3, frames)
        refused += "disagreement" in kinds(seen(_drawn(truth, old, rng)), seen(_drawn(truth, new, rng)))
    return refused / times


@pytest.mark.parametrize("frames", [FEWEST, 100])
def test_a_better_model_passes_and_a_bad_one_does_not(frames: int) -> None:
    assert _refused(0.9, 0.97, frames) <= 0.005
    assert _refused(0.8, 0.95, frames) <= 0.05
    assert _refused(0.95, 0.5, 100) >= 0.95


def test_the_net_of_half_the_accuracy_is_refused_for_its_labels_and_for_its_scores() -> None:
    old, worse = turns(80), otherwise(turns(80), 30)
    assert kinds(seen(old, 1.0), seen(worse, 0.51)) == ["disagreement", "confidence"]
    assert kinds(seen(old, 1.0), seen(worse, 1.0)) == ["disagreement"], "it may be sure of what is wrong"
    # With a threshold it names nothing any more, so that it contradicts nobody.
    assert kinds(seen(old, 1.0), nameless(seen(worse, 0.51), 80)) == ["unknown", "confidence"]


def test_chance_on_few_frames_refuses_nobody() -> None:
    assert not kinds(seen(turns(20)), seen(otherwise(turns(20), 8)))
    assert kinds(seen(turns(100)), seen(otherwise(turns(100), 40))) == ["disagreement"]
    assert not kinds(seen(turns(20)), nameless(seen(turns(20)), 9))
    # Scores that are either high or low: two frames move the median by a half, and hardly anything is different.
    old = [Look(label, 1.0 if at < 51 else 0.5, 5.0) for at, label in enumerate(turns(100))]
    new = [Look(label, 1.0 if at < 49 else 0.5, 5.0) for at, label in enumerate(turns(100))]
    assert not kinds(old, new)


def test_who_knows_that_a_model_is_to_differ_turns_that_check_off_alone() -> None:
    made = pairs(seen(turns(60)), seen(otherwise(turns(60), 60)))
    assert not judge(made, LABELS, LABELS, 33.0, replace(LIMITS, disagreement=1.0))
    unsure = pairs(seen(turns(60)), seen(otherwise(turns(60), 60), 0.4))
    (fault,) = judge(unsure, LABELS, LABELS, 33.0, replace(LIMITS, disagreement=1.0))
    assert fault.kind == "confidence"


def test_one_that_disagrees_on_most_frames_is_refused_in_words_that_lead_on() -> None:
    (fault,) = judge(pairs(seen(turns(60)), seen(otherwise(turns(60), 60))), LABELS, LABELS, 33.0)
    assert fault.kind == "disagreement"
    assert fault.text == "gives 100% of 60 frames another label than the old model; 25% may be (update.disagree)"
    (fault,) = judge(pairs(seen(turns(60)), nameless(seen(turns(60)), 60)), LABELS, LABELS, 33.0)
    assert fault.text == "gives 100% of the frames no name, the old model 0%; 25% more may be"


def test_frames_without_a_name_contradict_nobody() -> None:
    old, new = nameless(seen(turns(60)), 60), seen(otherwise(turns(60), 60))
    assert not kinds(old, new)
    assert compare(pairs(old, new), LABELS, LABELS).agreement is None


@given(st.floats(0, 1), st.integers(1, 10_000))
def test_an_interval_holds_what_was_counted_and_narrows(share: float, count: int) -> None:
    low, high = wilson(share, count)
    assert 0 <= low <= share + 1e-12
    assert share - 1e-12 <= high <= 1
    wide_low, wide_high = wilson(share, max(1, count // 4))
    assert wide_high - wide_low >= high - low - 1e-12
    assert grown(share, share, count) <= 0


def test_labels_that_only_one_of_them_knows_are_no_disagreement() -> None:
    made = pairs(seen(turns(60)), seen(["vermilion", "lime", "navy"] * 20))
    assert not judge(made, LABELS, frozenset({"vermilion", "lime", "navy"}), 33.0)
    assert compare(made, LABELS, frozenset({"vermilion", "lime", "navy"})).agreement is None
    # A new label beside the old ones takes some of their frames.
    new = ["amber" if number % 3 == 0 else label for number, label in enumerate(turns(60))]
    assert not judge(pairs(seen(turns(60)), seen(new)), LABELS, LABELS | {"amber"}, 33.0)


def test_one_that_names_all_by_one_label_is_refused() -> None:
    collapsed = ["red"] * 100
    assert "collapse" in kinds(seen(turns(100)), seen(collapsed))
    collapsed[50] = "blue"
    assert "collapse" in kinds(seen(turns(100)), seen(collapsed))
    # Two thirds of the frames change their label, too: both are said.
    assert kinds(seen(turns(100)), seen(collapsed)) == ["collapse", "disagreement"]


def test_a_camera_that_sees_one_thing_collapses_no_model() -> None:
    quiet = ["red"] * 98 + ["green"] * 2
    assert not kinds(seen(quiet), seen(["red"] * 100))
    assert not kinds(seen(quiet), [Look("red", 0.996, 5.0)] * 100)


def test_one_score_whatever_the_frame_shows_is_a_collapse() -> None:
    mostly = (["red"] * 8 + ["green", "blue"]) * 5 + ["red"] * 10
    assert kinds(seen(mostly), [Look("red", 0.41, 5.0)] * 60) == ["collapse", "confidence"]
    assert not kinds(seen(mostly), seen(["red"] * 60))


def test_an_unsure_one_is_refused_and_a_better_calibrated_one_is_not() -> None:
    assert kinds(seen(turns(60), 0.95), seen(turns(60), 0.65)) == ["confidence"]
    assert not kinds(seen(turns(60), 1.0), seen(turns(60), 0.8))
    # Of a thousand labels, even a right one may score low.
    assert kinds(seen(turns(60), 0.4), seen(turns(60), 0.15)) == ["confidence"]
    assert not kinds(seen(turns(60), 0.4), seen(turns(60), 0.3))


def test_scores_that_are_no_numbers_are_refused() -> None:
    broken = [Look(label, float("nan"), 5.0) for label in turns(60)]
    assert kinds(seen(turns(60)), broken) == ["confidence"]


@pytest.mark.parametrize(
    ("old_ms", "new_ms", "interval_ms", "slow"),
    [
        (100, 290, 33, False),  # not three times
        (100, 320, 33, True),
        (100, 320, 1000, False),  # a frame a second: none is lost
        (1, 20, 0, False),  # nobody feels it
        (1, 30, 0, True),
    ],
)
def test_one_that_would_lose_frames_is_refused(old_ms: float, new_ms: float, interval_ms: float, *, slow: bool) -> None:
    found = kinds(seen(turns(40), ms=old_ms), seen(turns(40), ms=new_ms), interval_ms)
    assert found == (["latency"] if slow else [])


def test_a_moment_in_which_the_machine_is_busy_makes_no_slow_model() -> None:
    old, new = seen(turns(FEWEST), ms=5), seen(turns(FEWEST), ms=5)
    assert not kinds(old, [replace(new[0], took_ms=2000.0), *new[1:]])
    assert kinds(old, [*(replace(look, took_ms=2000.0) for look in new[:2]), *new[2:]]) == ["latency"]


@given(several)
def test_a_comparison_counts_every_frame(made: list[Pair]) -> None:
    found = compare(made, LABELS, LABELS)
    named = [pair for pair in made if pair.old.known and pair.new.known]
    assert (found.frames, found.comparable) == (len(made), len(named))
    if named:
        assert found.agreement == sum(pair.old.label == pair.new.label for pair in named) / len(named)
    assert found.unknown[1] == sum(not pair.new.known for pair in made) / len(made)
