from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from time import time
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from tests.deploy.rollout.people import NOON, confirmed, failed, later, member, plan_for, said

from sagui.deploy.dashboard.live.plans import Kept
from sagui.deploy.dashboard.models.waves import Rollout, rollout, rollouts
from sagui.deploy.rollout.control import View
from sagui.deploy.rollout.rules import Terms, advance, revert
from sagui.deploy.rollout.standing import tally
from sagui.deploy.watch import Fleet, Row
from sagui.wire import Desired, UpdateState, encode, is_asked, point, topics

MEMBERS = [member(f"cam-{number}") for number in range(40)]
LINE = sorted((one.device for one in MEMBERS), key=lambda device: point("r-1", device))
PLAN = plan_for(MEMBERS, waves=(0.1, 0.5, 1.0))


def rows(**changed: Any) -> list[Row]:
    """All of the group, and what changed of some: an update's state, or another field of the row."""
    made = [Row(one.device, online=True, update=said()) for one in MEMBERS]
    return [_changed(row, changed.get(row.device.replace("-", "_"))) for row in made]


def _changed(row: Row, change: Any) -> Row:
    if isinstance(change, UpdateState):
        return replace(row, update=change)
    return replace(row, **(change or {}))


def key(device: str) -> str:
    return device.replace("-", "_")


def shown(plan: Desired = PLAN, known: list[Row] | None = None, now: datetime = NOON) -> Rollout:
    return rollout("porch", plan, rows() if known is None else known, now)


def test_the_wave_at_work_is_counted_and_the_next_are_not_begun() -> None:
    first, second, third = shown().waves
    assert (first.turn, first.devices, first.under_way, first.confirmed) == ("present", 4, 4, 0)
    assert [(one.turn, one.devices, one.of) for one in (second, third)] == [("coming", 20, {}), ("coming", 40, {})]


def test_each_device_is_counted_as_it_stands() -> None:
    plan = msgspec.structs.replace(PLAN, share=1.0, wave=2)
    changes = {
        key(LINE[0]): confirmed(),
        key(LINE[1]): failed(),
        key(LINE[2]): {"online": False},
        key(LINE[3]): said(pinned=True),
        key(LINE[4]): said(version="9.0.0"),
        key(LINE[5]): said("downloading", rollout="r-1"),
    }
    found = shown(plan, rows(**changes))
    first, *_, last = found.waves
    assert (first.confirmed, first.failed, first.under_way, first.away, first.aside) == (1, 1, 0, 1, 1)
    assert (last.confirmed, last.failed, last.under_way, last.away, last.aside) == (1, 1, 35, 1, 2)
    assert [one.device for one in found.failures] == [LINE[1]]
    assert found.under_way


def test_it_agrees_with_what_the_operator_is_told() -> None:
    known = rows(**{key(LINE[number]): confirmed() for number in range(4)})
    members = [member(row.device, row.update, online=True) for row in known]
    step = advance(msgspec.structs.replace(PLAN, dwell_s=0.0), members, later(1), "ana@desk")
    assert step.plan
    view = View(step.plan, tally(step.plan, members, later(1)), len(members), step.reason)
    found = shown(step.plan, known, later(1))
    present = found.waves[1]
    assert (present.devices, present.confirmed) == (view.tally.asked, view.tally.confirmed)
    assert found.of == view.tally.of
    assert found.members == view.known


def test_a_done_rollout_is_past_in_all_waves() -> None:
    plan = msgspec.structs.replace(PLAN, status="done", share=1.0, wave=2)
    found = shown(plan, rows(**{key(device): confirmed() for device in LINE}))
    assert [(one.turn, one.devices, one.confirmed) for one in found.waves] == [
        ("past", 4, 4),
        ("past", 20, 20),
        ("past", 40, 40),
    ]


def test_a_revert_asks_everybody_at_once() -> None:
    known = rows(**{key(device): confirmed() for device in LINE[:10]})
    (wave,) = shown(revert(PLAN, "r-2", NOON, "ana@desk"), known).waves
    assert (wave.turn, wave.devices, wave.confirmed, wave.under_way) == ("present", 40, 30, 10)


def test_a_device_that_takes_too_long_has_failed_and_one_that_just_came_has_not() -> None:
    late = later(PLAN.timeout_s + 60)
    came = {"came_s": (late - timedelta(seconds=5)).timestamp()}
    assert shown(now=late).waves[0].failed == 4
    assert shown(known=rows(**{key(LINE[0]): came}), now=late).waves[0].failed == 3


def test_a_device_that_cannot_be_read_is_out_and_told() -> None:
    found = shown(known=rows(**{key(LINE[0]): {"garbled": ("update/state",)}}))
    assert (found.members, found.unreadable) == (39, 1)


def test_a_device_whose_presence_cannot_be_read_is_not_there() -> None:
    found = shown(known=rows(**{key(LINE[0]): {"garbled": ("availability",)}}))
    assert found.of["offline"] == 1


def test_only_devices_of_the_group_with_the_model_count() -> None:
    others = {key(LINE[0]): said(groups=("yard",)), key(LINE[1]): said(model="dogs"), key(LINE[2]): {"update": None}}
    assert shown(known=rows(**others)).members == 37


def test_many_failures_are_shortened() -> None:
    found = shown(msgspec.structs.replace(PLAN, share=1.0), rows(**{key(device): failed() for device in LINE}))
    assert (len(found.failures), found.more) == (5, 35)


def test_what_is_no_plan_stays_what_it_is() -> None:
    broken = Kept("evil", None, "not a plan")
    assert rollouts([broken, Kept("porch", PLAN)], rows(), NOON) == [broken, shown()]


def test_a_group_without_devices_has_waves_of_none() -> None:
    assert [(one.devices, one.of) for one in shown(known=[]).waves] == [(0, {}), (0, {}), (0, {})]


shares = st.floats(0, 1)


@given(
    waves=st.lists(shares, min_size=1, max_size=100),
    wave=st.integers(0, 99),
    share=shares,
    status=st.sampled_from(["running", "paused", "halted", "done"]),
    action=st.sampled_from(["install", "revert"]),
    count=st.integers(0, 40),
)
def test_forged_plans_give_waves_that_grow(
    waves: list[float], wave: int, share: float, status: Any, action: Any, count: int
) -> None:
    plan = msgspec.structs.replace(
        PLAN, waves=tuple(waves), wave=min(wave, len(waves) - 1), share=share, status=status, action=action
    )
    found = shown(plan, rows()[:count])
    asked = sum(is_asked(plan, row.device) for row in rows()[:count])
    begun = [one for one in found.waves if one.turn != "coming"]
    assert len(found.waves) == len(waves)
    assert all(earlier.devices <= one.devices for earlier, one in pairwise(begun))
    assert all(sum(one.of.values()) == one.devices <= asked for one in begun)
    parts = [(one.confirmed + one.failed + one.under_way + one.away + one.aside) for one in begun]
    assert parts == [one.devices for one in begun]


def test_a_device_that_comes_online_is_seen_to() -> None:
    fleet, began_s = Fleet(), time()
    for number, payload in enumerate((topics.ONLINE, topics.OFFLINE, topics.ONLINE, topics.ONLINE)):
        fleet.take("sagui/porch/availability", payload, began_s + number, retained=number == 0)
        fleet.take("sagui/porch/update/state", encode(said()), began_s + number, retained=False)
    row = fleet.row("porch")
    assert row
    assert row.came_s == began_s + 2
    assert datetime.fromtimestamp(row.came_s, UTC)


def test_the_terms_waves_are_shown() -> None:
    assert [one.share for one in shown(plan_for(MEMBERS)).waves] == list(Terms().waves)
