"""What is asked of a device just now: by an order, by its groups' plans, or by the registry. Pure rules, no I/O."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time

from sagui.device.store import Ledger, Origin
from sagui.device.update.rules import TAKEN_BACK, Self, Verdict, answer, hours, refusal, still_wanted
from sagui.wire import Desired, UpdateOrder, is_asked

PINNED = "pinned: the settings keep this device's model"

Plans = Mapping[str, Desired | None]
"""By group, in the order in which they count; a group of which nothing was heard yet is not in it."""


@dataclass(frozen=True)
class Wish:
    """What is asked.

    Attributes:
        verdict: ``nothing`` refuses, and ``wait`` does nothing now.
        version: Which; None is the registry's newest.
        origin: Who asks.
        rollout: Which rollout it belongs to.
        revision: Of the plan: another one is another wish, and worth another try.
        reason: Why nothing is done.
    """

    verdict: Verdict
    version: str | None
    origin: Origin
    rollout: str | None = None
    revision: int | str | None = None
    reason: str = ""


def of_order(order: UpdateOrder, me: Self) -> Wish:
    """What an order asks. It comes from a person, now: the hours for updates do not bind it, a pin does."""
    asked = Wish("install" if order.order == "install" else "revert", order.version, "order", revision=order.id)
    why_not = _why_not(order, me)
    if why_not:
        return Wish("nothing", asked.version, "order", revision=order.id, reason=why_not)
    return asked


def of_plans(plans: Plans, me: Self, now: time) -> Wish | None:
    """What plans ask; of several that do, the first one counts."""
    for plan in plans.values():
        found = answer(plan, me, now)
        if plan is not None and (found.verdict != "nothing" or found.reason):
            return Wish(found.verdict, plan.version, "plan", plan.id, plan.revision, found.reason)
    return None


def of_newest(version: str, me: Self, now: time) -> Wish | None:
    """What the registry's newest version asks of a device that follows it."""
    if version == me.version or refusal(version, me):
        return None
    when = hours(me, now)
    return Wish(when.verdict, version, "poll", reason=when.reason)


def wanted_still(origin: Origin, rollout: str | None, plans: Plans, groups: tuple[str, ...], me: Self) -> bool | None:
    """Whether an update that is under way is to go on; None if that is not known yet.

    Only a plan can take back what it asked for. It may be away with the broker while the update is here.

    Args:
        origin: Who wanted it.
        rollout: Which rollout it belongs to.
        plans: Those that were heard of.
        groups: Those that the device follows.
        me: The device.
    """
    if origin == "poll":
        return not me.pinned
    if origin != "plan":
        return True
    if any(still_wanted(plan, rollout or "", me) for plan in plans.values()):
        return True
    if me.pinned or any(plan is not None and plan.id == rollout for plan in plans.values()):
        return False
    return False if set(groups) <= set(plans) else None


def why_later(origin: Origin, me: Self, now: time) -> str:
    """Why a staged model that did well must wait still; empty if it need not."""
    return hours(me, now).reason if origin in {"plan", "poll"} else ""


def follower(plans: Plans, me: Self) -> str | None:
    """Names the rollout that asks this device for just what it has, or for nothing it has: it has followed it."""
    for plan in plans.values():
        if plan is None or plan.model != me.model or not is_asked(plan, me.device):
            continue
        if (plan.version == me.version) == (plan.action == "install"):
            return plan.id
    return None


def not_again(ledger: Ledger, model: str | None) -> tuple[frozenset[str], frozenset[str]]:
    """Gives the versions of a model that are not taken again, and those of them that somebody took back."""
    ours = [one for one in ledger.failed if one.model == model]
    back = frozenset(one.version for one in ours if one.why.startswith(TAKEN_BACK))
    return frozenset(one.version for one in ours), back


def _why_not(order: UpdateOrder, me: Self) -> str:
    if me.pinned:
        return PINNED
    if order.order == "revert":
        return "" if me.previous else f"there is no model before {me.version} to go back to"
    if order.version == me.version:
        return f"{order.version} is at work already"
    return refusal(order.version, me) if order.version else ""
