"""Whether a rollout may begin: refused in words before anything is written."""

from collections import Counter
from datetime import datetime

from semver import Version

from sagui.deploy.rollout.control import describe
from sagui.deploy.rollout.errors import RolloutError
from sagui.deploy.rollout.members import Roster
from sagui.deploy.rollout.rules import Terms, begin
from sagui.deploy.rollout.standing import Member
from sagui.wire import Desired, topics

_LISTED = 8


def start(
    roster: Roster,
    target: tuple[str, str],
    terms: Terms,
    now: datetime,
    operator: str,
    rollout: str,
    *,
    replace: bool = False,
) -> Desired:
    """Makes the plan of a new rollout.

    Args:
        roster: What is known of the group.
        target: Model and version.
        terms: How carefully.
        now: UTC.
        operator: User and machine.
        rollout: A new id.
        replace: Whether a rollout that is running gives way.

    Raises:
        RolloutError: Another is running, or no device of the group would take it.
    """
    model, version = target
    before = roster.plan
    if not replace:
        _refuse_another(roster)
    plan = begin(rollout, model, version, terms, (), now, operator, before)
    members = roster.members(plan)
    if not members:
        raise RolloutError(_nobody(roster, model))
    if all(_is_ahead(member, version) for member in members):
        newest = max((str(member.state.installed_version) for member in members), key=Version.parse)
        raise RolloutError(
            f"all {len(members)} devices of group {roster.group} with {model} have a version newer than {version}, "
            f"up to {newest}; a rollout never goes to an older one, sagui rollout revert does"
        )
    return begin(rollout, model, version, terms, members, now, operator, before)


def _refuse_another(roster: Roster) -> None:
    if roster.plan_trouble:
        raise RolloutError(
            f"{topics.desired(roster.group)} holds what is no plan: {roster.plan_trouble}; --replace writes over it"
        )
    if roster.plan is not None and roster.plan.status == "running":
        raise RolloutError(
            f"a rollout is running in group {roster.group}, by {describe(roster.plan)}; "
            "sagui rollout pause or halt it first, or start with --replace"
        )


def _is_ahead(member: Member, version: str) -> bool:
    state = member.state
    if state.model is None or state.installed_version is None or not Version.is_valid(state.installed_version):
        return False
    return Version.parse(state.installed_version) > Version.parse(version)


def _nobody(roster: Roster, model: str) -> str:
    if models := roster.models():
        return f"no device of group {roster.group} has the model {model}; they have {_listed(models)}"
    if groups := roster.groups():
        return f"no device follows group {roster.group}; they follow {_listed(groups)}"
    return (
        f"no device has said to this broker which model it runs, so nobody would take {model}; a device does when its "
        "settings have [update] groups"
    )


def _listed(counts: Counter[str]) -> str:
    more = ", ..." if len(counts) > _LISTED else ""
    return ", ".join(f"{name} ({count})" for name, count in counts.most_common(_LISTED)) + more
