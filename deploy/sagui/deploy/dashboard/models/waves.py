"""How a group's rollout gets on, wave by wave: pure rules, on those of `sagui rollout`.

A wave asks a share of the group, the waves before it included. Which devices those are follows from their points, so
the first so many in the line are the wave's.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

import msgspec

from sagui.deploy.dashboard.live.plans import Kept
from sagui.deploy.rollout.rules import Waiting, advance, waiting
from sagui.deploy.rollout.shares import ask
from sagui.deploy.rollout.standing import COUNTED, FAILURES, UNDER_WAY, Member, Remark, Standing, concerns, tally
from sagui.deploy.watch import Row
from sagui.wire import Desired, is_asked, point

Turn = Literal["past", "present", "coming"]
"""Whether a wave is over, at work, or not yet asked for."""

MOST_REMARKS = 5

_AWAY: frozenset[Standing] = frozenset({"offline", "away"})
_STATE, _THERE = "update/state", "availability"


@dataclass(frozen=True)
class Wave:
    """A wave, with those before it.

    Attributes:
        share: Of the group, that it was asked to reach.
        devices: How many it asks, or will ask.
        of: How many of them stand how; of one that is coming nothing is known.
    """

    turn: Turn
    share: float
    devices: int
    of: Mapping[Standing, int]

    @property
    def confirmed(self) -> int:
        """Devices that run what the plan wants."""
        return self.of.get("confirmed", 0)

    @property
    def failed(self) -> int:
        """Devices that failed, went back, or took too long."""
        return sum(self.of.get(one, 0) for one in FAILURES)

    @property
    def under_way(self) -> int:
        """Devices that may still be confirmed or fail."""
        return sum(self.of.get(one, 0) for one in UNDER_WAY)

    @property
    def away(self) -> int:
        """Devices that are not there, and do not count."""
        return sum(self.of.get(one, 0) for one in _AWAY)

    @property
    def aside(self) -> int:
        """Devices that are there and do not count: pinned, ahead, or left out."""
        return sum(self.of.values()) - sum(self.of.get(one, 0) for one in COUNTED | _AWAY)


@dataclass(frozen=True)
class Rollout:
    """How a plan stands.

    Attributes:
        members: Devices that it concerns, those that it does not ask yet included.
        waves: One at least.
        of: How many of the members stand how.
        waits: What the present wave waits for; None where it does not.
        due: Whether the next step may be taken.
        failures: The first of those that failed, by name.
        more: How many failures there are beside.
        unreadable: Devices that follow the group and cannot be read.
    """

    group: str
    plan: Desired
    members: int
    waves: tuple[Wave, ...]
    of: Mapping[Standing, int]
    waits: Waiting | None
    due: bool
    failures: tuple[Remark, ...]
    more: int
    unreadable: int

    @property
    def under_way(self) -> bool:
        """Whether time alone may change how it stands."""
        return self.plan.status == "running" or any(self.of.get(one) for one in UNDER_WAY)


def rollouts(kept: Sequence[Kept], rows: Iterable[Row], now: datetime) -> list[Rollout | Kept]:
    """Says how all plans stand.

    Args:
        kept: What the broker keeps.
        rows: All devices.
        now: UTC.

    Returns:
        In the same order; what is no plan as it is.
    """
    following: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        for group in set(row.groups):
            following[group].append(row)
    return [rollout(one.group, one.plan, following[one.group], now) if one.plan else one for one in kept]


def rollout(group: str, plan: Desired, rows: Iterable[Row], now: datetime) -> Rollout:
    """Says how a plan stands.

    Args:
        group: Whose it is.
        plan: The newest.
        rows: Devices; those that it does not concern are left alone.
        now: UTC.
    """
    concerned = [row for row in rows if row.update is not None and concerns(plan, group, row.update)]
    members = [member for member in map(_member, concerned) if member is not None]
    state = tally(plan, members, now)
    return Rollout(
        group=group,
        plan=plan,
        members=len(members),
        waves=tuple(_waves(plan, members, now)),
        of=state.of,
        waits=waiting(plan, state) if plan.status == "running" else None,
        due=advance(plan, members, now, "").plan is not None,
        failures=state.failures[:MOST_REMARKS],
        more=max(0, len(state.failures) - MOST_REMARKS),
        unreadable=len(concerned) - len(members),
    )


def _member(row: Row) -> Member | None:
    """As an operator's command sees the device: one that cannot be read is out, its older words may be wrong by now."""
    if row.update is None or _STATE in row.garbled:
        return None
    came = None if row.came_s is None else datetime.fromtimestamp(row.came_s, UTC)
    return Member(row.device, row.update, online=row.online is True and _THERE not in row.garbled, came=came)


def _waves(plan: Desired, members: Sequence[Member], now: datetime) -> Iterable[Wave]:
    line = sorted(members, key=lambda member: point(plan.id, member.device))
    reached = sum(is_asked(plan, member.device) for member in line)
    everybody = msgspec.structs.replace(plan, share=1.0)
    of: Counter[Standing] = Counter()
    taken = 0
    for wave, share in enumerate(plan.waves):
        turn = _turn(plan, wave)
        wanted = reached if turn == "present" else min(ask(len(line), share), len(line))
        if turn == "coming":
            yield Wave(turn, share, max(wanted, reached), {})
            continue
        upto = max(taken, min(wanted, reached))
        of = of + tally(everybody, line[taken:upto], now).of  # a device is looked at once, however many waves there are
        taken = upto
        yield Wave(turn, share, upto, dict(of))


def _turn(plan: Desired, wave: int) -> Turn:
    if wave == plan.wave and plan.status != "done":
        return "present"
    return "past" if wave <= plan.wave else "coming"
