"""When a rollout goes on, and when it stops."""

import re
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.deploy.rollout.people import (
    NOON,
    OPERATOR,
    confirmed,
    crowd,
    failed,
    later,
    member,
    plan_for,
    said,
)
from tests.deploy.rollout.steps import after, as_asked, asked, nothing
from tests.deploy.rollout.test_courses import _SHARES

from sagui.deploy.rollout.errors import RolloutError
from sagui.deploy.rollout.rules import Terms as RolloutTerms
from sagui.deploy.rollout.rules import begin, halt, pause, resume, revert, rewrite, tally
from sagui.deploy.rollout.waves import parse_share
from sagui.wire import Desired, decode, encode, point


def test_the_first_wave_asks_its_share_of_the_group() -> None:
    members = crowd(200)
    plan = plan_for(members)
    assert len(asked(plan, members)) == 2
    assert (plan.status, plan.wave, plan.revision, plan.operator) == ("running", 0, 0, OPERATOR)


def test_a_new_rollout_is_the_next_revision_of_the_plan_before() -> None:
    old = msgspec.structs.replace(plan_for(crowd(3)), revision=41)
    assert begin("r-2", "pets", "1.5.0", RolloutTerms(), crowd(3), NOON, OPERATOR, old).revision == 42


def test_a_wave_is_asked_where_somebody_can_tell_how_it_does() -> None:
    line = sorted(crowd(10), key=lambda one: point("r-1", one.device))
    members = [member(one.device, online=False) for one in line[:3]] + line[3:]
    assert len(asked(plan_for(members), members)) == 4


def test_a_wave_goes_on_when_enough_were_confirmed_for_the_dwell() -> None:
    members = crowd(200)
    plan = plan_for(members)
    well = as_asked(plan, members, confirmed(at=later(100)))
    assert nothing(plan, members, 50) == "0 of 2 devices confirmed, 2 needed"
    assert "600 s to go" in nothing(plan, well, 100)
    assert "1 s to go" in nothing(plan, well, 699)
    wider = after(plan, well, 700)
    assert (wider.wave, wider.status, wider.since) == (1, "running", "2026-11-21T12:11:40.000Z")
    assert len(asked(wider, members)) == 10


def test_what_is_needed_is_not_taken_for_how_many_there_are() -> None:
    members = [*(member(f"well-{number}", confirmed()) for number in range(25)), *crowd(75)]
    assert nothing(plan_for(members, waves=(1.0,)), members, 1) == "25 of 100 devices confirmed, 95 needed"


def test_the_dwell_begins_when_the_last_of_the_needed_is_confirmed() -> None:
    plan = plan_for(crowd(4), waves=(1.0,), success=0.5)
    times = (100, 200, 300, 400)
    members = [member(f"cam-{at}", confirmed(at=later(at))) for at in times]
    assert nothing(plan, members, 799)
    assert after(plan, members, 800).status == "done"


def test_one_that_fails_more_than_may_halts_it() -> None:
    members = crowd(20)
    plan = plan_for(members, waves=(1.0,), error=0.1)
    two, three = ([member(one.device, failed()) for one in members[:count]] + members[count:] for count in (2, 3))
    nothing(plan, two, 10)
    halted = after(plan, three, 10)
    assert halted.status == "halted"
    assert halted.reason == ("wave 1 of 1: 3 of 20 devices failed, more than 10 % (cam-0: golden frame 3 differs)")


def test_it_halts_when_all_came_to_an_end_and_too_few_are_confirmed() -> None:
    members = crowd(10)
    plan = plan_for(members, waves=(1.0,), error=0.2)
    ended = [member(one.device, failed()) for one in members[:2]]
    ended += [member(one.device, confirmed()) for one in members[2:]]
    halted = after(plan, ended, 10)
    assert halted.status == "halted"
    assert "8 of 10 devices are confirmed, fewer than 95 %," in (halted.reason or "")


def test_devices_that_never_answer_halt_it_when_their_time_is_over() -> None:
    members = crowd(10)
    plan = plan_for(members, waves=(0.5, 1.0))
    nothing(plan, members, 1800)
    halted = after(plan, members, 1801)
    assert halted.status == "halted"
    assert asked(halted, members) == asked(plan, members)


def test_a_wave_whose_devices_all_wait_is_paused_for_a_person() -> None:
    members = [member(f"cam-{number}", said("waiting", error="no registry answers")) for number in range(5)]
    plan = plan_for(members, waves=(0.2, 1.0))
    nothing(plan, members, 1800)
    paused = after(plan, members, 1801)
    assert paused.status == "paused"
    assert "1 left-out (cam-" in (paused.reason or "")
    assert "no registry answers" in (paused.reason or "")


def test_those_that_wait_for_their_hours_are_left_out_in_the_end() -> None:
    members = crowd(4)
    plan = plan_for(members, waves=(1.0,), dwell_s=0.0)
    mixed = [member("cam-0", said("waiting")), *(member(one.device, confirmed()) for one in members[1:])]
    nothing(plan, mixed, 1800)
    assert after(plan, mixed, 1801).status == "done"


def test_a_wave_of_which_nobody_is_there_waits_and_is_then_paused() -> None:
    members = [member(f"cam-{number}", online=False) for number in range(5)]
    plan = plan_for(members)
    assert "no device of this wave is there" in nothing(plan, members, 1800)
    assert after(plan, members, 1801).status == "paused"


def test_waves_that_ask_nobody_new_are_passed_at_once() -> None:
    members = crowd(5)
    plan = plan_for(members, waves=(0.01, 0.05, 0.2, 0.4, 1.0), dwell_s=0.0)
    wider = after(plan, as_asked(plan, members, confirmed()), 1)
    assert wider.wave == 3
    assert len(asked(wider, members)) == 2


def test_a_group_of_one_has_done_after_its_first_wave() -> None:
    plan = plan_for(crowd(1))
    done = after(plan, [member("cam-0", confirmed())], 600)
    assert (done.status, done.share, done.wave) == ("done", 1.0, 3)


def test_a_clock_that_was_set_back_never_makes_a_wave_go_on() -> None:
    members = crowd(10)
    plan = plan_for(members)
    well = as_asked(plan, members, confirmed())
    assert nothing(plan, well, -1_000_000) == "well for now; 600 s to go"


def test_devices_whose_clocks_are_wrong_do_not_shorten_the_dwell_nor_make_it_endless() -> None:
    plan = plan_for(crowd(1), waves=(1.0,))
    for off in (-1_000_000_000, 1_000_000_000):
        state = confirmed(at=later(off))
        assert nothing(plan, [member("cam-0", state, said=later(50))], 600)
        assert after(plan, [member("cam-0", state, said=later(50))], 650).status == "done"


@pytest.mark.parametrize("status", ["paused", "halted", "done"])
def test_what_does_not_run_stays_as_it_is_whatever_happens(status: Any) -> None:
    members = crowd(10)
    plan = msgspec.structs.replace(plan_for(members), status=status)
    for state in (confirmed(), failed(), said()):
        nothing(plan, as_asked(plan, members, state), 100_000)


def test_a_paused_rollout_goes_on_where_it_was_and_its_devices_get_their_time_anew() -> None:
    members = crowd(100)
    plan = plan_for(members)
    paused = pause(plan, later(1000), "bob@hut", "lunch")
    assert (paused.status, paused.reason, paused.operator, paused.revision) == ("paused", "lunch", "bob@hut", 1)
    again = resume(paused, members, later(5000), OPERATOR)
    assert (again.status, again.reason, again.wave, again.share) == ("running", None, 0, plan.share)
    assert again.since == "2026-11-21T13:23:20.000Z"


def test_a_halted_rollout_goes_on_only_if_it_would_not_halt_again_at_once() -> None:
    members = [member("cam-0", failed()), *(member(f"cam-{number}", confirmed()) for number in range(1, 10))]
    plan = plan_for(members, waves=(1.0,))
    halted = after(plan, members, 1)
    with pytest.raises(RolloutError, match=r"halt again at once: .*; sagui rollout resume --error 10% --success 90% "):
        resume(halted, members, later(2), OPERATOR)
    again = resume(halted, members, later(2), OPERATOR, success=0.9, error=0.1)
    assert (again.status, again.success, again.error) == ("running", 0.9, 0.1)
    assert after(again, members, 700).status == "done"


def test_the_option_that_lets_it_go_on_is_named_and_no_other() -> None:
    members = [member("cam-0", failed()), *(member(f"cam-{number}", confirmed()) for number in range(1, 5))]
    halted = after(plan_for(members, waves=(1.0,)), members, 1)
    with pytest.raises(RolloutError, match=r"4 of 5 devices are confirmed.*; sagui rollout resume --success 80% acc"):
        resume(halted, members, later(2), OPERATOR, error=0.5)
    with pytest.raises(RolloutError, match=r"1 of 5 devices failed.*; sagui rollout resume --error 20% accepts"):
        resume(halted, members, later(2), OPERATOR, success=0.5)


def test_where_no_device_can_be_confirmed_no_option_is_offered() -> None:
    members = [member("cam-0", failed())]
    halted = after(plan_for(members), members, 1)
    with pytest.raises(RolloutError, match=r"no device of the wave can be confirmed: sagui rollout revert") as caught:
        resume(halted, members, later(2), OPERATOR)
    assert "--error" not in str(caught.value)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(["failed", "confirmed", "mute"]), min_size=1, max_size=400), _SHARES, _SHARES)
def test_the_options_that_are_offered_do(kinds: list[str], success: float, error: float) -> None:
    states = {"failed": failed(), "confirmed": confirmed(), "mute": said()}
    members = [member(f"cam-{at}", states[kind]) for at, kind in enumerate(kinds)]
    halted = halt(plan_for(members, waves=(1.0,), success=success, error=error), NOON, OPERATOR, "by hand")
    try:
        resume(halted, members, later(2), OPERATOR)
    except RolloutError as refused:
        offered = dict(re.findall(r"--(error|success) ([0-9.]+%)", str(refused)))
        shares = {name: parse_share(text) for name, text in offered.items()}
        if "confirmed" in kinds or "mute" in kinds:
            assert resume(halted, members, later(2), OPERATOR, **shares).status == "running"
        else:
            assert not shares


def test_only_what_fits_the_moment_can_be_done() -> None:
    members = crowd(4)
    plan = plan_for(members)
    halted = halt(plan, NOON, OPERATOR, "wrong version")
    with pytest.raises(RolloutError, match="only a running"):
        pause(halted, NOON, OPERATOR, "no")
    with pytest.raises(RolloutError, match="halted already"):
        halt(halted, NOON, OPERATOR, "no")
    with pytest.raises(RolloutError, match="nothing to resume"):
        resume(plan, members, NOON, OPERATOR)
    back = revert(halted, "r-2", NOON, OPERATOR)
    with pytest.raises(RolloutError, match="revert already"):
        revert(back, "r-3", NOON, OPERATOR)


def test_a_revert_asks_everybody_at_once_and_is_done_when_nobody_runs_the_version() -> None:
    members = [member("a", confirmed("r-0")), member("b"), member("c", confirmed("r-0"), online=False)]
    back = revert(plan_for(members), "r-2", NOON, OPERATOR)
    assert (back.action, back.share, back.waves, back.version, back.id) == ("revert", 1.0, (1.0,), "1.4.0", "r-2")
    assert nothing(back, members, 1) == "2 of 3 devices still run 1.4.0, 1 of them away"
    home = [member(name, said("reverted", rollout="r-2")) for name in "ac"]
    assert "1 of 3 devices still run" in nothing(back, [home[0], *members[1:]], 2)
    done = after(back, [home[0], members[1], home[1]], 2)
    assert (done.status, done.reason) == ("done", "no device that is there runs 1.4.0")


def test_a_device_that_restarts_in_order_to_revert_is_waited_for() -> None:
    restarting = [member("a", confirmed("r-0"), online=False), member("b")]
    back = revert(plan_for(restarting), "r-2", NOON, OPERATOR)
    nothing(back, restarting, 5)
    assert after(back, [member("a", said("reverted", rollout="r-2")), member("b")], 6).status == "done"


def test_devices_that_stay_away_with_the_version_are_told_when_their_time_is_over() -> None:
    members = [member("a", confirmed("r-0"), online=False), member("b", confirmed("r-0"), online=False), member("c")]
    back = revert(plan_for(members), "r-2", NOON, OPERATOR)
    nothing(back, members, 1800)
    done = after(back, members, 1801)
    assert (done.status, done.reason) == ("done", "2 away, they go back when they come")
    found = tally(done, members, later(1802))
    assert (found.of["away"], found.failed) == (2, 0)
    assert [one.device for one in found.waits] == ["a", "b"]


def test_pinned_devices_keep_the_version_through_a_revert_and_that_is_said() -> None:
    members = [member("a", said("confirmed", "1.4.0", pinned=True)), member("b")]
    done = after(revert(plan_for(members), "r-2", NOON, OPERATOR), members, 1)
    assert done.reason == "no device that is there runs 1.4.0 but those that are pinned"


def test_a_plan_that_is_written_again_is_the_same_and_the_next() -> None:
    plan = plan_for(crowd(3))
    again = rewrite(plan, later(9), "bob@hut")
    assert (again.revision, again.operator, again.time) == (1, "bob@hut", "2026-11-21T12:00:09.000Z")
    assert msgspec.structs.replace(again, revision=0, operator=plan.operator, time=plan.time) == plan


def test_a_revert_never_halts_and_says_who_did_not_go_back() -> None:
    members = [
        member("a", said("failed", "1.4.0", rollout="r-2", error="no model before it")),
        member("b", confirmed()),
    ]
    back = revert(plan_for(members), "r-2", NOON, OPERATOR)
    nothing(back, members, 1)
    done = after(back, members, 1801)
    assert done.status == "done"
    assert "2 of 2 devices did not go back from 1.4.0 (a: no model before it)" in (done.reason or "")


def test_a_reason_of_any_length_fits_the_wire() -> None:
    members = [member("cam-0", failed(why="x" * 1000))]
    halted = after(plan_for(members), members, 1)
    assert decode(encode(halted), Desired) == halted
    assert decode(encode(pause(plan_for(members), NOON, OPERATOR, "y" * 5000)), Desired)


# A whole rollout, step by step, with devices of all kinds.
