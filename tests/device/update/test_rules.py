from datetime import time
from typing import Any

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from semver import Version

from sagui.device.update.rules import Self, Window, answer, hours, is_newer, refusal, still_wanted
from sagui.wire import Desired, is_asked, point
from sagui.wire.updates import ModelVersion

NOON = time(12)

numbers = st.integers(0, 3)
tags = st.sampled_from(["", "", "-rc.1", "-rc.2", "-alpha", "-1", "-alpha.beta"])
builds = st.sampled_from(["", "", "+a", "+001"])
versions = st.builds("{}.{}.{}{}{}".format, numbers, numbers, numbers, tags, builds)
# All that the wire's pattern lets through, SemVer or not.
heard = versions | st.sampled_from(["1.0.0-01", "1.0.0-.", "1.2.0+.", "1.1.0-a..b"])
times = st.times().map(lambda moment: moment.replace(microsecond=0))
windows = st.none() | st.builds(Window, times, times)
statuses = st.sampled_from(["running", "paused", "halted", "done"])


def plan(**changes: Any) -> Desired:
    moment = "2026-11-21T00:00:00.000Z"
    usual = Desired(
        id="r1",
        revision=1,
        operator="me@desk",
        time=moment,
        model="pets",
        version="1.1.0",
        status="running",
        share=1.0,
        wave=0,
        waves=(1.0,),
        since=moment,
        success=0.95,
        error=0.05,
        dwell_s=600.0,
        timeout_s=1800.0,
    )
    return msgspec.structs.replace(usual, **changes)


plans = st.builds(
    plan,
    version=heard,
    status=statuses,
    share=st.floats(0, 1),
    action=st.sampled_from(["install", "revert"]),
    model=st.sampled_from(["pets", "pets", "cells"]),
)
selves = st.builds(
    Self,
    st.sampled_from(["porch", "hall", "roof"]),
    st.sampled_from(["pets", "pets", None]),
    st.none() | heard,
    st.none() | heard,
    st.frozensets(heard, max_size=2),
    st.booleans(),
    windows,
)


@given(plans, selves, times)
def test_no_plan_that_the_wire_lets_through_leads_where_it_must_not(plan: Desired, me: Self, now: time) -> None:
    found = answer(plan, me, now)
    if found.verdict == "nothing":
        return
    assert is_asked(plan, me.device)
    assert plan.status in {"running", "done"}
    assert me.model in {None, plan.model}
    assert not (me.pinned and found.verdict != "wait")
    assert bool(found.reason) == (found.verdict == "wait")
    if found.verdict == "install":
        assert plan.action == "install"
        assert plan.version not in me.failed
        assert me.window is None or me.window.holds(now)
        assert me.version is None or is_newer(plan.version, me.version)
    if found.verdict == "revert":
        assert (plan.action, plan.version) == ("revert", me.version)
        assert me.previous is not None


@given(heard, heard)
def test_of_two_versions_at_most_one_is_newer(one: str, other: str) -> None:
    assert not (is_newer(one, other) and is_newer(other, one))
    assert not is_newer(one, one)


@given(st.tuples(versions, versions, versions))
def test_newer_than_newer_is_newer(some: tuple[str, str, str]) -> None:
    first, second, third = sorted(some, key=Version.parse)
    if is_newer(second, first) or is_newer(third, second):
        assert is_newer(third, first)


@given(versions, versions)
def test_what_is_newer_is_said_by_semver(one: str, other: str) -> None:
    assert is_newer(one, other) == (Version.parse(one) > Version.parse(other))


@pytest.mark.parametrize("odd", ["1.0.0-01", "1.0.0-.", "1.2.0+.", "1.1.0-a..b"])
def test_a_version_that_the_wire_takes_and_semver_does_not_is_refused_in_words(odd: str) -> None:
    assert msgspec.convert(odd, ModelVersion) == odd
    assert "no version" in refusal(odd, Self("porch", "pets", "0.1.0"))
    assert refusal("1.0.0", Self("porch", "pets", odd)) == "", "whoever has an odd one gets away from it"


@given(times, times, times)
def test_a_window_and_its_opposite_share_the_day(start: time, end: time, now: time) -> None:
    assume(start != end)
    assert Window(start, end).holds(now) != Window(end, start).holds(now)
    assert Window(start, end).holds(start)
    assert not Window(start, end).holds(end)


def test_a_window_from_a_time_to_itself_is_the_whole_day() -> None:
    assert Window(NOON, NOON).holds(time(3))


@given(st.text("abc-", min_size=1, max_size=8), st.floats(0, 1), st.floats(0, 1))
def test_who_was_asked_stays_asked_when_the_share_grows(device: str, one: float, other: float) -> None:
    smaller, larger = sorted((one, other))
    if is_asked(plan(share=smaller), device):
        assert is_asked(plan(share=larger), device)


def test_a_share_of_devices_is_asked_that_is_near_the_share() -> None:
    asked = sum(point("r1", f"cam-{number}") < 0.25 for number in range(4000))
    assert 900 < asked < 1100


def test_the_words_name_what_is_waited_for() -> None:
    night = Self("porch", "pets", "1.0.0", window=Window(time(22), time(4)))
    assert answer(plan(), night, NOON).reason == "the hours for updates are 22:00-04:00"
    assert hours(Self("porch", "pets", "1.0.0", pinned=True), NOON).reason.startswith("pinned")
    assert answer(plan(), night, time(23)).verdict == "install"


def test_what_failed_is_not_tried_again_whoever_asks() -> None:
    me = Self("porch", "pets", "1.0.0", failed=frozenset({"1.1.0"}))
    found = answer(plan(), me, NOON)
    assert (found.verdict, found.reason) == ("nothing", "1.1.0 was tried and did not do; publish it as another version")


def test_going_back_needs_somewhere_to_go() -> None:
    revert = plan(action="revert")
    found = answer(revert, Self("porch", "pets", "1.1.0"), NOON)
    assert (found.verdict, found.reason) == ("nothing", "there is no model before 1.1.0 to go back to")
    assert answer(revert, Self("porch", "pets", "1.1.0", "1.0.0"), NOON).verdict == "revert"
    assert answer(revert, Self("porch", "pets", "1.0.0", "0.9.0"), NOON).verdict == "nothing"


@given(plans, selves)
def test_what_goes_on_is_what_could_begin(plan: Desired, me: Self) -> None:
    if still_wanted(plan, "r1", me):
        assert plan.action == "install"
        assert plan.status in {"running", "done"}
        assert not me.pinned
    assert not still_wanted(plan, "r2", me)
    assert not still_wanted(None, "r1", me)
