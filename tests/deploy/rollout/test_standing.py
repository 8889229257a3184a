"""How each device stands to a plan."""

import msgspec
import pytest
from tests.deploy.rollout.people import NOON, confirmed, crowd, failed, later, member, plan_for, said

from sagui.deploy.rollout.rules import concerns, standing, tally
from sagui.deploy.rollout.standing import Standing, said_at
from sagui.wire import AT_WORK, Desired, UpdateState

ALL = plan_for(crowd(1), waves=(1.0,))
BACK = msgspec.structs.replace(ALL, action="revert")
IN_TIME, TOO_LATE = later(1800), later(1801)


@pytest.mark.parametrize(
    ("state", "stands"),
    [
        (said(), "pending"),
        (said("downloading", rollout="r-1"), "pending"),
        (said("activated", "1.4.0", rollout="r-1"), "pending"),
        (confirmed(), "confirmed"),
        (confirmed("another"), "confirmed"),
        (said("idle", "1.4.0"), "confirmed"),
        (failed(), "failed"),
        (failed(phase="reverted"), "failed"),
        (failed("of-before"), "pending"),
        (said("waiting", rollout="r-1", error="the hours for updates are 02:00-04:00"), "waiting"),
        (said("waiting"), "waiting"),
        (said(pinned=True), "pinned"),
        (said("confirmed", "1.4.0", pinned=True), "pinned"),
        (said(version="1.5.0"), "ahead"),
        (said(model="dogs", version="1.4.0"), "pending"),
        (said(model=None, installed_version=None), "pending"),
    ],
)
def test_a_device_that_is_there(state: UpdateState, stands: Standing) -> None:
    assert standing(ALL, member("porch", state), IN_TIME) == stands


@pytest.mark.parametrize("phase", sorted(AT_WORK))
def test_a_device_that_goes_away_while_at_work_is_waited_for_and_then_has_failed(phase: str) -> None:
    state = msgspec.structs.replace(said("downloading", rollout="r-1"), phase=phase)
    gone = member("porch", state, online=False)
    assert standing(ALL, gone, IN_TIME) == "pending"
    assert standing(ALL, gone, TOO_LATE) == "timed-out"


@pytest.mark.parametrize("state", [said(), confirmed(), said("waiting"), said("downloading", rollout="another")])
def test_any_other_device_that_is_away_does_not_count(state: UpdateState) -> None:
    for now in (IN_TIME, TOO_LATE):
        assert standing(ALL, member("porch", state, online=False), now) == "offline"


def test_a_failure_stays_one_when_the_device_goes_away() -> None:
    assert standing(ALL, member("porch", failed(), online=False), IN_TIME) == "failed"


@pytest.mark.parametrize(
    ("state", "stands"),
    [(said(), "timed-out"), (said("waiting"), "left-out"), (confirmed(), "confirmed"), (said(pinned=True), "pinned")],
)
def test_a_device_when_its_time_is_over(state: UpdateState, stands: Standing) -> None:
    assert standing(ALL, member("porch", state), TOO_LATE) == stands


def test_a_device_that_came_late_has_as_much_time_as_the_others() -> None:
    late = member("porch", came=later(1700))
    assert standing(ALL, late, later(1700 + 1800)) == "pending"
    assert standing(ALL, late, later(1700 + 1801)) == "timed-out"


def test_a_clock_that_was_set_back_makes_nobody_late() -> None:
    assert standing(ALL, member("porch"), later(-1_000_000)) == "pending"


def test_who_is_not_in_the_share_is_not_asked() -> None:
    nobody = msgspec.structs.replace(ALL, share=0.0)
    assert standing(nobody, member("porch", confirmed()), IN_TIME) == "not-asked"


def test_a_revert_waits_for_devices_that_are_away_with_the_version_and_for_no_others() -> None:
    with_it, without = member("a", confirmed("r-0"), online=False), member("b", online=False)
    assert [standing(BACK, with_it, now) for now in (IN_TIME, TOO_LATE)] == ["pending", "away"]
    assert [standing(BACK, without, now) for now in (IN_TIME, TOO_LATE)] == ["offline", "offline"]
    assert tally(BACK, [with_it, without], IN_TIME).absent == 1


@pytest.mark.parametrize(
    ("state", "stands"),
    [
        (confirmed("r-0"), "pending"),
        (said("reverted", rollout="r-1"), "confirmed"),
        (said(), "confirmed"),
        (said("activated", "1.4.0", rollout="r-0"), "pending"),
        (said("downloading", rollout="r-0"), "pending"),
        (said("failed", "1.4.0", rollout="r-1", error="no model before"), "failed"),
        (said("waiting", "1.4.0", pinned=True), "pinned"),
        (said(version="1.5.0"), "confirmed"),
    ],
)
def test_a_revert_is_done_where_the_version_is_gone(state: UpdateState, stands: Standing) -> None:
    assert standing(BACK, member("porch", state), IN_TIME) == stands


def test_failures_are_told_in_the_devices_own_words() -> None:
    members = [member("b", failed(why="no room: 3 MB free")), member("a"), member("c", said("failed", rollout="r-1"))]
    found = tally(ALL, members, TOO_LATE).failures
    assert [one.device for one in found] == ["a", "b", "c"]
    assert found[0].why == "still idle after 1800 s"
    assert found[1].why == "no room: 3 MB free"
    assert "did not say why" in found[2].why


def test_shares_are_taken_of_those_who_can_tell() -> None:
    members = [
        member("a", confirmed()),
        member("b", said(pinned=True)),
        member("c", online=False),
        member("d", said(version="2.0.0")),
        member("e", failed()),
        member("f"),
    ]
    found = tally(ALL, members, IN_TIME)
    assert (found.asked, found.counted, found.confirmed, found.failed, found.under_way) == (6, 3, 1, 1, 1)


def test_what_a_device_said_is_never_later_than_now() -> None:
    assert said_at(member("a", said(at=later(99))), NOON) == NOON
    assert said_at(member("a", said(at=later(-99))), NOON) == later(-99)
    assert said_at(member("a", said(at=later(-99)), said=later(-5)), NOON) == later(-5)
    assert said_at(member("a", msgspec.structs.replace(said(), time="2026-99-99T00:00:00.000Z")), NOON) == NOON


def test_a_version_that_is_no_semver_is_not_taken_for_a_newer_one() -> None:
    assert standing(ALL, member("a", said(version="9.9.9-01")), IN_TIME) == "pending"


@pytest.mark.parametrize(
    ("state", "concerned"),
    [
        (said(), True),
        (said(model=None), True),
        (said(model="dogs"), False),
        (said(groups=("yard",)), False),
        (said(groups=("yard", "porch")), True),
        (said(groups=()), False),
    ],
)
def test_a_plan_concerns_devices_of_the_group_with_the_model(state: UpdateState, concerned: bool) -> None:  # noqa: FBT001
    plan: Desired = ALL
    assert concerns(plan, "porch", state) is concerned
