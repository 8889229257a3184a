"""An operator's world: a broker in memory and a clock that passes as one looks."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from tests.deploy.rollout.fleet import Fleet
from tests.deploy.rollout.people import NOON, OPERATOR

from sagui.deploy.rollout.control import Control, Patience, View
from sagui.deploy.rollout.memory import MemoryBroker
from sagui.deploy.rollout.rules import Terms
from sagui.deploy.rollout.starting import start
from sagui.wire import Desired, decode, topics

TOPIC = topics.desired("porch")


# A broker in memory says at once that nothing comes: nothing else is waited for.
HASTE = Patience(look_s=0.002, reread_s=0.05, redial_s=0.001)


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
