"""A rollout, a step at a time."""

from collections.abc import Sequence
from typing import Any

from tests.deploy.rollout.people import (
    OPERATOR,
    later,
    member,
)

from sagui.deploy.rollout.rules import Member, advance
from sagui.wire import Desired, is_asked


def asked(plan: Desired, members: Sequence[Member]) -> set[str]:
    return {one.device for one in members if is_asked(plan, one.device)}


def after(plan: Desired, members: Sequence[Member], seconds: float) -> Desired:
    """The plan that the rules make of it, which must be another one."""
    step = advance(plan, members, later(seconds), OPERATOR)
    assert step.plan is not None, step.reason
    assert step.plan.revision == plan.revision + 1
    return step.plan


def nothing(plan: Desired, members: Sequence[Member], seconds: float) -> str:
    step = advance(plan, members, later(seconds), OPERATOR)
    assert step.plan is None, step.plan
    return step.reason


def as_asked(plan: Desired, members: Sequence[Member], state: Any) -> list[Member]:
    return [member(one.device, state if is_asked(plan, one.device) else one.state) for one in members]
