"""What is known of a group from what the broker keeps."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.deploy.rollout.people import NOON, OPERATOR, confirmed, crowd, later, plan_for, said

from sagui.deploy.rollout.errors import RolloutError
from sagui.deploy.rollout.members import Roster, read_plan
from sagui.deploy.rollout.port import Heard
from sagui.deploy.rollout.rules import Terms
from sagui.deploy.rollout.starting import start
from sagui.wire import Desired, UpdateState, WireError, encode, topics

PLAN = plan_for(crowd(3))


def of(device: str, state: UpdateState | bytes, *, kept: bool = True) -> Heard:
    payload = state if isinstance(state, bytes) else encode(state)
    return Heard(topics.update_state(device), payload, kept=kept)


def there(device: str, payload: bytes = topics.ONLINE, *, kept: bool = True) -> Heard:
    return Heard(topics.availability(device), payload, kept=kept)


def planned(plan: Desired | bytes) -> Heard:
    return Heard(topics.desired("porch"), plan if isinstance(plan, bytes) else encode(plan))


def knows(*messages: Heard) -> Roster:
    roster = Roster("porch")
    for message in messages:
        roster.hear(message, NOON)
    return roster


def test_members_are_the_devices_of_the_group_with_the_model() -> None:
    roster = knows(
        of("b", said()),
        there("b"),
        of("a", confirmed()),
        there("a", topics.OFFLINE),
        of("dog", said(model="dogs")),
        of("yard", said(groups=("yard",))),
        there("silent"),
    )
    assert [(one.device, one.online) for one in roster.members(PLAN)] == [("a", False), ("b", True)]
    assert roster.models() == {"pets": 2, "dogs": 1}
    assert roster.groups() == {"porch": 3, "yard": 1}


def test_a_device_that_did_not_say_that_it_is_there_is_not() -> None:
    assert not knows(of("a", said())).members(PLAN)[0].online


def test_what_is_old_counts_from_its_own_time_and_what_is_new_from_ours() -> None:
    roster = knows(of("a", confirmed(at=later(-500))), of("b", confirmed(at=later(-500)), kept=False))
    assert [one.said for one in roster.members(PLAN)] == [later(-500), NOON]


def test_a_state_that_is_only_said_again_is_as_old_as_it_was() -> None:
    roster = knows(of("a", confirmed(at=later(-500))))
    roster.hear(of("a", confirmed(at=later(90)), kept=False), later(90))
    assert roster.members(PLAN)[0].said == later(-500)
    roster.hear(of("a", said(), kept=False), later(91))
    assert roster.members(PLAN)[0].said == later(91)


def test_a_change_that_was_missed_is_not_older_than_what_was_known_before_it() -> None:
    roster = knows(of("a", said()))
    roster.hear(of("a", said(at=later(-9))), later(60))
    roster.hear(of("a", confirmed(at=later(-1_000_000))), later(90))
    assert roster.members(PLAN)[0].said == later(60)


def test_a_device_that_comes_is_known_to_have_come_then() -> None:
    roster = knows(of("a", said()), there("a", topics.OFFLINE), of("b", said()), there("b"))
    roster.hear(there("a", kept=False), later(60))
    roster.hear(there("b", kept=False), later(60))
    assert [one.came for one in roster.members(PLAN)] == [later(60), None]


def test_what_is_taken_away_is_known_no_more() -> None:
    roster = knows(of("a", said()), planned(PLAN))
    roster.hear(of("a", b""), NOON)
    roster.hear(planned(b""), NOON)
    assert not roster.everybody()
    assert roster.plan is None
    assert not roster.plan_trouble


@pytest.mark.parametrize("payload", [b"{}", b"\xff", b"[" * 5000, b'{"v":2}', b"null", b'"confirmed"'])
def test_a_device_that_talks_rubbish_is_left_out_and_counted(payload: bytes) -> None:
    roster = knows(of("a", said()), of("b", said()), of("a", payload))
    assert [one.device for one in roster.everybody()] == ["b"]
    assert len(roster.unreadable) == 1
    roster.hear(of("a", said()), NOON)
    assert not roster.unreadable


def test_rubbish_for_availability_is_not_being_there() -> None:
    roster = knows(of("a", said()), there("a"), there("a", b"perhaps"))
    assert not roster.members(PLAN)[0].online
    assert roster.unreadable == {"sagui/a/availability"}


@pytest.mark.parametrize(
    "payload",
    [
        b"{}",
        b"\x00",
        encode(PLAN)[:-5],
        encode(msgspec.structs.replace(PLAN, wave=4)),
        encode(msgspec.structs.replace(PLAN, since="2026-13-41T00:00:00.000Z")),
        encode(msgspec.structs.replace(PLAN, time="2026-02-30T00:00:00.000Z")),
        encode(msgspec.structs.replace(PLAN, share=7.0)),
    ],
)
def test_what_is_no_plan_is_told(payload: bytes) -> None:
    roster = knows(planned(PLAN), planned(payload))
    assert roster.plan is None
    assert roster.plan_trouble.startswith("not a ")
    with pytest.raises(WireError):
        read_plan(payload)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(
                [
                    "sagui/a/update/state",
                    "sagui/a/availability",
                    "sagui/fleet/porch/desired",
                    "sagui/fleet/update/state",
                    "sagui/A B/availability",
                    "sagui//availability",
                    "else/where",
                ]
            ),
            st.one_of(st.binary(max_size=60), st.sampled_from([encode(said()), encode(PLAN), b"online", b""])),
            st.booleans(),
        ),
        max_size=30,
    )
)
def test_no_message_does_harm(messages: list[tuple[str, bytes, bool]]) -> None:
    roster = knows(*(Heard(*message) for message in messages))
    assert {one.device for one in roster.everybody()} <= {"a"}


# What may begin.


def begun(roster: Roster, target: tuple[str, str] = ("pets", "1.4.0"), **more: Any) -> Desired:
    return start(roster, target, Terms(), NOON, OPERATOR, "r-2", **more)


def test_a_rollout_for_a_model_nobody_has_is_refused_and_says_which_there_are() -> None:
    with pytest.raises(RolloutError, match=r"has the model birds; they have pets \(2\), dogs \(1\)"):
        begun(knows(of("a", said()), of("b", said()), of("c", said(model="dogs"))), ("birds", "1.0.0"))


def test_a_rollout_for_a_group_nobody_follows_is_refused_and_says_which_there_are() -> None:
    with pytest.raises(RolloutError, match=r"no device follows group porch; they follow yard \(1\)"):
        begun(knows(of("a", said(groups=("yard",)))))


def test_a_rollout_without_any_device_is_refused() -> None:
    with pytest.raises(RolloutError, match="no device has said"):
        begun(knows())


def test_a_rollout_to_an_older_version_is_refused() -> None:
    with pytest.raises(RolloutError, match=r"newer than 1\.4\.0, up to 1\.10\.0; .*revert does"):
        begun(knows(of("a", said(version="1.10.0")), of("b", said(version="1.9.0"))))
    assert begun(knows(of("a", said(version="1.10.0")), of("b", said(version="1.3.0"))))


def test_a_rollout_that_runs_already_is_in_the_way_unless_it_is_to_be_replaced() -> None:
    roster = knows(of("a", said()), planned(PLAN))
    with pytest.raises(RolloutError, match=r"ana@desk at 2026-11-21T12:00.*running, wave 1 of 4.*--replace"):
        begun(roster)
    assert begun(roster, replace=True).revision == 1


@pytest.mark.parametrize("status", ["paused", "halted", "done"])
def test_a_rollout_that_does_not_run_is_not_in_the_way(status: Any) -> None:
    assert begun(knows(of("a", said()), planned(msgspec.structs.replace(PLAN, status=status)))).revision == 1


def test_rubbish_in_place_of_a_plan_is_in_the_way_unless_it_is_to_be_replaced() -> None:
    roster = knows(of("a", said()), planned(b"rubbish"))
    with pytest.raises(RolloutError, match="holds what is no plan"):
        begun(roster)
    assert begun(roster, replace=True).status == "running"
