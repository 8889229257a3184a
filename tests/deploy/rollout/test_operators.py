"""Two who look after the same rollout, and a broker that forgets it."""

from dataclasses import replace
from itertools import count

import msgspec
import pytest
from tests.deploy.rollout.operating import HASTE, TERMS, TOPIC, PassingClock, Watch, World, once
from tests.deploy.rollout.people import OPERATOR

from sagui.deploy.rollout import control
from sagui.deploy.rollout.control import Control, View, present
from sagui.deploy.rollout.errors import OvertakenError, RolloutError
from sagui.deploy.rollout.rules import halt, pause, resume
from sagui.deploy.rollout.starting import start
from sagui.wire import Desired, decode, encode, is_asked


def test_another_operator_carries_on_from_the_plan_alone() -> None:
    world = World()
    world.start()

    class GoneError(Exception):
        pass

    def go(view: View) -> None:
        if view.plan.wave == 1:
            raise GoneError

    with pytest.raises(GoneError):
        world.ana.follow(Watch(go))
    bob = world.control("bob@hut")
    assert bob.follow(Watch()).status == "done"
    assert world.kept.operator == "bob@hut"
    assert set(world.fleet.installed.values()) == {"1.4.0"}


def test_a_pause_by_another_operator_ends_the_following_and_stops_devices() -> None:
    world = World()
    world.start()
    bob = world.control("bob@hut")
    watch = Watch(once(lambda: bob.order(lambda roster, now: pause(present(roster), now, "bob@hut", "lunch"))))
    plan = world.ana.follow(watch)
    assert (plan.status, plan.reason, plan.operator) == ("paused", "lunch", "bob@hut")
    assert any("bob@hut" in line for line in watch.lines)
    assert world.fleet.touched == {device for device in world.fleet.installed if is_asked(plan, device)}
    assert len(world.fleet.touched) < 40
    bob.order(
        lambda roster, now: resume(present(roster), roster.members(present(roster)), now, "bob@hut"),
    )
    assert bob.follow(Watch()).status == "done"


def test_two_who_follow_the_same_rollout_do_it_no_harm() -> None:
    world = World()
    world.start()
    bob = world.control("bob@hut")
    seen: list[Desired] = []

    def both(_view: View) -> None:
        if not seen:
            seen.append(bob.follow(Watch()))

    assert world.ana.follow(Watch(both)) == seen[0]
    assert world.kept.revision == 4


def test_another_rollout_in_the_group_ends_ours_in_words() -> None:
    world = World()
    world.start()
    bob = world.control("bob@hut")

    def take() -> None:
        bob.order(lambda roster, now: start(roster, ("pets", "1.5.0"), TERMS, now, "bob@hut", "r-2", replace=True))

    with pytest.raises(OvertakenError, match=r"another rollout took the group: bob@hut at .*pets==1\.5\.0 running"):
        world.ana.follow(Watch(once(take)))
    assert world.kept.version == "1.5.0"


def test_who_starts_second_is_refused() -> None:
    world = World()
    world.start()
    with pytest.raises(RolloutError, match="a rollout is running in group porch, by ana@desk"):
        world.start("1.5.0", world.control("bob@hut"), "r-2")
    assert world.kept.version == "1.4.0"


def cross(world: World, other: Desired) -> None:
    """Another operator's plan is written at the moment after ours, once."""
    left = [other]

    def hear(topic: str, payload: bytes) -> None:
        if topic == TOPIC and left and decode(payload, Desired).operator == OPERATOR:
            world.broker.say(TOPIC, encode(left.pop()))

    world.broker.listeners.append(hear)


def test_of_two_who_write_at_the_same_moment_the_first_yields() -> None:
    world = World()
    plan = world.start()
    other = msgspec.structs.replace(plan, id="r-2", version="1.5.0", operator="bob@hut", revision=1)
    cross(world, other)
    with pytest.raises(OvertakenError, match=r"bob@hut at .*1\.5\.0"):
        world.ana.order(lambda roster, _now: msgspec.structs.replace(present(roster), revision=1, time=plan.time))
    assert world.kept == other


def test_a_plan_that_crosses_ours_is_seen_on_a_slow_machine_too(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    plan = world.start()
    cross(world, msgspec.structs.replace(plan, id="r-2", version="1.5.0", operator="bob@hut", revision=1))
    monkeypatch.setattr(control, "monotonic", count().__next__)
    with pytest.raises(OvertakenError, match=r"bob@hut at .*1\.5\.0"):
        world.ana.order(lambda roster, _now: msgspec.structs.replace(present(roster), revision=1, time=plan.time))


def test_a_halt_by_a_person_does_not_yield_to_a_wave_that_begins_at_the_same_moment() -> None:
    world = World()
    plan = world.start()
    cross(world, msgspec.structs.replace(plan, revision=1, wave=1, operator="bob@hut"))
    halted = world.ana.order(lambda roster, now: halt(present(roster), now, OPERATOR, "smoke"), insist=True)
    assert (halted.status, halted.revision, halted.wave) == ("halted", 2, 1)
    assert world.kept == halted


def test_a_wave_that_begins_on_top_of_ours_is_no_conflict() -> None:
    world = World()
    plan = world.start()
    cross(world, msgspec.structs.replace(plan, revision=2, wave=1, operator="bob@hut"))
    changed = world.ana.order(lambda roster, _now: msgspec.structs.replace(present(roster), revision=1))
    assert changed.revision == 1


def test_an_old_plan_that_is_written_over_the_new_one_is_told() -> None:
    world = World()
    old = world.start()

    def write_old(view: View) -> None:
        if view.plan.revision == 2:
            world.broker.say(TOPIC, encode(old))

    with pytest.raises(OvertakenError, match="went back from revision 2 to 0"):
        world.ana.follow(Watch(write_old))


@pytest.mark.parametrize(("payload", "words"), [(b"", "has no rollout"), (b"{}", "holds no plan: not a desired")])
def test_a_plan_that_is_taken_away_or_spoilt_is_told(payload: bytes, words: str) -> None:
    world = World()
    world.start()
    world.fleet.hear = lambda *_: None  # type: ignore[method-assign]
    world.broker.listeners.clear()
    with pytest.raises(RolloutError, match=words):
        world.ana.follow(Watch(once(lambda: world.broker.say(TOPIC, payload))))


def test_a_plan_that_was_taken_away_while_the_line_was_down_is_not_written_again() -> None:
    world = World()
    world.start()

    def take_away() -> None:
        world.broker.hang_up()
        world.broker.say(TOPIC, b"")

    with pytest.raises(RolloutError, match="has no rollout"):
        world.ana.follow(Watch(once(take_away)))
    assert TOPIC not in world.broker.kept


def forget(world: World) -> None:
    """The broker restarts without its memory; devices say again what they said."""
    said = {topic: payload for topic, payload in world.broker.kept.items() if topic != TOPIC}
    world.broker.restart_empty()
    world.broker.kept.update(said)


def test_a_broker_that_comes_back_empty_is_given_the_plan_again_and_the_rollout_goes_on() -> None:
    world = World()
    started = world.start()
    watch = Watch(once(lambda: forget(world)))
    done = world.ana.follow(watch)
    assert (done.status, done.id) == ("done", started.id)
    assert done.revision == 5  # three more waves, the end, and the one that was written again
    assert any("persistence true" in line for line in watch.lines)
    assert set(world.fleet.installed.values()) == {"1.4.0"}


def test_two_who_follow_when_the_broker_forgets_do_it_no_harm() -> None:
    world = World()
    world.start()
    bob = world.control("bob@hut")
    ends: list[Desired] = []

    def both(_view: View) -> None:
        if not ends:
            ends.append(bob.follow(Watch(once(lambda: forget(world)))))

    assert world.ana.follow(Watch(both)) == ends[0]
    assert world.kept == ends[0]


def test_a_plan_that_another_began_at_the_empty_broker_is_not_written_over() -> None:
    world = World()
    plan = world.start()
    other = msgspec.structs.replace(plan, id="r-2", version="1.5.0", operator="bob@hut", revision=0)

    def restart() -> None:
        forget(world)
        world.broker.say(TOPIC, encode(other))

    with pytest.raises(OvertakenError, match=r"bob@hut at .*1\.5\.0"):
        world.ana.follow(Watch(once(restart)))
    assert world.kept == other


def test_a_plan_in_hand_that_may_be_old_is_not_written_again() -> None:
    world = World()
    world.ana = Control(
        lambda: world.broker.dial("ana"), "porch", OPERATOR, PassingClock(), replace(HASTE, believed_s=0.0)
    )
    world.start()
    with pytest.raises(RolloutError, match=r"no rollout any more: .*the broker lost it.*persistence true"):
        world.ana.follow(Watch(once(lambda: forget(world))))
    assert TOPIC not in world.broker.kept
