"""Which model a device runs, and how a new one gets on."""

from typing import Annotated, Literal

import msgspec

from sagui.wire.fields import Time

Phase = Literal[
    "idle",
    "announced",
    "waiting",
    "downloading",
    "verified",
    "staged",
    "proving",
    "shadow",
    "activated",
    "confirmed",
    "reverted",
    "failed",
]
"""``failed`` left the old model where it was; ``reverted`` went back to it."""

AT_WORK: frozenset[Phase] = frozenset(
    {"announced", "downloading", "verified", "staged", "proving", "shadow", "activated"}
)
"""The phases in which something is under way; ``waiting`` is for the hour or for a person."""

Percent = Annotated[int, msgspec.Meta(ge=0, le=100)]
ModelName = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$(?!\n)")]
ModelVersion = Annotated[
    str,
    # https://semver.org, items 2, 9 and 10
    msgspec.Meta(
        pattern=r"^(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$(?!\n)",
        max_length=64,
    ),
]
GroupName = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9-]{1,63}$(?!\n)")]
RolloutId = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9-]{1,64}$(?!\n)")]
Reason = Annotated[str, msgspec.Meta(max_length=1000)]


class UpdateState(msgspec.Struct, frozen=True, kw_only=True):
    """What a device runs, and what becomes of the update it was asked for; said when it changes.

    Attributes:
        model: The name of the installed bundle; null for a plain TFLite file.
        installed_version: Of the model that is at work now, the tried one included.
        latest_version: The newest that the registry vouched for, or that is on the device already; the installed one
            if it knows of no newer. A plan's or an order's word does not count.
        in_progress: Whether an update is under way.
        update_percentage: Of the present phase, where it can be told.
        error: Why it failed, what it waits for, or what stands in the way of every update; for a person, in one line.
        rollout: Which rollout the phase belongs to; null for an update that came another way.
        groups: Which fleets' plans the device follows.
        pinned: Whether it keeps its model whatever a plan says.
    """

    v: Literal[1] = 1
    time: Time
    model: ModelName | None = None
    installed_version: ModelVersion | None = None
    latest_version: ModelVersion | None = None
    in_progress: bool
    update_percentage: Percent | None = None
    phase: Phase
    error: Reason | None = None
    rollout: RolloutId | None = None
    groups: tuple[GroupName, ...] = ()
    pinned: bool = False


class UpdateOrder(msgspec.Struct, frozen=True, kw_only=True):
    """What one device is asked to do about its model.

    Attributes:
        order: ``install`` fetches a version and puts it to work, ``revert`` goes back to the model before.
        version: Which; without one, the newest of the registry.
        id: The asker's own, for its log and ours.
    """

    v: Literal[1] = 1
    order: Literal["install", "revert"]
    version: ModelVersion | None = None
    id: Annotated[str, msgspec.Meta(max_length=64)] | None = None
