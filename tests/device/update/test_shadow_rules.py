"""What no good model does, told from what two models made of the same frames."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagui.device.update.shadow_rules import FEWEST, Look, Pair, compare, judge

LABELS = frozenset({"red", "green", "blue"})
TURNS = ("red", "green", "blue")

looks = st.builds(Look, st.sampled_from(TURNS), st.floats(0, 1), st.floats(0.1, 1000))
several = st.lists(st.builds(Pair, looks, looks), min_size=1, max_size=60)


def seen(labels: Sequence[str], score: float = 0.9, ms: float = 5.0) -> list[Look]:
    """Scores that move a little, as those of real frames do."""
    return [Look(label, score - 0.01 * (number % 5), ms) for number, label in enumerate(labels)]


def turns(count: int) -> list[str]:
    return [TURNS[number % 3] for number in range(count)]


def pairs(old: Sequence[Look], new: Sequence[Look]) -> list[Pair]:
    return [Pair(before, after) for before, after in zip(old, new, strict=True)]


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


def test_a_better_model_may_disagree_at_times() -> None:
    old, new = turns(100), turns(100)
    new[:40] = [{"red": "green", "green": "blue", "blue": "red"}[label] for label in new[:40]]
    assert not kinds(seen(old), seen(new))


def test_one_that_disagrees_on_most_frames_is_refused() -> None:
    mixed = [{"red": "green", "green": "blue", "blue": "red"}[label] for label in turns(60)]
    (fault,) = judge(pairs(seen(turns(60)), seen(mixed)), LABELS, LABELS, 33.0)
    assert fault.kind == "disagreement"
    assert fault.text == "gives 100% of 60 frames another label than the old model; 50% may be"


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
    assert kinds(seen(turns(60), 0.95), seen(turns(60), 0.4)) == ["confidence"]
    assert not kinds(seen(turns(60), 0.95), seen(turns(60), 0.6))


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


@given(several)
def test_a_comparison_counts_every_frame(made: list[Pair]) -> None:
    found = compare(made, LABELS, LABELS)
    assert found.frames == found.comparable == len(made)
    assert found.agreement == sum(pair.old.label == pair.new.label for pair in made) / len(made)
