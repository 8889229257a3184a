"""Plans, devices and times that the tests of rollouts are made of."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sagui.deploy.rollout.rules import Member, Terms, begin
from sagui.wire import Desired, Phase, UpdateState, timestamp

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
OPERATOR = "ana@desk"


def later(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def said(phase: Phase = "idle", version: str = "1.3.0", at: datetime = NOON, **changes: Any) -> UpdateState:
    """What a device of the group ``porch`` says; by default that it has the old version, and nothing to do."""
    fields: dict[str, Any] = {
        "time": timestamp(at.timestamp()),
        "model": "pets",
        "installed_version": version,
        "in_progress": phase not in {"idle", "waiting", "confirmed", "reverted", "failed"},
        "phase": phase,
        "groups": ("porch",),
    }
    return UpdateState(**(fields | changes))


def member(device: str, state: UpdateState | None = None, *, online: bool = True, **when: datetime) -> Member:
    return Member(device, state or said(), online, **when)


def crowd(count: int) -> list[Member]:
    return [member(f"cam-{number}") for number in range(count)]


def plan_for(members: Sequence[Member], now: datetime = NOON, rollout: str = "r-1", **terms: Any) -> Desired:
    return begin(rollout, "pets", "1.4.0", Terms(**terms), members, now, OPERATOR)


def confirmed(rollout: str = "r-1", at: datetime = NOON) -> UpdateState:
    return said("confirmed", "1.4.0", at, rollout=rollout)


def failed(rollout: str = "r-1", why: str = "golden frame 3 differs", phase: Phase = "failed") -> UpdateState:
    return said(phase, rollout=rollout, error=why)
