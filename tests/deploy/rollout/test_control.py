"""The operator's side, with a broker in memory and a clock that passes as one looks."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
from tests.deploy.rollout.fleet import Fleet
from tests.deploy.rollout.people import NOON, OPERATOR, crowd, later, plan_for

from sagui.deploy.rollout.control import Control, Patience, View, describe, present
from sagui.deploy.rollout.errors import BrokerError, LostError, OvertakenError, RolloutError
from sagui.deploy.rollout.memory import MemoryBroker, MemoryLine
from sagui.deploy.rollout.port import Heard
from sagui.deploy.rollout.rules import Terms, halt, pause, resume, revert
from sagui.deploy.rollout.starting import start
from sagui.wire import Desired, decode, encode, is_asked, topics

TOPIC = topics.desired("porch")
HASTE = Patience(1.0, 1.0, 0.2, 0.005, 0.002, 0.05, 0.001)
TERMS = Terms(dwell_s=60.0, timeout_s=600.0)


class PassingClock:
    """Each look at it is so many seconds later."""

    def __init__(self, step_s: float = 5.0) -> None:
        self.now, self._step = NOON, timedelta(seconds=step_s)

    def __call__(self) -> datetime:
        self.now += self._step
        return self.now


class Watch:
    """Keeps what is shown; and does something at a moment."""

    def __init__(self, then: Callable[[View], None] = lambda _: None) -> None:
        self.views: list[View] = []
        self.lines: list[str] = []
        self._then = then

    def show(self, view: View) -> None:
        self.views.append(view)
        self._then(view)

    def say(self, line: str) -> None:
        self.lines.append(line)


class World:
    """A broker, a fleet and an operator."""

    def __init__(self, count: int = 40, **kinds: Any) -> None:
        self.broker = MemoryBroker()
        self.fleet = Fleet(self.broker.say, count, **kinds)
        self.broker.listeners.append(self.fleet.hear)
        self.fleet.appear()
        self.ana = self.control(OPERATOR)

    def control(self, operator: str) -> Control:
        return Control(lambda: self.broker.dial(operator), "porch", operator, PassingClock(), HASTE)

    def start(self, version: str = "1.4.0", control: Control | None = None, rollout: str = "r-1") -> Desired:
        hands = control or self.ana
        return hands.order(lambda roster, now: start(roster, ("pets", version), TERMS, now, hands.operator, rollout))

    @property
    def kept(self) -> Desired:
        return decode(self.broker.kept[TOPIC], Desired)


def once(act: Callable[[], object]) -> Callable[[View], None]:
    left = [act]

    def then(_view: View) -> None:
        if left:
            left.pop()()

    return then


def test_a_good_model_reaches_the_whole_group_in_waves() -> None:
    world = World()
    world.start()
    watch = Watch()
    done = world.ana.follow(watch)
    assert done.status == "done"
    assert set(world.fleet.installed.values()) == {"1.4.0"}
    waves = [view.plan.wave for view in watch.views]
    assert waves == sorted(waves)
    # 1 % and 5 % of 40 devices are 1 and 2.
    assert [next(v.tally.asked for v in watch.views if v.plan.wave == wave) for wave in range(4)] == [1, 2, 10, 40]
    assert world.kept == done


def test_a_bad_model_halts_in_the_first_wave_and_leaves_the_rest_untouched() -> None:
    world = World(bad=["1.4.0"])
    world.start()
    halted = world.ana.follow(Watch())
    assert (halted.status, halted.wave) == ("halted", 0)
    assert len(world.fleet.touched) == 1
    assert "6 of 10 photos got another label" in (halted.reason or "")


def test_a_revert_brings_everybody_back() -> None:
    world = World()
    world.start()
    world.ana.follow(Watch())
    world.ana.order(lambda roster, now: revert(present(roster), "r-2", now, OPERATOR))
    assert world.ana.follow(Watch()).status == "done"
    assert set(world.fleet.installed.values()) == {"1.3.0"}


def test_devices_that_are_away_are_not_waited_for() -> None:
    away = [f"cam-{number}" for number in range(10)]
    world = World(away=away)
    world.start()
    assert world.ana.follow(Watch()).status == "done"
    assert {one for one, version in world.fleet.installed.items() if version == "1.3.0"} == set(away)


def test_devices_that_never_answer_halt_it_by_their_time() -> None:
    world = World(mute=[f"cam-{number}" for number in range(40)])
    world.start()
    halted = world.ana.follow(Watch())
    assert halted.status == "halted"
    assert "still idle after 600 s" in (halted.reason or "")


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


def test_following_a_group_without_a_rollout_is_refused() -> None:
    with pytest.raises(RolloutError, match="group porch has no rollout"):
        World().ana.follow(Watch())


def test_a_connection_that_is_lost_is_opened_again_and_the_rollout_goes_on() -> None:
    world = World()
    world.start()
    watch = Watch(once(world.broker.hang_up))
    assert world.ana.follow(watch).status == "done"
    assert any("was lost; the plan stays, trying again" in line for line in watch.lines)


def test_a_broker_that_stays_away_is_told_once() -> None:
    world = World()
    world.start()
    left = [20]

    def dial() -> MemoryLine:
        left[0] -= 1
        if left[0] > 0:
            raise LostError("the broker is not there")
        return world.broker.dial(OPERATOR)

    def lose() -> None:
        world.ana._dial = dial
        world.broker.hang_up()

    watch = Watch(once(lose))
    assert world.ana.follow(watch).status == "done"
    assert [line.partition(";")[0] for line in watch.lines] == [
        "the line to the broker in memory was lost",
        "the broker is not there",
    ]


def test_a_broker_that_does_not_keep_the_plan_is_told() -> None:
    world = World()

    class Deaf(MemoryLine):
        def keep(self, topic: str, payload: bytes) -> None:
            pass

    world.ana = Control(lambda: Deaf(world.broker), "porch", OPERATOR, PassingClock(), HASTE)
    with pytest.raises(BrokerError, match=r"does not give the plan back: may ana@desk write sagui/fleet/porch/desired"):
        world.start()


def test_what_a_subscriber_missed_is_found_in_what_is_kept() -> None:
    world = World()

    class Forgetful(MemoryLine):
        def take(self, message: Heard) -> None:
            if not message.topic.endswith("update/state"):
                super().take(message)

    def dial() -> MemoryLine:
        world.broker.lines.append(Forgetful(world.broker))
        return world.broker.lines[-1]

    clock = PassingClock(0.1)
    world.ana = Control(dial, "porch", OPERATOR, clock, replace(HASTE, reread_s=0.0))
    world.start()
    assert world.ana.follow(Watch()).status == "done"
    # Long before their time is over, when everything would be read anew in any case.
    assert clock.now < later(TERMS.timeout_s)


def test_rubbish_on_the_topics_does_not_stop_a_rollout() -> None:
    world = World()
    for topic in ("sagui/cam-x/update/state", "sagui/fleet/update/state", "sagui/cam-y/availability"):
        world.broker.say(topic, b"\xff{")
    world.start()
    watch = Watch()
    assert world.ana.follow(watch).status == "done"
    assert watch.views[-1].unreadable == 2


def test_a_plan_is_described_by_who_when_and_what() -> None:
    plan = msgspec.structs.replace(plan_for(crowd(3)), reason="lunch", status="paused")
    assert describe(plan) == (
        "ana@desk at 2026-11-21T12:00:00.000Z: pets==1.4.0 paused, wave 1 of 4 (revision 0): lunch"
    )
