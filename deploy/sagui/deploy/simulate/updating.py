"""How a simulated device follows plans and orders: the device's own rules, with steps that only take time. No I/O."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from math import inf
from typing import Literal

from sagui.deploy.simulate.course import Bad, Step, Times, installing, reverting
from sagui.device.update.rules import Self, is_newer
from sagui.device.update.wishes import Wish, follower, of_order, of_plans, wanted_still
from sagui.wire import AT_WORK, Desired, Phase, UpdateOrder, UpdateState, timestamp

_NO_STEPS: Iterator[Step] = iter(())
_NO_NEWEST = "no registry is simulated: nobody knows the newest version, name one"


@dataclass(frozen=True)
class Taken:
    """A step that was taken.

    Attributes:
        state: What is to be said of it.
        restarts: Whether the agent begins anew now.
    """

    state: UpdateState
    restarts: bool


class Updating:
    """Which model a device has, and what becomes of the update it was asked for.

    Attributes:
        due: When the next step is, Unix time in seconds; infinity if nothing is under way.
    """

    def __init__(
        self, device: str, groups: tuple[str, ...], model: str, version: str, times: Times, bad: tuple[Bad, ...] = ()
    ) -> None:
        """Begins with a model that is at work.

        Args:
            device: The name in the topics.
            groups: Whose plans it follows; of several that ask for something, the first.
            model: The bundle's name.
            version: The bundle's version.
            times: How long the steps take here.
            bad: Versions that do not do.
        """
        self._device, self._groups, self._model = device, groups, model
        self._version = version
        self._previous: str | None = None
        self._failed: frozenset[str] = frozenset()
        self._times, self._bad = times, {one.version: one for one in bad}
        self._plans: dict[str, Desired | None] = {}
        self._steps, self._step = _NO_STEPS, Step("idle")
        self._target = version
        self._rollout: str | None = None
        self.due = inf

    @property
    def version(self) -> str:
        """Of the model at work, the tried one included."""
        return self._version

    @property
    def phase(self) -> Phase:
        """What is under way, or what became of the last update."""
        return self._step.phase

    def state(self, now: float) -> UpdateState:
        """Says how it is."""
        newest = self._target if is_newer(self._target, self._version) else self._version
        return UpdateState(
            time=timestamp(now),
            model=self._model,
            installed_version=self._version,
            latest_version=newest,
            in_progress=self._step.phase in AT_WORK,
            update_percentage=self._step.percent,
            phase=self._step.phase,
            error=self._step.error,
            rollout=self._rollout,
            groups=self._groups,
        )

    def follow(self, group: str, plan: Desired | None, now: float) -> list[Taken]:
        """Takes a group's plan.

        Args:
            group: Whose.
            plan: None if the broker has none any more.
            now: Unix time in seconds.

        Returns:
            The steps that are taken at once, in order.
        """
        self._plans[group] = plan
        return self._consider(now)

    def obey(self, order: UpdateOrder, now: float) -> list[Taken]:
        """Takes an order; one that comes while an update is under way is not heard."""
        if self._step.phase in AT_WORK:
            return []
        wish = of_order(order, self._self())
        if wish.verdict == "install" and wish.version is None:
            wish = replace(wish, verdict="nothing", reason=_NO_NEWEST)
        return self._answer(replace(wish, revision=None), now)

    def advance(self, now: float) -> list[Taken]:
        """Takes the steps that are due."""
        if now < self.due:
            return []
        return self._go(now) if self._wanted() else self._give_up(now)

    def _consider(self, now: float) -> list[Taken]:
        if self._step.phase in AT_WORK:
            return [] if self._wanted() else self._give_up(now)
        me, plans = self._self(), self._heard()
        wish = of_plans(plans, me, datetime.fromtimestamp(now, UTC).time())
        if wish is not None:
            return self._answer(wish, now)
        followed = follower(plans, me)
        if followed is None or followed == self._rollout:
            return []
        self._rollout = followed
        return [self._take(Step("confirmed"), now)]

    def _answer(self, wish: Wish, now: float) -> list[Taken]:
        if wish.verdict in {"install", "revert"}:
            return self._begin(wish, now)
        if wish.rollout is not None and wish.rollout == self._rollout:
            return []  # it was told how that ended
        behind = wish.origin == "plan" and wish.version is not None and is_newer(self._version, wish.version)
        phase: Phase = "waiting" if wish.verdict == "wait" else "idle" if behind else "failed"
        self._rollout = wish.rollout
        return [self._take(Step(phase, error=wish.reason), now)]

    def _heard(self) -> dict[str, Desired | None]:
        return {group: self._plans[group] for group in self._groups if group in self._plans}

    def _wanted(self) -> bool:
        """Whether what is under way should go on; what is at work already is always brought to its end."""
        if self._step.phase not in AT_WORK - {"activated"}:
            return True
        origin: Literal["plan", "order"] = "order" if self._rollout is None else "plan"
        return wanted_still(origin, self._rollout, self._heard(), self._groups, self._self()) is not False

    def _begin(self, wish: Wish, now: float) -> list[Taken]:
        self._target, self._rollout = wish.version or self._version, wish.rollout
        if wish.verdict == "revert":
            by = f"rollout {wish.rollout}" if wish.rollout else "an order"
            self._steps = reverting(self._times, f"taken back by {by}")
        else:
            bad = self._bad.get(self._target)
            self._steps = installing(self._times, bad.fault(self._device) if bad else None)
        return self._go(now)

    def _go(self, now: float) -> list[Taken]:
        taken: list[Taken] = []
        self.due = inf
        for step in self._steps:
            taken.append(self._take(step, now))
            if step.lasts_s > 0:
                self.due = now + step.lasts_s
                return taken
        # At the end of one, a plan may ask for another.
        return taken + self._consider(now)

    def _take(self, step: Step, now: float) -> Taken:
        self._step = step
        if step.phase == "activated":
            self._previous, self._version = self._version, self._target
        elif step.phase == "reverted" and self._previous is not None:
            self._failed |= {self._version}
            self._version, self._previous = self._previous, None
        if step.fails:
            self._failed |= {self._target}
        return Taken(self.state(now), step.restarts)

    def _give_up(self, now: float) -> list[Taken]:
        """Leaves an update that is not wanted any more; the model at work stays, and the version may come again."""
        self._steps, self.due, self._rollout = _NO_STEPS, inf, None
        return [self._take(Step("idle"), now), *self._consider(now)]

    def _self(self) -> Self:
        return Self(self._device, self._model, self._version, self._previous, self._failed)
