"""What holds for a rollout in whatever order things happen to its devices."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.deploy.rollout.people import (
    OPERATOR,
    confirmed,
    failed,
    later,
    member,
    plan_for,
    said,
)
from tests.deploy.rollout.steps import asked

from sagui.deploy.rollout.rules import Member, advance, tally
from sagui.deploy.rollout.shares import ask
from sagui.wire import Desired, decode, encode, is_asked

_SHARES = st.integers(1, 100).map(lambda per_cent: per_cent / 100)


_ENDS = ("good", "bad", "reverting", "mute", "away", "pinned", "hours", "dies")


def _next_state(kind: str, one: Member, plan: Desired, now: datetime) -> Member:
    """What a device of a kind does about the plan, by the device's own rule."""
    if plan.status != "running" or not is_asked(plan, one.device) or one.state.rollout == plan.id:
        if kind == "dies" and one.state.phase == "downloading":
            return member(one.device, one.state, online=False)
        return one
    ends = {
        "good": confirmed(at=now),
        "bad": failed(),
        "reverting": failed(phase="reverted"),
        "hours": said("waiting", rollout=plan.id),
        "dies": said("downloading", rollout=plan.id),
    }
    return member(one.device, ends[kind]) if kind in ends else one


def _first(device: str, kind: str) -> Member:
    return member(device, said(pinned=kind == "pinned"), online=kind != "away")


def _course(
    kinds: Sequence[str], terms: dict[str, Any], steps: Sequence[float]
) -> Iterator[tuple[Desired, list[Member]]]:
    members = [_first(f"cam-{at}", kind) for at, kind in enumerate(kinds)]
    plan, passed_s = plan_for(members, **terms), 0.0
    yield plan, members
    for step_s in steps:
        passed_s += step_s
        now = later(passed_s)
        members = [_next_state(kind, one, plan, now) for kind, one in zip(kinds, members, strict=True)]
        plan = advance(plan, members, now, OPERATOR).plan or plan
        yield plan, members


_KINDS = st.lists(st.sampled_from(_ENDS), min_size=1, max_size=25)


_TERMS = st.fixed_dictionaries(
    {
        "waves": st.sampled_from([(1.0,), (0.01, 0.05, 0.25, 1.0), (0.2, 0.4, 0.6, 0.8, 1.0), (0.5, 1.0)]),
        "success": st.sampled_from([0.5, 0.9, 0.95, 1.0]),
        "error": st.sampled_from([0.0, 0.05, 0.5, 1.0]),
        "dwell_s": st.sampled_from([0.0, 60.0, 600.0]),
        "timeout_s": st.sampled_from([60.0, 1800.0]),
    }
)


# Now and then a clock is set back.
_STEPS = st.lists(st.one_of(st.floats(0, 4000), st.floats(-2000, 0)), min_size=1, max_size=40)


@settings(max_examples=150, deadline=None)
@given(_KINDS, _TERMS, _STEPS)
def test_no_device_ever_leaves_a_wave_and_none_is_asked_before_its_time(
    kinds: list[str], terms: dict[str, Any], steps: list[float]
) -> None:
    course = list(_course(kinds, terms, steps))
    for (plan, members), (newer, _) in pairwise(course):
        assert asked(plan, members) <= asked(newer, members)
        assert newer.wave >= plan.wave
        assert newer.revision in {plan.revision, plan.revision + 1}
    for plan, members in course:
        if plan.status != "done":
            able = [one for one, kind in zip(members, kinds, strict=True) if kind not in {"away", "pinned"}]
            assert len(asked(plan, able)) <= ask(len(members), plan.waves[plan.wave])
        assert decode(encode(plan), Desired) == plan


@settings(max_examples=150, deadline=None)
@given(_KINDS, _TERMS, _STEPS)
def test_a_stopped_rollout_stays_stopped_and_touches_nobody_more(
    kinds: list[str], terms: dict[str, Any], steps: list[float]
) -> None:
    for (plan, members), (newer, later_members) in pairwise(_course(kinds, terms, steps)):
        if plan.status in {"halted", "paused", "done"}:
            assert newer == plan
        if plan.status in {"halted", "paused"}:
            touched = [{one.device for one in group if one.state.rollout} for group in (members, later_members)]
            assert touched[0] == touched[1]


@settings(max_examples=150, deadline=None)
@given(st.integers(1, 60), _TERMS, _STEPS, st.sampled_from(["bad", "reverting", "mute", "dies"]))
def test_a_bad_model_never_gets_past_the_first_wave(
    count: int, terms: dict[str, Any], steps: list[float], kind: str
) -> None:
    course = list(_course([kind] * count, terms, [*steps, 1_000_000.0]))
    for plan, members in course:
        assert plan.wave == 0
        assert sum(one.state.rollout is not None for one in members) <= ask(count, terms["waves"][0])
    assert course[-1][0].status == "halted"


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 60), _TERMS)
def test_a_good_model_reaches_everybody_and_not_before_its_dwells(count: int, terms: dict[str, Any]) -> None:
    course = list(_course(["good"] * count, terms, [terms["dwell_s"] / 2] * 20 if terms["dwell_s"] else [1.0] * 12))
    plan, members = course[-1]
    assert plan.status == "done"
    assert {one.state.installed_version for one in members} == {"1.4.0"}
    waves = {plan.wave for plan, _ in course if plan.status == "running"}
    ends = [at for at, (plan, _) in enumerate(course) if plan.status == "done"]
    assert ends[0] >= 2 * len(waves) * bool(terms["dwell_s"])


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 40), st.lists(st.floats(0, 500), min_size=1, max_size=40))
def test_counts_only_grow_as_devices_come_to_their_ends(count: int, steps: list[float]) -> None:
    kinds = [_ENDS[at % 3] for at in range(count)]
    before = (0, 0)
    passed_s = 0.0
    for (plan, members), step_s in zip(_course(kinds, {"error": 1.0}, steps), [0.0, *steps], strict=True):
        passed_s += step_s
        found = tally(plan, members, later(passed_s))
        assert (found.confirmed, found.failed) >= before
        assert found.confirmed >= before[0]
        assert found.failed >= before[1]
        before = found.confirmed, found.failed


@settings(max_examples=100, deadline=None)
@given(_KINDS, _TERMS)
def test_every_rollout_comes_to_an_end(kinds: list[str], terms: dict[str, Any]) -> None:
    assert list(_course(kinds, terms, [2000.0] * 20))[-1][0].status != "running"
