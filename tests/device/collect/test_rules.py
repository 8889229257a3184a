"""What is worth keeping, and what goes first."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagui.device.collect.rules import (
    FLICKER_INTEREST,
    Entry,
    Limits,
    interest,
    reason_to_keep,
    room_for,
    to_remove,
    uncertainty,
)
from sagui.device.errors import DeviceError

MIB = 1024 * 1024
_TOPS = st.lists(st.floats(0, 1), min_size=1, max_size=3).map(
    lambda scores: [(str(number), score) for number, score in enumerate(sorted(scores, reverse=True))]
)
_ENTRIES = st.lists(
    st.builds(
        Entry,
        path=st.uuids().map(str),
        bytes=st.integers(1, MIB),
        interest=st.floats(0, 1),
        time=st.integers(0, 99).map(str),
        mine=st.booleans(),
    ),
    unique_by=lambda entry: entry.path,
    max_size=12,
)


def test_the_margin_between_the_best_two_is_what_counts() -> None:
    assert uncertainty([("cat", 0.5), ("dog", 0.5)]) == 1
    assert uncertainty([("cat", 1.0), ("dog", 0.0)]) == 0
    assert uncertainty([("cat", 0.7)]) == pytest.approx(0.3)


@pytest.mark.parametrize(
    ("top", "flickered", "reason"),
    [
        ([("cat", 0.9), ("dog", 0.1)], False, None),
        ([("cat", 0.9), ("dog", 0.1)], True, "flickered"),
        ([("cat", 0.55), ("dog", 0.45)], False, "unsure"),
        ([("cat", 0.4), ("dog", 0.1)], False, "unsure"),
        ([("cat", 0.4), ("dog", 0.1)], True, "unsure"),
        ([("cat", 0.9)], False, None),
        ([("cat", 0.2)], False, "unsure"),
    ],
)
def test_a_frame_is_kept_for_a_reason(
    top: list[tuple[str, float]],
    flickered: bool,  # noqa: FBT001 (a parameter)
    reason: str | None,
) -> None:
    assert reason_to_keep(top, Limits(), flickered=flickered) == reason


@given(_TOPS)
def test_limits_of_zero_keep_no_frame_for_its_scores(top: list[tuple[str, float]]) -> None:
    assert reason_to_keep(top, Limits(below=0, margin=0), flickered=False) is None


@given(_TOPS)
def test_interest_is_a_share_and_a_change_of_mind_is_worth_something(top: list[tuple[str, float]]) -> None:
    assert 0 <= interest(top, "unsure") <= interest(top, "flickered") <= 1
    assert interest(top, "flickered") >= FLICKER_INTEREST


@given(_ENTRIES, st.integers(0, 8 * MIB))
def test_the_least_interesting_goes_first_and_no_more_than_must(entries: list[Entry], room: int) -> None:
    gone = to_remove(entries, room)
    left = [entry for entry in entries if entry not in gone]
    assert all(entry.mine for entry in gone)
    mine = [entry for entry in left if entry.mine]
    assert all((one.interest, one.time) <= (other.interest, other.time) for one in gone for other in mine)
    assert sum(entry.bytes for entry in left) <= room or not mine
    if gone:
        assert sum(entry.bytes for entry in left) + gone[-1].bytes > room


@given(_ENTRIES, st.integers(1, 2 * MIB), st.floats(0, 1), st.integers(1, 6))
def test_a_new_photo_never_exceeds_the_room(entries: list[Entry], size: int, worth: float, mib: int) -> None:
    new, limits = Entry("", size, worth, "999"), Limits(bytes=mib * MIB)
    gone = room_for(new, entries, limits)
    if gone is None:
        return
    left = [entry for entry in entries if entry not in gone]
    assert sum(entry.bytes for entry in left) + size <= limits.bytes
    assert new not in gone
    if sum(entry.bytes for entry in entries) + size <= limits.bytes:
        assert gone == []


def test_a_dull_photo_does_not_push_out_a_better_one() -> None:
    full = [Entry("a", MIB, 0.9, "1")]
    assert room_for(Entry("", 1000, 0.5, "2"), full, Limits(bytes=MIB)) is None
    assert room_for(Entry("", 1000, 0.95, "2"), full, Limits(bytes=MIB)) == full


def test_what_a_person_touched_stays_even_without_room() -> None:
    touched = [Entry("a", MIB, 0.0, "1", mine=False)]
    assert room_for(Entry("", 1000, 1.0, "2"), touched, Limits(bytes=MIB)) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"bytes": 0},
        {"below": 1.1},
        {"below": float("nan")},
        {"margin": -0.1},
        {"every_s": -1.0},
        {"flicker_s": float("inf")},
    ],
)
def test_limits_that_can_never_hold_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(DeviceError, match=next(iter(wrong))):
        Limits(**wrong)  # type: ignore[arg-type]
