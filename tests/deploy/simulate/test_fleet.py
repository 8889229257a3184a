"""A fleet in memory, in a time that flies, under the rules by which rollouts go."""

from dataclasses import dataclass
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.deploy.simulate.plans import a_plan

from sagui.deploy.rollout.members import Roster
from sagui.deploy.rollout.port import Heard
from sagui.deploy.rollout.rules import Terms, advance, begin, revert
from sagui.deploy.simulate.acts import Say
from sagui.deploy.simulate.course import FAULTS, Bad, Fault
from sagui.deploy.simulate.device import Device, Profile
from sagui.deploy.simulate.fleet import Fleet
from sagui.deploy.simulate.memory import MemoryClock, MemoryNetwork
from sagui.wire import Desired, Result, UpdateState, decode, encode, is_asked, topics

TERMS = Terms(waves=(0.01, 0.05, 0.25, 1.0), dwell_s=60.0, timeout_s=600.0)
QUIET = Profile(groups=("demo",), results_per_s=0, telemetry_s=0)


@dataclass
class World:
    """A fleet, its broker, and an operator who follows the rules."""

    fleet: Fleet
    network: MemoryNetwork
    clock: MemoryClock
    roster: Roster
    read: int = 0

    @property
    def now(self) -> datetime:
        return datetime.fromtimestamp(self.clock.now, UTC)

    def passes(self, seconds: float) -> None:
        until = self.clock.now + seconds
        while self.clock.now < until:
            self.fleet.turn(until - self.clock.now)
        for say in self.network.said[self.read :]:
            self.roster.hear(Heard(say.topic, say.payload), self.now)
        self.read = len(self.network.said)

    def publish(self, plan: Desired) -> None:
        self.network.publish(Say(topics.desired("demo"), encode(plan), retain=True))
        self.passes(0.1)

    def start(self, version: str = "1.1.0") -> Desired:
        members = self.roster.members(a_plan(version=version))
        plan = begin("r-1", "pets", version, TERMS, members, self.now, "me@here")
        self.publish(plan)
        return plan

    def follow(self, plan: Desired, longest_s: float = 7200) -> Desired:
        until = self.clock.now + longest_s
        while plan.status == "running" and self.clock.now < until:
            self.passes(5)
            step = advance(plan, self.roster.members(plan), self.now, "me@here")
            if step.plan is not None:
                plan = step.plan
                self.publish(plan)
        return plan

    def touched(self) -> set[str]:
        """Devices that ever said anything about an update."""
        said = [say for say in self.network.said if say.topic.endswith("/update/state") and say.payload]
        states = [(topics.device_of(say.topic), decode(say.payload, UpdateState)) for say in said]
        return {device for device, state in states if state.phase != "idle"}


def world(devices: int = 100, profile: Profile = QUIET) -> World:
    clock = MemoryClock()
    network = MemoryNetwork(clock)
    fleet = Fleet(
        [Device(f"sim-{number}", number, profile, clock.now + number / 100) for number in range(devices)],
        network,
        clock,
    )
    made = World(fleet, network, clock, Roster("demo"))
    made.passes(devices / 100 + 5)
    assert made.fleet.standing().online == devices
    return made


def test_a_four_wave_rollout_reaches_everybody() -> None:
    there = world(200)
    end = there.follow(there.start())
    assert end.status == "done"
    assert end.wave == 3
    assert there.fleet.standing().versions == {"1.1.0": 200}
    assert there.fleet.standing().phases == {"confirmed": 200}


def test_a_bad_version_halts_in_the_first_wave_and_touches_no_other_device() -> None:
    there = world(200, Profile(groups=("demo",), results_per_s=0, telemetry_s=0, bad=(Bad("1.1.0"),)))
    end = there.follow(there.start())
    assert (end.status, end.wave) == ("halted", 0)
    there.passes(1000)
    assert len(there.touched()) == 2
    assert there.fleet.standing().versions == {"1.0.0": 200}


@settings(max_examples=15, deadline=None)
@given(
    st.integers(3, 60),
    st.floats(0, 1),
    st.lists(st.sampled_from(FAULTS), min_size=1, max_size=2, unique=True),
    st.integers(0, 5),
)
def test_however_bad_a_version_is_a_rollout_ends_and_never_leaves_a_device_on_what_failed(
    devices: int, share: float, how: list[Fault], seed: int
) -> None:
    bad = Bad("1.1.0", share, tuple(how))
    there = world(devices, Profile(groups=("demo",), results_per_s=0, telemetry_s=0, bad=(bad,), seed=seed))
    end = there.follow(there.start(), 36_000)
    assert end.status in {"done", "halted"}
    there.passes(1000)
    assert all(is_asked(end, name) for name in there.touched())
    for name, state in roster_states(there).items():
        assert state.installed_version == "1.0.0" or bad.fault(name) is None
    if end.status == "done":
        good = sum(state.installed_version == "1.1.0" for state in roster_states(there).values())
        assert good >= 0.9 * devices


def roster_states(there: World) -> dict[str, UpdateState]:
    return {member.device: member.state for member in there.roster.everybody()}


def test_a_revert_brings_everybody_back() -> None:
    there = world(50)
    plan = there.follow(there.start())
    back = revert(plan, "r-2", there.now, "me@here")
    there.publish(back)
    assert there.follow(back).status == "done"
    there.passes(60)
    assert there.fleet.standing().versions == {"1.0.0": 50}


def test_a_device_that_was_away_takes_the_plan_when_it_comes_back() -> None:
    there = world(20)
    there.network.open = False
    there.network.cut("sim-3")
    there.passes(60)
    assert there.fleet.standing().online == 19
    assert there.fleet.standing().away == "nobody answers"
    there.publish(a_plan())
    there.network.open = True
    there.passes(600)
    assert there.fleet.standing().versions == {"1.1.0": 20}
    assert there.fleet.standing().away == ""


def test_a_broken_connection_says_the_will_and_the_device_returns() -> None:
    there = world(3)
    there.network.cut("sim-1")
    assert there.network.retained[topics.availability("sim-1")] == b"offline"
    there.passes(31)
    assert there.network.retained[topics.availability("sim-1")] == b"online"


def test_results_come_at_the_rate_that_was_asked_for() -> None:
    there = world(50, Profile(groups=("demo",), results_per_s=2.0))
    before = there.fleet.standing().results
    there.passes(100)
    assert there.fleet.standing().results - before == 50 * 2 * 100


def test_no_two_results_of_a_fleet_have_the_same_id() -> None:
    there = world(20, Profile(groups=("demo",), results_per_s=2.0))
    there.publish(a_plan())
    there.passes(600)
    ids = [decode(say.payload, Result).id for say in there.network.said if say.topic.endswith("/result")]
    assert there.fleet.standing().versions == {"1.1.0": 20}
    assert len(ids) == len(set(ids)) > 10_000


def test_nothing_is_late_where_time_waits() -> None:
    there = world(50, Profile(groups=("demo",)))
    there.passes(50)
    assert there.fleet.standing().late_s < 0.001


def test_at_the_end_the_broker_keeps_nothing_of_the_fleet() -> None:
    there = world(30, Profile(groups=("demo",)))
    there.passes(70)
    assert there.network.retained
    assert there.fleet.close(forget=True) == 0
    assert there.network.retained == {}
    assert there.network.connected == frozenset()


def test_who_keeps_finds_the_devices_offline() -> None:
    there = world(3)
    there.network.cut("sim-1")
    there.passes(0.001)
    assert there.fleet.close(forget=False) == 1
    offline = [topics.availability(f"sim-{number}") for number in range(3)]
    assert {there.network.retained[topic] for topic in offline} == {b"offline"}
