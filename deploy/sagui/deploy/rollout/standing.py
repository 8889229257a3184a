"""How each device stands to a plan, from what it said itself. Pure rules, no I/O."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter
from typing import Literal

from semver import Version

from sagui.wire import AT_WORK, Desired, Phase, RolloutAction, UpdateState, is_asked

Standing = Literal[
    "not-asked",
    "pinned",
    "ahead",
    "offline",
    "away",
    "pending",
    "waiting",
    "left-out",
    "confirmed",
    "failed",
    "timed-out",
]
"""``away`` is a device that a revert waited for in vain: it is not there, and last said that it runs the version."""

COUNTED: frozenset[Standing] = frozenset({"pending", "waiting", "confirmed", "failed", "timed-out"})
"""Of these devices shares are taken; nobody else says anything about the model."""

FAILURES: frozenset[Standing] = frozenset({"failed", "timed-out"})
UNDER_WAY: frozenset[Standing] = frozenset({"pending", "waiting"})

_WAITS: frozenset[Standing] = frozenset({"waiting", "left-out"})
_BAD_ENDS: dict[RolloutAction, frozenset[Phase]] = {
    "install": frozenset({"failed", "reverted"}),
    "revert": frozenset({"failed"}),
}


@dataclass(frozen=True)
class Member:
    """A device that the plan concerns.

    Attributes:
        device: The name in the topics.
        state: What it last said of its model.
        online: Whether it is there.
        said: When it said `state`, by the operator's clock; None takes the device's own time.
        came: When it was seen to come online; None if it was there all the time that the operator looked.
    """

    device: str
    state: UpdateState
    online: bool
    said: datetime | None = None
    came: datetime | None = None


@dataclass(frozen=True)
class Remark:
    """Why a device counts as failed, or what it waits for.

    Attributes:
        why: The device's own words, or what it did not do.
    """

    device: str
    why: str


@dataclass(frozen=True)
class Tally:
    """How a plan stands.

    Attributes:
        of: How many devices stand how; what none does is 0.
        confirmed_at: Since when each confirmed device is so, earliest first.
        absent: How many of those under way are not there now.
        failures: Those that failed or timed out, by name.
        waits: Those that wait, or waited for too long, by name.
    """

    of: Counter[Standing] = field(default_factory=Counter)
    confirmed_at: tuple[datetime, ...] = ()
    absent: int = 0
    failures: tuple[Remark, ...] = ()
    waits: tuple[Remark, ...] = ()

    @property
    def counted(self) -> int:
        """Devices of which shares are taken."""
        return sum(self.of[one] for one in COUNTED)

    @property
    def confirmed(self) -> int:
        """Devices that run what the plan wants, and said that it does."""
        return self.of["confirmed"]

    @property
    def failed(self) -> int:
        """Devices that failed, went back, or did not come to an end in time."""
        return sum(self.of[one] for one in FAILURES)

    @property
    def under_way(self) -> int:
        """Devices that may still be confirmed or fail."""
        return sum(self.of[one] for one in UNDER_WAY)

    @property
    def asked(self) -> int:
        """Devices that fall in the share, whether they count or not."""
        return sum(self.of.values()) - self.of["not-asked"]


def concerns(plan: Desired, group: str, state: UpdateState) -> bool:
    """Whether a device follows the group's plan and has its model; one without a bundle takes any."""
    return group in state.groups and state.model in {None, plan.model}


def tally(plan: Desired, members: Iterable[Member], now: datetime) -> Tally:
    """Counts how the members stand.

    Args:
        plan: The group's.
        members: Devices that the plan `concerns`.
        now: UTC.
    """
    of: Counter[Standing] = Counter()
    confirmed_at: list[datetime] = []
    failures: list[Remark] = []
    waits: list[Remark] = []
    absent = 0
    for member in members:
        one = standing(plan, member, now)
        of[one] += 1
        absent += one in UNDER_WAY and not member.online
        if one == "confirmed":
            confirmed_at.append(said_at(member, now))
        elif one in FAILURES:
            failures.append(Remark(member.device, _why(plan, member, one)))
        elif one == "away":
            waits.append(Remark(member.device, f"to come back; it last said that it runs {plan.version}"))
        elif one in _WAITS:
            waits.append(Remark(member.device, member.state.error or "did not say what for"))
    by_name = attrgetter("device")
    return Tally(
        of, tuple(sorted(confirmed_at)), absent, tuple(sorted(failures, key=by_name)), tuple(sorted(waits, key=by_name))
    )


def standing(plan: Desired, member: Member, now: datetime) -> Standing:
    """Says how a device stands to the plan.

    A device that is away does not count, unless it went while the update was under way: a model that takes its
    device down must not look like a device that was switched off. A revert waits for those that are away and last said
    that they run the version, too: a device restarts in order to go back.
    """
    if not is_asked(plan, member.device):
        return "not-asked"
    if member.state.pinned:
        return "pinned"
    return _at_an_end(plan, member) or _on_the_way(plan, member, now)


def said_at(member: Member, now: datetime) -> datetime:
    """When the device said what it last said; never later than now, whatever its clock shows."""
    if member.said is not None:
        return min(member.said, now)
    try:
        return min(moment(member.state.time), now)
    except ValueError:
        return now


def moment(text: str) -> datetime:
    """Reads a time of the wire.

    Raises:
        ValueError: There is no such day or hour.

    >>> moment("2026-11-21T10:00:00.000Z").isoformat()
    '2026-11-21T10:00:00+00:00'
    """
    return datetime.fromisoformat(text)


def _at_an_end(plan: Desired, member: Member) -> Standing | None:
    state = member.state
    if state.rollout == plan.id and state.phase in _BAD_ENDS[plan.action]:
        return "failed"
    if _arrived(plan, state):
        return "confirmed" if member.online else "offline"
    return "ahead" if plan.action == "install" and _is_newer(state, plan) else None


def _on_the_way(plan: Desired, member: Member, now: datetime) -> Standing:
    state = member.state
    at_work = state.rollout == plan.id and state.phase in AT_WORK
    overdue = _elapsed_s(now, _asked_at(plan, member)) > plan.timeout_s
    if not member.online and not at_work:
        if plan.action == "install":
            return "offline"
        return "away" if overdue else "pending"
    if state.phase == "waiting" and state.rollout in {None, plan.id}:
        return "left-out" if overdue else "waiting"
    return "timed-out" if overdue else "pending"


def _arrived(plan: Desired, state: UpdateState) -> bool:
    at_rest = not state.in_progress and state.phase not in AT_WORK
    has_it = state.model == plan.model and state.installed_version == plan.version
    return at_rest and (has_it if plan.action == "install" else not has_it)


def _is_newer(state: UpdateState, plan: Desired) -> bool:
    if state.model != plan.model or state.installed_version is None or state.in_progress:
        return False
    try:
        return Version.parse(state.installed_version).compare(plan.version) > 0
    except ValueError:
        # The wire's pattern lets a few through that are no SemVer, such as 1.0.0-01.
        return False


def _asked_at(plan: Desired, member: Member) -> datetime:
    since = moment(plan.since)
    return since if member.came is None else max(since, member.came)


def _elapsed_s(now: datetime, start: datetime) -> float:
    """Seconds since; none where a clock was set back."""
    return max(0.0, (now - start).total_seconds())


def _why(plan: Desired, member: Member, one: Standing) -> str:
    state = member.state
    if one == "failed":
        return state.error or f"{state.phase}, and did not say why"
    away = "" if member.online else ", and is offline"
    words = f"still {state.phase} after {plan.timeout_s:g} s{away}"
    return f"{words}: {state.error}" if state.error else words
