"""When a rollout goes on, and when it stops. Pure rules, no I/O: a plan, what devices said, and the time.

A wave asks a share of the group, the waves before it included. It has done when, of its devices that count, enough are
confirmed and have been so for the dwell. It halts the rollout when more of them fail than may, or when they have all
come to an end and too few are confirmed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from math import ceil, floor
from typing import Any

import msgspec

from sagui.deploy.rollout.errors import RolloutError
from sagui.deploy.rollout.shares import ask, at_least, at_most, share_for, share_of
from sagui.deploy.rollout.standing import COUNTED, Member, Remark, Standing, Tally, concerns, moment, standing, tally
from sagui.wire import Desired, point, timestamp

__all__ = [
    "Member",
    "Remark",
    "Standing",
    "Step",
    "Tally",
    "Terms",
    "advance",
    "begin",
    "concerns",
    "halt",
    "pause",
    "resume",
    "revert",
    "rewrite",
    "share_for",
    "standing",
    "tally",
]

_WORDS = 900
"""Letters of a reason; the wire carries 1000."""


@dataclass(frozen=True)
class Terms:
    """How carefully a rollout goes.

    Attributes:
        waves: The share of the group that each wave reaches; each greater than the one before, the last 1.
        success: The share of a wave's devices that must be confirmed.
        error: The share of a wave's devices that may fail.
        dwell_s: How long a wave must have been well.
        timeout_s: How long a device may take.
    """

    waves: tuple[float, ...] = (0.01, 0.05, 0.25, 1.0)
    success: float = 0.95
    error: float = 0.05
    dwell_s: float = 600.0
    timeout_s: float = 1800.0


@dataclass(frozen=True)
class Step:
    """What becomes of a plan now.

    Attributes:
        plan: Its next revision; None leaves it as it is.
        reason: Why, for a person, in one line.
    """

    plan: Desired | None
    reason: str


@dataclass(frozen=True)
class Waiting:
    """What a running wave waits for, as long as nothing goes wrong.

    Attributes:
        confirmed: Devices that are.
        counted: Of so many.
        needed: So many are enough.
        well_since: Since when enough are; None while too few are.
        dwell_s: How long that must last.
    """

    confirmed: int
    counted: int
    needed: int
    well_since: datetime | None
    dwell_s: float

    @property
    def until(self) -> datetime | None:
        """When it will have lasted; None while too few are confirmed."""
        if self.well_since is None:
            return None
        try:
            return self.well_since + timedelta(seconds=self.dwell_s)
        except OverflowError:  # a plan may ask for any number of seconds
            return datetime.max.replace(tzinfo=UTC)


def begin(
    rollout: str,
    model: str,
    version: str,
    terms: Terms,
    members: Sequence[Member],
    now: datetime,
    operator: str,
    before: Desired | None = None,
) -> Desired:
    """Makes the plan of a rollout's first wave.

    Args:
        rollout: A new id.
        model: What the members have.
        version: What they are to have.
        terms: How carefully.
        members: Devices of the group that have the model.
        now: UTC.
        operator: User and machine.
        before: The plan that the group has; the new one is its next revision.
    """
    plan = Desired(
        id=rollout,
        revision=0 if before is None else before.revision + 1,
        operator=operator,
        time=_stamp(now),
        model=model,
        version=version,
        status="running",
        share=0.0,
        wave=0,
        waves=terms.waves,
        since=_stamp(now),
        success=terms.success,
        error=terms.error,
        dwell_s=terms.dwell_s,
        timeout_s=terms.timeout_s,
    )
    return msgspec.structs.replace(plan, share=_reach(plan, members, 0, now))


def advance(plan: Desired, members: Sequence[Member], now: datetime, operator: str) -> Step:
    """Says what becomes of a running plan: the next wave, an end, a halt, or nothing yet.

    Args:
        plan: The newest.
        members: Devices that the plan concerns, those that it does not ask yet included.
        now: UTC.
        operator: Who writes the next revision.

    Returns:
        The next revision, if there is one. A plan that is paused, halted or done stays as it is.
    """
    if plan.status != "running":
        return Step(None, plan.reason or plan.status)
    state = tally(plan, members, now)
    if plan.action == "revert":
        return _back(plan, state, now, operator)
    if stop := _stop(plan, state):
        return Step(_revised(plan, now, operator, status="halted", reason=stop), stop)
    if not state.counted:
        return _nobody(plan, state, now, operator)
    wait = _wait(plan, state, now)
    return Step(None, wait) if wait else _next(plan, members, state, now, operator)


def waiting(plan: Desired, state: Tally) -> Waiting:
    """Says what the present wave of a running plan waits for.

    Args:
        plan: The newest.
        state: How its devices stand.
    """
    needed = _needed(plan, state)
    enough = state.confirmed >= needed
    well_since = max(moment(plan.since), state.confirmed_at[needed - 1]) if enough else None
    return Waiting(state.confirmed, state.counted, needed, well_since, plan.dwell_s)


def pause(plan: Desired, now: datetime, operator: str, reason: str) -> Desired:
    """Lets no device begin or activate until it is resumed.

    Raises:
        RolloutError: It does not run.
    """
    if plan.status != "running":
        raise RolloutError(f"{_name(plan)} is {plan.status}: only a running rollout can be paused")
    return _revised(plan, now, operator, status="paused", reason=reason)


def halt(plan: Desired, now: datetime, operator: str, reason: str) -> Desired:
    """Leaves the rest of the group untouched.

    Raises:
        RolloutError: It is at an end.
    """
    if plan.status in {"halted", "done"}:
        raise RolloutError(f"{_name(plan)} is {plan.status} already; to go back from it: sagui rollout revert")
    return _revised(plan, now, operator, status="halted", reason=reason)


def resume(
    plan: Desired,
    members: Sequence[Member],
    now: datetime,
    operator: str,
    success: float | None = None,
    error: float | None = None,
) -> Desired:
    """Lets a paused or halted plan go on in its wave, whose devices get their time anew.

    Args:
        plan: The newest.
        members: Devices that the plan concerns.
        now: UTC.
        operator: Who writes the next revision.
        success: Another share that must be confirmed.
        error: Another share that may fail.

    Raises:
        RolloutError: It is not stopped, or it would halt again at once.
    """
    if plan.status not in {"paused", "halted"}:
        raise RolloutError(f"{_name(plan)} is {plan.status}: there is nothing to resume")
    terms = {"success": plan.success if success is None else success, "error": plan.error if error is None else error}
    again = _revised(plan, now, operator, status="running", since=_stamp(now), reason=None, **terms)
    if plan.action == "install":
        again = msgspec.structs.replace(again, share=max(plan.share, _reach(again, members, plan.wave, now)))
        if stop := _stop(again, tally(again, members, now)):
            options = _that_would_do(again, tally(again, members, now))
            raise RolloutError(f"it would halt again at once: {stop}; {options}sagui rollout revert goes back")
    return again


def rewrite(plan: Desired, now: datetime, operator: str) -> Desired:
    """Makes the same plan once more, as its next revision: for a broker that has lost it."""
    return _revised(plan, now, operator)


def revert(plan: Desired, rollout: str, now: datetime, operator: str) -> Desired:
    """Makes the plan that takes the whole group back from a version, at once, to the model that each had before.

    Args:
        plan: The one that installed it, at whatever it is.
        rollout: A new id.
        now: UTC.
        operator: User and machine.

    Raises:
        RolloutError: It goes back already.
    """
    if plan.action == "revert":
        raise RolloutError(f"{_name(plan)} is a revert already; to go forward: sagui rollout start")
    changes = {"id": rollout, "action": "revert", "waves": (1.0,), "wave": 0, "share": 1.0, "reason": None}
    return _revised(plan, now, operator, status="running", since=_stamp(now), **changes)


def _stop(plan: Desired, state: Tally) -> str:
    """Why the rollout must halt; empty if it need not."""
    if state.failed > at_most(plan.error, state.counted):
        return (
            f"wave {plan.wave + 1} of {len(plan.waves)}: {state.failed} of {state.counted} devices failed, more than "
            f"{100 * plan.error:.4g} %{_for_example(state.failures)}"
        )
    if state.counted and not state.under_way and state.confirmed < _needed(plan, state):
        return (
            f"wave {plan.wave + 1} of {len(plan.waves)}: {state.confirmed} of {state.counted} devices are confirmed, "
            f"fewer than {100 * plan.success:.4g} %, and no more are under way{_for_example(state.failures)}"
        )
    return ""


def _that_would_do(plan: Desired, state: Tally) -> str:
    """The options with which a halted rollout can go on; empty if none do."""
    at_best = state.confirmed + state.under_way
    if not at_best:
        return "no device of the wave can be confirmed: "
    options = []
    if state.failed > at_most(plan.error, state.counted):
        options.append(f"--error {_per_cent(Fraction(state.failed, state.counted), ceil)}%")
    if at_best < _needed(plan, state):
        options.append(f"--success {_per_cent(Fraction(at_best, state.counted), floor)}%")
    return f"sagui rollout resume {' '.join(options)} accepts that, "


def _per_cent(share: Fraction, to_whole: Callable[[Fraction], int]) -> str:
    """A share as a person writes it, with one digit behind the point at most; rounded up or down."""
    return f"{to_whole(share * 1000) / 10:g}"


def _wait(plan: Desired, state: Tally, now: datetime) -> str:
    """What a wave waits for; empty if it has done."""
    wait = waiting(plan, state)
    if wait.well_since is None:
        return f"{wait.confirmed} of {wait.counted} devices confirmed, {wait.needed} needed"
    # A clock that was set back makes the dwell longer, never shorter.
    left_s = plan.dwell_s - max(0.0, (now - wait.well_since).total_seconds())
    return f"well for now; {left_s:.0f} s to go" if left_s > 0 else ""


def _next(plan: Desired, members: Sequence[Member], state: Tally, now: datetime, operator: str) -> Step:
    for wave in range(plan.wave + 1, len(plan.waves)):
        share = max(plan.share, _reach(plan, members, wave, now))
        wider = msgspec.structs.replace(plan, share=share)
        # In a small group several waves ask the same devices; those need not wait twice.
        if tally(wider, members, now).asked > state.asked:
            reason = f"wave {wave + 1} of {len(plan.waves)} begins"
            return Step(_revised(plan, now, operator, wave=wave, share=share, since=_stamp(now), reason=None), reason)
    reason = f"{state.confirmed} of {state.counted} devices are confirmed on {plan.version}"
    last = len(plan.waves) - 1
    return Step(_revised(plan, now, operator, status="done", wave=last, share=1.0, reason=reason), reason)


def _nobody(plan: Desired, state: Tally, now: datetime, operator: str) -> Step:
    """A wave in which no device counts: it waits, and then asks a person rather than going on blindly."""
    if (now - moment(plan.since)).total_seconds() <= plan.timeout_s:
        return Step(None, "no device of this wave is there")
    of = ", ".join(f"{count} {one}" for one, count in state.of.items() if one != "not-asked" and count)
    who = (of or "none") + _for_example(state.waits)
    reason = f"wave {plan.wave + 1} of {len(plan.waves)}: no device can tell how it does: {who}"
    return Step(_revised(plan, now, operator, status="paused", reason=reason), reason)


def _back(plan: Desired, state: Tally, now: datetime, operator: str) -> Step:
    """A revert never halts: that would keep the others on the bad version."""
    if state.under_way:
        away = f", {state.absent} of them away" if state.absent else ""
        return Step(None, f"{state.under_way} of {state.counted} devices still run {plan.version}{away}")
    but = " but those that are pinned" if state.of["pinned"] else ""
    reason = _not_back(plan, state) or f"no device that is there runs {plan.version}{but}"
    return Step(_revised(plan, now, operator, status="done", reason=reason), reason)


def _not_back(plan: Desired, state: Tally) -> str:
    """Who still has the version after a revert; empty if nobody has."""
    parts = []
    if state.failed:
        who = f"{state.failed} of {state.counted} devices"
        parts.append(f"{who} did not go back from {plan.version}{_for_example(state.failures)}")
    if away := state.of["away"]:
        parts.append(f"{away} away, {'they go back when they come' if away > 1 else 'it goes back when it comes'}")
    return "; ".join(parts)


def _reach(plan: Desired, members: Sequence[Member], wave: int, now: datetime) -> float:
    """The share of a wave, wide enough that at least one of those it asks can tell how it does."""
    if plan.waves[wave] >= 1:
        return 1.0
    everybody = msgspec.structs.replace(plan, share=1.0)
    line = sorted(members, key=lambda member: point(plan.id, member.device))
    first = next((at for at, member in enumerate(line) if standing(everybody, member, now) in COUNTED), -1)
    count = max(ask(len(line), plan.waves[wave]), first + 1)
    return share_of(plan.id, [member.device for member in line], count)


def _needed(plan: Desired, state: Tally) -> int:
    return max(1, at_least(plan.success, state.counted))


def _for_example(remarks: Sequence[Remark]) -> str:
    return f" ({remarks[0].device}: {remarks[0].why})" if remarks else ""


def _name(plan: Desired) -> str:
    return f"the rollout of {plan.model}=={plan.version}"


def _revised(plan: Desired, now: datetime, operator: str, **changes: Any) -> Desired:  # noqa: ANN401 (any field)
    reason = changes.get("reason", plan.reason)
    if reason is not None:
        changes["reason"] = reason[:_WORDS]
    fields = {"revision": plan.revision + 1, "operator": operator, "time": _stamp(now)}
    return msgspec.structs.replace(plan, **(fields | changes))


def _stamp(now: datetime) -> str:
    return timestamp(now.timestamp())
