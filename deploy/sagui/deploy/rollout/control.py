"""The operator's side: reads the plan and what devices said, applies the rules, and writes the next revision."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import monotonic, sleep
from typing import Protocol

from sagui.deploy.rollout.errors import BrokerError, LostError, OvertakenError, RolloutError
from sagui.deploy.rollout.members import Roster
from sagui.deploy.rollout.port import Line
from sagui.deploy.rollout.rules import advance, rewrite
from sagui.deploy.rollout.standing import Tally, tally
from sagui.wire import Desired, encode, topics

Decide = Callable[[Roster, datetime], Desired | None]
"""From what is known, at a time, to the plan that is to be written; None leaves it as it is."""

_TRIES = 5
_FLOOD = 10_000
_KEEP = "persistence (mosquitto.conf: persistence true)"


@dataclass(frozen=True)
class Patience:
    """How long things are waited for.

    Attributes:
        quiet_s: All that the broker keeps has come, when it said nothing old for so long.
        gather_s: Longer than this it is not waited for.
        read_back_s: How long a plan may take to come back from the broker.
        settle_s: How long another operator's plan may cross ours.
        look_s: How often the rules are applied.
        reread_s: How often all that the broker keeps is read again.
        redial_s: The pause before the broker is tried again.
        believed_s: After being cut off for longer, a plan in hand is too old to be written again.
    """

    quiet_s: float = 0.5
    gather_s: float = 10.0
    read_back_s: float = 10.0
    settle_s: float = 0.5
    look_s: float = 1.0
    reread_s: float = 30.0
    redial_s: float = 2.0
    believed_s: float = 300.0


@dataclass(frozen=True)
class View:
    """How a rollout stands, to be shown.

    Attributes:
        known: How many devices the plan concerns.
        waits_for: What it waits for, or why it is at an end.
        unreadable: How many devices cannot be read.
        stops: Whether it is about to be halted or paused: a moment later the plan says so itself.
    """

    plan: Desired
    tally: Tally
    known: int
    waits_for: str
    unreadable: int = 0
    stops: bool = False


class Watcher(Protocol):
    """Whoever watches a rollout."""

    def show(self, view: View) -> None:
        """Called about once a second, and at the end."""

    def say(self, line: str) -> None:
        """Something happened, for a person."""


class SteadyClock:
    """UTC that a clock which is set meanwhile does not move."""

    def __init__(self) -> None:
        self._wall, self._start_s = datetime.now(UTC), monotonic()

    def __call__(self) -> datetime:
        """Gives the time."""
        return self._wall + timedelta(seconds=monotonic() - self._start_s)


class Control:
    """A group's rollout, in one operator's hands; all it needs is kept by the broker, so another may go on any time."""

    def __init__(
        self,
        dial: Callable[[], Line],
        group: str,
        operator: str,
        clock: Callable[[], datetime] | None = None,
        patience: Patience | None = None,
    ) -> None:
        """Begins with nothing known, and no connection.

        Args:
            dial: Opens a line to the broker.
            group: Whose plan it is.
            operator: Who writes it: user and machine.
            clock: UTC.
            patience: How long things are waited for.
        """
        self.roster = Roster(group)
        self.operator = operator
        self._dial, self._now = dial, clock or SteadyClock()
        self._patience = patience or Patience()
        self._line: Line | None = None
        self._read_s = 0.0
        self._cut_s: float | None = None
        self._forgot = False

    def close(self) -> None:
        """Hangs up; the plan stays."""
        if self._line is not None:
            self._line.close()
            self._line = None

    def gather(self) -> Roster:
        """Reads all that the broker keeps of the group, anew.

        Raises:
            BrokerError: It is not there, or does not let us.
        """
        line, patience = self._connected(), self._patience
        # If it was taken away, nothing comes to say so.
        self.roster.forget_plan()
        line.subscribe(self.roster.filters)
        self._listen(line, patience.quiet_s, patience.gather_s)
        self._read_s = monotonic()
        return self.roster

    def change(self, decide: Decide) -> Desired | None:
        """Reads everything anew, decides, writes the plan, and sees that the broker has it.

        Args:
            decide: Told what is known.

        Returns:
            What was written.

        Raises:
            BrokerError: The broker does not keep it.
            RolloutError: Whatever was decided to raise.
        """
        plan = decide(self.gather(), self._now())
        if plan is not None:
            self._connected().keep(topics.desired(self.roster.group), encode(plan))
            self._read_back(plan)
        return plan

    def order(self, decide: Decide, *, insist: bool = False) -> Desired:
        """Changes the plan as a person wants it, and waits whether another operator's plan crosses it.

        Args:
            decide: Gives the plan; None leaves what there is.
            insist: Does it again on top of the other's plan, rather than yield.

        Raises:
            OvertakenError: Another's plan came after ours, made without knowing it.
        """
        tries = _TRIES if insist else 1
        while True:
            tries -= 1
            plan = self.change(decide)
            if plan is None:
                return present(self.roster)
            other = self._crossing(plan)
            if other is None:
                return plan
            if not tries:
                raise OvertakenError(
                    f"another operator's plan came at the same moment and holds now: {describe(other)}"
                )

    def follow(self, watcher: Watcher) -> Desired:
        """Applies the rules until the rollout is done, halted or paused, by whomever.

        Args:
            watcher: Sees how it gets on.

        Returns:
            The last plan.

        Raises:
            OvertakenError: Another rollout took the group.
            BrokerError: The broker does not let us go on.
        """
        plan = present(self.gather())
        watcher.show(self.view(plan))
        trouble = ""
        while plan.status == "running":
            try:
                self._look()
                if self._broker_forgot():
                    self._write_again(plan, watcher)
                self._cut_s, self._forgot = None, False
                plan = self._newer(plan, watcher)
                if plan.status == "running" and self._advance(plan):
                    plan = self._newer(plan, watcher)
                watcher.show(self.view(plan))
                trouble = ""
            except LostError as error:
                self.close()
                self._cut_s = self._cut_s or monotonic()
                if str(error) != trouble:
                    trouble = str(error)
                    watcher.say(f"{error}; the plan stays, trying again")
                sleep(self._patience.redial_s)
        return plan

    def view(self, plan: Desired) -> View:
        """Tells how a plan stands by what is known."""
        now, members = self._now(), self.roster.members(plan)
        step = advance(plan, members, now, self.operator)
        stops = step.plan is not None and step.plan.status in {"halted", "paused"}
        return View(plan, tally(plan, members, now), len(members), step.reason, len(self.roster.unreadable), stops)

    def _advance(self, plan: Desired) -> bool:
        """Writes the next revision if it is time; gives whether it was."""

        def decide(roster: Roster, now: datetime) -> Desired | None:
            # Another operator may have written since: then that is looked at first.
            return advance(plan, roster.members(plan), now, self.operator).plan if roster.plan == plan else None

        due = advance(plan, self.roster.members(plan), self._now(), self.operator).plan is not None
        return due and self.change(decide) is not None

    def _look(self) -> None:
        """Hears what is said for a moment."""
        if self._line is None or monotonic() - self._read_s > self._patience.reread_s:
            self.gather()
        until_s = monotonic() + self._patience.look_s
        while (left_s := until_s - monotonic()) > 0:
            self._hear(left_s)

    def _broker_forgot(self) -> bool:
        """Whether the broker came back without its memory, rather than that somebody took the plan away.

        Where we were cut off for long, others may have changed the plan meanwhile: then it is not ours to say.
        """
        if not self._forgot or self._cut_s is None or self.roster.plan is not None or self.roster.plan_trouble:
            return False
        return self._read_s - self._cut_s < self._patience.believed_s

    def _write_again(self, plan: Desired, watcher: Watcher) -> None:
        """Another who follows may do so at the same moment: the one that the broker keeps holds, they say the same."""

        def decide(roster: Roster, now: datetime) -> Desired | None:
            return rewrite(plan, now, self.operator) if roster.plan is None and not roster.plan_trouble else None

        if self.change(decide) is not None:
            watcher.say(
                "the broker came back without the plan: written again; it keeps plans over a restart with " + _KEEP
            )

    def _newer(self, plan: Desired, watcher: Watcher) -> Desired:
        if self.roster.plan is None and not self.roster.plan_trouble:
            raise RolloutError(
                f"group {self.roster.group} has no rollout any more: somebody took the plan of {plan.model}=="
                f"{plan.version} away, or the broker lost it (it keeps plans over a restart with {_KEEP}); "
                "sagui rollout start begins it again, and devices that have the version count as confirmed at once"
            )
        newest = present(self.roster)
        if newest.id != plan.id:
            raise OvertakenError(f"another rollout took the group: {describe(newest)}")
        if newest.revision < plan.revision:
            raise OvertakenError(
                f"the plan went back from revision {plan.revision} to {newest.revision}: somebody wrote an old one "
                f"over it; see who may write {topics.desired(self.roster.group)}"
            )
        if newest != plan and newest.operator != self.operator:
            watcher.say(introduce(newest))
        return newest

    def _read_back(self, plan: Desired) -> None:
        until_s = monotonic() + self._patience.read_back_s
        while self.roster.plan != plan:
            left_s = until_s - monotonic()
            if left_s <= 0:
                raise BrokerError(
                    f"the broker does not give the plan back: may {self.operator} write "
                    f"{topics.desired(self.roster.group)}? its access rules say (an operator's certificate may)"
                )
            self._hear(left_s)

    def _crossing(self, plan: Desired) -> Desired | None:
        """Another plan that was made without knowing ours, and that the broker has now."""
        self._listen(self._connected(), self._patience.settle_s, self._patience.settle_s)
        newest = self.roster.plan
        built_on_ours = newest is None or newest.revision > plan.revision
        return None if newest == plan or built_on_ours else newest

    def _listen(self, line: Line, quiet_s: float, most_s: float) -> None:
        """Waits until nothing old came for so long, and no longer than the most; hears all that came by then.

        A slow machine takes longer to, and leaves nothing out; only what comes faster than it reads is given up.
        """
        end_s = monotonic() + most_s
        until_s, late = min(end_s, monotonic() + quiet_s), 0
        while late < _FLOOD and (heard := line.hear(max(0.0, until_s - monotonic()))) is not None:
            self.roster.hear(heard, self._now())
            if heard.kept:
                until_s = min(end_s, monotonic() + quiet_s)
            elif monotonic() > until_s:
                late += 1

    def _hear(self, timeout_s: float) -> None:
        heard = self._connected().hear(timeout_s)
        if heard is not None:
            self.roster.hear(heard, self._now())

    def _connected(self) -> Line:
        if self._line is None:
            self._line = self._dial()
            self._forgot = self._forgot or (self._cut_s is not None and self._line.remembers is False)
        return self._line


def present(roster: Roster) -> Desired:
    """Gives the group's plan.

    Raises:
        RolloutError: There is none, or what is there is none.
    """
    if roster.plan_trouble:
        raise RolloutError(
            f"{topics.desired(roster.group)} holds no plan: {roster.plan_trouble}; sagui rollout start --replace "
            "writes over it"
        )
    if roster.plan is None:
        raise RolloutError(f"group {roster.group} has no rollout; sagui rollout start MODEL==VERSION begins one")
    return roster.plan


def describe(plan: Desired) -> str:
    """Says who wrote a plan, when, and what it is.

    Returns:
        One line.
    """
    return introduce(plan) + (f": {plan.reason}" if plan.reason else "")


def introduce(plan: Desired) -> str:
    """Does as `describe`, without the plan's reason: for where that is shown in any case.

    Returns:
        One line.
    """
    what = "revert from " if plan.action == "revert" else ""
    return (
        f"{plan.operator} at {plan.time}: {what}{plan.model}=={plan.version} {plan.status}, "
        f"wave {plan.wave + 1} of {len(plan.waves)} (revision {plan.revision})"
    )
