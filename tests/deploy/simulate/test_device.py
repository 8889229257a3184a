"""What a simulated device says, and when."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.deploy.simulate.plans import a_plan

from sagui.deploy.simulate.acts import Act, Dial, Leave, Say
from sagui.deploy.simulate.course import ON_A_PI
from sagui.deploy.simulate.device import Device, Profile, check
from sagui.deploy.simulate.errors import SimulationError
from sagui.wire import (
    Claim,
    Health,
    Message,
    Result,
    State,
    Telemetry,
    UpdateOrder,
    UpdateState,
    decode,
    encode,
    topics,
)

START = 1_800_000_000.0
KINDS: dict[str, type[Message]] = {
    "claim": Claim,
    "result": Result,
    "state": State,
    "telemetry": Telemetry,
    "health": Health,
    "update/state": UpdateState,
}
NEVER = {"claim", "result"}


def says(acts: list[Act]) -> list[Say]:
    return [act for act in acts if isinstance(act, Say)]


def named(acts: list[Act]) -> list[str]:
    return [say.topic.removeprefix("sagui/porch/") for say in says(acts)]


def online(profile: Profile = Profile(results_per_s=2.0, telemetry_s=10.0)) -> Device:  # noqa: B008 (frozen)
    device = Device("porch", 1, profile, START)
    device.act(START)
    device.connected(START)
    return device


def passes(device: Device, seconds: float, since: float = START) -> list[Act]:
    acts: list[Act] = []
    while device.due < since + seconds:
        acts += device.act(device.due)
    return acts


def test_it_connects_with_a_last_will_and_listens_to_all_that_a_device_does() -> None:
    (dial,) = Device("porch", 1, Profile(groups=("all", "demo")), START).act(START)
    assert isinstance(dial, Dial)
    assert dial.will == Say("sagui/porch/availability", b"offline", 1, retain=True)
    assert set(dial.topics) == {
        topics.claim("porch"),
        topics.availability("porch"),
        topics.command("porch"),
        topics.update_set("porch"),
        topics.desired("all"),
        topics.desired("demo"),
    }


def test_it_says_online_behind_all_that_the_broker_keeps() -> None:
    device = Device("porch", 1, Profile(), START)
    device.act(START)
    greeting = device.connected(START)
    assert named(greeting) == ["claim", "health", "update/state", "telemetry", "availability"]
    assert says(greeting)[-1].payload == b"online"


def test_all_it_says_is_what_its_topics_promise() -> None:
    device = online()
    acts = [
        *device.connected(START),
        *passes(device, 60),
        *device.hear(topics.desired("all"), b"", START, retained=True),
    ]
    assert set(named(acts)) == {*KINDS, "availability"}
    for say, name in zip(says(acts), named(acts), strict=True):
        if name != "availability":
            decode(say.payload, KINDS[name])
        assert say.retain == (name not in NEVER)
        assert say.qos == (0 if name == "telemetry" else 1)


def test_it_says_as_many_results_as_it_is_asked_to_each_with_an_id_of_its_own() -> None:
    device = online()
    found = [json.loads(say.payload)["id"] for say in says(passes(device, 60)) if say.topic == topics.result("porch")]
    assert len(found) == len(set(found)) == device.results == 120


def test_the_state_is_said_when_the_label_changes_and_then_alone() -> None:
    acts = says(passes(online(), 200))
    labels = [decode(say.payload, Result).label for say in acts if say.topic == topics.result("porch")]
    states = [decode(say.payload, State).label for say in acts if say.topic == topics.state("porch")]
    assert states == [label for at, label in enumerate(labels) if at == 0 or labels[at - 1] != label]
    assert len(states) > 2


def test_the_same_seed_says_the_same() -> None:
    assert passes(online(), 30) == passes(online(), 30)
    assert passes(online(), 30) != passes(online(Profile(results_per_s=2.0, telemetry_s=10.0, seed=1)), 30)


def test_a_device_that_slept_leaves_results_out() -> None:
    device = online(Profile(results_per_s=1.0, telemetry_s=0))
    late = START + 3600
    acts: list[Act] = []
    while device.due <= late:
        acts += device.act(late)
    assert len([say for say in says(acts) if say.topic == topics.result("porch")]) < 10


def test_without_a_connection_it_says_nothing_and_comes_back() -> None:
    device = online()
    device.lost(START + 1)
    assert START + 1 <= device.due <= START + 2
    acts = passes(device, 10, START + 1)
    assert [type(act) for act in acts] == [Dial]


@given(st.integers(0, 40))
def test_it_waits_longer_the_more_often_it_failed_but_never_over_30_s(times: int) -> None:
    device = online()
    for _ in range(times):
        device.lost(START)
    device.lost(START)
    assert 0 <= device.due - START <= min(30, 2**times)


def test_it_begins_anew_with_another_model() -> None:
    profile = Profile(results_per_s=0, telemetry_s=0, times=ON_A_PI)
    device = online(profile)
    device.hear(topics.desired("all"), encode(a_plan()), START, retained=False)
    acts = passes(device, 1000)
    leaving = acts.index(Leave())
    assert named(acts[leaving - 2 : leaving]) == ["update/state", "availability"]
    assert says(acts)[-1].payload == b"offline"
    said = decode(says(acts)[-2].payload, UpdateState)
    assert (said.phase, said.installed_version) == ("activated", "1.1.0")
    assert isinstance(acts[-1], Dial)
    assert acts[-1].client != device_client(profile)
    greeting = device.connected(START + 1000)
    assert decode(says(greeting)[2].payload, UpdateState).phase in {"activated", "confirmed"}


def device_client(profile: Profile) -> str:
    (dial,) = Device("porch", 1, profile, START).act(START)
    assert isinstance(dial, Dial)
    return dial.client


def test_a_retained_order_is_not_followed() -> None:
    order = encode(UpdateOrder(order="install", version="1.1.0"))
    assert online().hear(topics.update_set("porch"), order, START, retained=True) == []
    assert online().hear(topics.update_set("porch"), order, START, retained=False) != []


def test_a_report_is_given_when_asked_for() -> None:
    acts = online().hear(topics.command("porch"), b"report", START, retained=False)
    assert named(acts) == ["telemetry"]


@given(st.binary(max_size=200), st.sampled_from(["command", "update/set", "claim", "plan"]))
def test_whatever_is_said_to_it_it_goes_on(payload: bytes, where: str) -> None:
    device = online()
    topic = topics.desired("all") if where == "plan" else f"sagui/porch/{where}"
    device.hear(topic, payload, START, retained=False)
    assert device.updating.version == "1.0.0"
    assert len(passes(device, 10)) >= 20


def test_a_plan_that_cannot_be_read_leaves_the_one_before() -> None:
    device = online()
    device.hear(topics.desired("all"), encode(a_plan()), START, retained=False)
    assert device.hear(topics.desired("all"), b"{", START, retained=False) == []
    assert device.ignored == 1
    assert device.updating.state(START).rollout == "r-1"


def test_at_the_end_it_says_offline_and_the_broker_forgets_it() -> None:
    kept = {say.topic for say in says([*online().connected(START), *passes(online(), 60)]) if say.retain}
    goodbye = online().leave(forget=True)
    assert says(goodbye)[0].payload == b"offline"
    assert {say.topic for say in says(goodbye)[1:]} == kept
    assert all(say.payload == b"" and say.retain for say in says(goodbye)[1:])
    assert goodbye[-1] == Leave()
    assert [act for act in online().leave(forget=False) if isinstance(act, Say)] == says(goodbye)[:1]


@pytest.mark.parametrize(
    "profile", [Profile(groups=("No",)), Profile(model="no name"), Profile(version="1"), Profile(version="v1.0.0")]
)
def test_what_cannot_be_said_on_the_wire_is_refused(profile: Profile) -> None:
    with pytest.raises(SimulationError):
        check(profile)
