"""A rollout's plan: which model and version a group should run, and which share of it already."""

from hashlib import sha256
from typing import Annotated, Literal

import msgspec

from sagui.wire.fields import Count, Seconds, Share, Time
from sagui.wire.updates import ModelName, ModelVersion, Reason, RolloutId

RolloutStatus = Literal["running", "paused", "halted", "done"]
RolloutAction = Literal["install", "revert"]


class Desired(msgspec.Struct, frozen=True, kw_only=True):
    """The plan of a group, kept by the broker: all that devices and operators need to go on.

    Attributes:
        id: Of this rollout. Which devices fall in a wave depends on it, see `point`.
        revision: Grows by one with each change, so that two operators find out about each other.
        operator: Who wrote this revision: user and machine.
        time: When this revision was written.
        action: ``install`` goes to the version; ``revert`` goes back from it, to the model before.
        status: ``paused`` and ``halted`` let no device begin or activate; after ``done`` latecomers follow.
        share: Devices whose `point` is below it are asked.
        wave: Which of the waves is at work, from 0.
        waves: The share that each wave was asked to reach.
        since: When the wave began.
        success: The share of a wave's devices that must be confirmed before the next.
        error: The share of a wave's devices that may fail; one more halts the rollout.
        dwell_s: How long a wave must have been well before the next.
        timeout_s: A device that was there and has not come to an end by then has failed.
        reason: Why it is halted or paused, for a person.
    """

    v: Literal[1] = 1
    id: RolloutId
    revision: Count
    operator: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    time: Time
    action: RolloutAction = "install"
    model: ModelName
    version: ModelVersion
    status: RolloutStatus
    share: Share
    wave: Count
    waves: Annotated[tuple[Share, ...], msgspec.Meta(min_length=1, max_length=100)]
    since: Time
    success: Share
    error: Share
    dwell_s: Seconds
    timeout_s: Seconds
    reason: Reason | None = None


def point(rollout: str, device: str) -> float:
    """Gives where a device stands in a rollout's line: at least 0, below 1, and always the same.

    The first 53 bits of a SHA-256, so that a double holds them exactly.

    >>> round(point("2026-11-21-a", "porch"), 6)
    0.088964
    """
    digest = sha256(f"{rollout}/{device}".encode()).digest()
    return (int.from_bytes(digest[:8]) >> 11) / 2**53


def is_asked(plan: Desired, device: str) -> bool:
    """Whether a device falls in the share that the plan has reached; a share of 1 asks everybody."""
    return point(plan.id, device) < plan.share
