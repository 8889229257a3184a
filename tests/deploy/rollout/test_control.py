"""The operator's side, with a broker in memory and a clock that passes as one looks."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import count

import msgspec
import pytest
from tests.deploy.rollout.operating import HASTE, TERMS, PassingClock, Watch, World, once
from tests.deploy.rollout.people import OPERATOR, crowd, later, plan_for

from sagui.deploy.rollout import control
from sagui.deploy.rollout.control import Control, describe, present
from sagui.deploy.rollout.errors import BrokerError, LostError, RolloutError
from sagui.deploy.rollout.memory import MemoryLine
from sagui.deploy.rollout.port import Heard
from sagui.deploy.rollout.rules import revert
from sagui.wire import topics

NEWS = Heard(topics.availability("cam-0"), topics.ONLINE)


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

    world.ana = Control(lambda: Deaf(world.broker), "porch", OPERATOR, PassingClock(), replace(HASTE, read_back_s=0.2))
    with pytest.raises(BrokerError, match=r"does not give the plan back: may ana@desk write sagui/fleet/porch/desired"):
        world.start()


def test_a_slow_machine_reads_all_that_the_broker_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    plan = world.start()

    class Busy(MemoryLine):
        def subscribe(self, filters: Sequence[str]) -> None:
            self._waiting.extend([NEWS] * 100)
            super().subscribe(filters)

    monkeypatch.setattr(control, "monotonic", count(step=5).__next__)
    bob = Control(lambda: Busy(world.broker), "porch", "bob@hut", PassingClock(), HASTE)
    assert bob.gather().plan == plan
    assert len(bob.roster.members(plan)) == 40


def test_news_that_never_end_do_not_keep_an_operator_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()

    class Flooded(MemoryLine):
        def hear(self, timeout_s: float) -> Heard:
            return super().hear(timeout_s) or NEWS

    def dial() -> MemoryLine:
        world.broker.lines.append(Flooded(world.broker))
        return world.broker.lines[-1]

    monkeypatch.setattr(control, "monotonic", count().__next__)
    world.start(control=Control(dial, "porch", OPERATOR, PassingClock(), HASTE))
    assert world.kept.status == "running"


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
