"""Simulated devices follow plans and orders by the device's own rules."""

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.deploy.simulate.plans import a_plan

from sagui.deploy.simulate.course import ON_A_PI, Bad, Fault
from sagui.deploy.simulate.updating import Taken, Updating
from sagui.wire import UpdateOrder

BEFORE_WORK = ("downloading", "proving", "shadow")


def device(bad: tuple[Bad, ...] = ()) -> Updating:
    return Updating("sim-1", ("demo",), "pets", "1.0.0", ON_A_PI, bad)


def to_the_end(updating: Updating, taken: list[Taken], longest_s: float = 1000.0) -> list[Taken]:
    """Takes all the steps that time brings."""
    while updating.due < longest_s:
        taken = taken + updating.advance(updating.due)
    return taken


def phases(taken: list[Taken]) -> list[str]:
    found = [one.state.phase for one in taken]
    return [phase for at, phase in enumerate(found) if at == 0 or found[at - 1] != phase]


def until(updating: Updating, phase: str) -> None:
    while updating.phase != phase:
        assert updating.due < inf
        updating.advance(updating.due)


def test_a_good_version_goes_through_all_phases_and_is_confirmed() -> None:
    updating = device()
    taken = to_the_end(updating, updating.follow("demo", a_plan(), 0))
    said = "announced downloading verified staged proving shadow activated confirmed"
    assert phases(taken) == said.split()
    assert [one.state.installed_version for one in taken if one.restarts] == ["1.1.0"]
    assert {one.state.rollout for one in taken} == {"r-1"}
    assert updating.version == "1.1.0"
    assert updating.due == inf


@pytest.mark.parametrize(("fault", "end"), [("golden", "failed"), ("shadow", "failed"), ("dwell", "reverted")])
def test_a_bad_version_is_not_kept_and_not_tried_again(fault: Fault, end: str) -> None:
    updating = device((Bad("1.1.0", how=(fault,)),))
    taken = to_the_end(updating, updating.follow("demo", a_plan(), 0))
    assert taken[-1].state.phase == end
    assert taken[-1].state.error is not None
    assert not taken[-1].state.in_progress
    assert updating.version == "1.0.0"
    again = updating.follow("demo", a_plan(id="r-2", revision=1), 1000)
    assert [(one.state.phase, one.state.rollout) for one in again] == [("failed", "r-2")]
    assert "was tried and did not do" in (again[0].state.error or "")
    assert updating.follow("demo", a_plan(id="r-2", revision=2), 1001) == []
    assert updating.follow("demo", a_plan(id="r-3", revision=2, version="1.1.1"), 1000) != []


def test_an_older_version_is_not_installed() -> None:
    updating = device()
    (said,) = updating.follow("demo", a_plan(version="0.9.0"), 0)
    assert said.state.phase == "idle"
    assert "not newer than 1.0.0" in (said.state.error or "")
    assert updating.due == inf


def test_a_device_that_has_the_version_already_says_so() -> None:
    (said,) = device().follow("demo", a_plan(version="1.0.0"), 0)
    assert (said.state.phase, said.state.rollout, said.restarts) == ("confirmed", "r-1", False)


def test_a_device_outside_the_share_does_nothing() -> None:
    assert device().follow("demo", a_plan(share=0.0), 0) == []


@pytest.mark.parametrize("status", ["paused", "halted"])
@pytest.mark.parametrize("phase", BEFORE_WORK)
def test_a_stopped_plan_stops_what_is_not_at_work(status: str, phase: str) -> None:
    updating = device()
    updating.follow("demo", a_plan(), 0)
    until(updating, phase)
    assert phases(updating.follow("demo", a_plan(status=status, revision=1), 1)) == ["idle"]
    assert updating.version == "1.0.0"
    assert updating.due == inf
    to_the_end(updating, updating.follow("demo", a_plan(revision=2), 2))
    assert updating.version == "1.1.0"


def test_a_stopped_plan_leaves_what_is_at_work_to_its_trial() -> None:
    updating = device()
    updating.follow("demo", a_plan(), 0)
    until(updating, "activated")
    assert updating.follow("demo", a_plan(status="halted", revision=1), 1) == []
    until(updating, "confirmed")


def test_a_plan_that_is_gone_stops_it_too() -> None:
    updating = device()
    updating.follow("demo", a_plan(), 0)
    assert phases(updating.follow("demo", None, 1)) == ["idle"]


def test_a_revert_goes_back_once() -> None:
    updating = device()
    to_the_end(updating, updating.follow("demo", a_plan(), 0))
    back = a_plan(id="r-2", revision=1, action="revert")
    taken = to_the_end(updating, updating.follow("demo", back, 1000), 2000)
    assert phases(taken) == ["reverted"]
    assert taken[0].restarts
    assert updating.version == "1.0.0"
    assert taken[0].state.error == "taken back by rollout r-2"
    assert updating.follow("demo", back, 2000) == []


def test_a_device_that_never_updated_has_nothing_to_go_back_to() -> None:
    updating = device()
    (said,) = updating.follow("demo", a_plan(action="revert", version="1.0.0"), 0)
    assert said.state.phase == "failed"
    assert updating.version == "1.0.0"


def test_of_two_groups_the_first_that_asks_counts() -> None:
    updating = Updating("sim-1", ("a", "b"), "pets", "1.0.0", ON_A_PI)
    updating.follow("b", a_plan(id="rb", version="1.2.0"), 0)
    assert updating.follow("a", a_plan(id="ra"), 1) == []
    assert updating.state(1).rollout == "rb"
    to_the_end(updating, [])
    assert updating.version == "1.2.0"


def test_an_order_installs_and_reverts() -> None:
    updating = device()
    to_the_end(updating, updating.obey(UpdateOrder(order="install", version="1.1.0"), 0))
    assert updating.version == "1.1.0"
    assert updating.state(0).rollout is None
    to_the_end(updating, updating.obey(UpdateOrder(order="revert"), 1000), 2000)
    assert updating.version == "1.0.0"


@pytest.mark.parametrize(
    "order",
    [
        UpdateOrder(order="install"),
        UpdateOrder(order="install", version="1.0.0"),
        UpdateOrder(order="install", version="0.9.0"),
        UpdateOrder(order="revert"),
    ],
)
def test_an_order_that_cannot_be_followed_is_answered_and_changes_nothing(order: UpdateOrder) -> None:
    updating = device()
    (said,) = updating.obey(order, 0)
    assert said.state.phase == "failed"
    assert said.state.error
    assert updating.version == "1.0.0"
    assert updating.due == inf


def test_a_second_order_waits_for_nobody() -> None:
    updating = device()
    updating.follow("demo", a_plan(), 0)
    assert updating.obey(UpdateOrder(order="install", version="1.2.0"), 1) == []
    assert updating.state(1).rollout == "r-1"


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["running", "paused", "halted", "done"]),
            st.sampled_from(["install", "revert"]),
            st.sampled_from(["1.0.0", "1.1.0", "1.2.0"]),
            st.floats(0, 1),
            st.floats(0, 200),
        ),
        max_size=8,
    ),
    st.sampled_from([None, "golden", "shadow", "dwell", "hang"]),
)
def test_whatever_operators_do_a_device_runs_a_whole_version_and_comes_to_rest(
    changes: list[tuple[str, str, str, float, float]], fault: Fault | None
) -> None:
    bad = (Bad("1.1.0", how=(fault,)),) if fault else ()
    updating, now = device(bad), 0.0
    for number, (status, action, version, share, waits_s) in enumerate(changes):
        updating.follow(
            "demo", a_plan(id=f"r-{number}", status=status, action=action, version=version, share=share), now
        )
        now += waits_s
        while updating.due <= now:
            updating.advance(updating.due)
        assert updating.version in {"1.0.0", "1.1.0", "1.2.0"}
    to_the_end(updating, [], now + 1000)
    state = updating.state(now)
    assert state.in_progress == (state.phase == "downloading")
    assert state.phase in {"idle", "confirmed", "failed", "reverted", "downloading"}
    if fault not in {None, "hang"}:
        assert state.installed_version != "1.1.0"
