from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.deploy.rollout.people import crowd, plan_for

from sagui.deploy.dashboard.live import plans as module
from sagui.deploy.dashboard.live.plans import MOST_GROUPS, Plans
from sagui.wire import encode, topics

PLAN = plan_for(crowd(3), datetime(2026, 11, 21, tzinfo=UTC))


def take(plans: Plans, group: str, payload: bytes) -> bool:
    return plans.take(topics.desired(group), payload)


def test_plans_are_kept_by_group_and_taken_back() -> None:
    plans = Plans()
    assert take(plans, "yard", encode(PLAN))
    assert take(plans, "porch", encode(PLAN))
    assert [(one.group, one.plan) for one in plans.kept()] == [("porch", PLAN), ("yard", PLAN)]
    assert take(plans, "porch", b"")
    assert [one.group for one in plans.kept()] == ["yard"]


def test_what_says_nothing_new_changes_nothing() -> None:
    plans = Plans()
    assert take(plans, "porch", encode(PLAN))
    assert not take(plans, "porch", encode(PLAN))
    assert not take(plans, "shed", b"")


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        (b"{}", "not a desired"),
        (b"\xff", "not a desired"),
        (b"[" * 10_000, "not a desired"),
        (b"x" * 20_000, "20,000 bytes"),
        (encode(PLAN).replace(b'"v":1', b'"v":7'), "newer than this sagui"),
        (encode(msgspec.structs.replace(PLAN, wave=9)), "wave 9, and only 4"),
        (encode(PLAN).replace(b"2026-11-21T00", b"2026-99-21T00"), "no such time"),
    ],
)
def test_what_is_no_plan_is_said_to_be_none(payload: bytes, why: str) -> None:
    plans = Plans()
    take(plans, "porch", encode(PLAN))
    take(plans, "porch", payload)
    (kept,) = plans.kept()
    assert kept.plan is None
    assert why in kept.trouble
    assert len(kept.trouble) <= 256


def test_groups_without_end_are_bounded_and_counted() -> None:
    plans = Plans()
    for number in range(MOST_GROUPS + 7):
        take(plans, f"g-{number}", encode(PLAN))
    assert (len(plans.kept()), plans.crowded_out) == (MOST_GROUPS, 7)
    take(plans, "g-0", b"")
    take(plans, "late", encode(PLAN))  # and there is room again
    assert "late" in [one.group for one in plans.kept()]


def test_long_reasons_are_cut() -> None:
    plans = Plans()
    take(plans, "porch", encode(msgspec.structs.replace(PLAN, reason="x" * 1000)))
    (kept,) = plans.kept()
    assert kept.plan
    assert kept.plan.reason == "x" * 256


@pytest.mark.parametrize("topic", ["sagui/fleet/porch", "sagui/fleet/Porch/desired", "sagui/fleet/porch/desired/x"])
def test_other_topics_of_groups_are_left_alone(topic: str) -> None:
    plans = Plans()
    assert Plans.hears(topic)
    assert not plans.take(topic, encode(PLAN))
    assert plans.kept() == ()


def test_devices_are_not_heard() -> None:
    assert not Plans.hears("sagui/porch/update/state")


@given(st.text(), st.binary(max_size=200))
def test_nothing_that_is_heard_does_harm(rest: str, payload: bytes) -> None:
    plans = Plans()
    plans.take(f"sagui/fleet/{rest}", payload)
    plans.take(topics.desired("porch"), payload)
    assert all(one.plan is not None or one.trouble for one in plans.kept())


def test_the_limit_is_the_largest_plans(monkeypatch: Any) -> None:
    widest = msgspec.structs.replace(PLAN, waves=(0.123456789012345678,) * 100, wave=0, reason="\x01" * 1000)
    assert len(encode(widest)) < module._MOST_BYTES
