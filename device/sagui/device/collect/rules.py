"""Which frames are worth learning from, and which goes first when there is no room. Pure rules, no I/O."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sagui.device.errors import DeviceError

Reason = Literal["unsure", "flickered"]
Top = Sequence[tuple[str, float]]
"""The best labels with their scores, best first."""

FLICKER_INTEREST = 0.75
"""A frame at which the model changed its mind is worth at least as much as one with a margin of 0.25."""

SLACK = 0.05
"""When there is no room, so much of it is made at once: tables are written anew then, and SD cards wear."""

_MIB = 1024 * 1024


@dataclass(frozen=True)
class Limits:
    """What is kept, and how much of it.

    Attributes:
        bytes: Room for the photos.
        below: A frame whose best score is lower is kept.
        margin: A frame whose best two scores are closer together is kept.
        every_s: Least time from one photo to the next.
        flicker_s: A state that changes after standing for less was a change of mind, not of the scene.
    """

    bytes: int = 200 * _MIB
    below: float = 0.5
    margin: float = 0.2
    every_s: float = 60.0
    flicker_s: float = 5.0

    def __post_init__(self) -> None:
        """Checks the limits.

        Raises:
            DeviceError: One can never hold.
        """
        if self.bytes < _MIB:
            raise DeviceError(f"collect: room for {self.bytes} bytes is too little; give 1 MiB or more")
        for name in ("below", "margin"):
            if not 0 <= getattr(self, name) <= 1:
                raise DeviceError(f"collect: {name} is {getattr(self, name)}; give a score, 0 to 1")
        for name in ("every_s", "flicker_s"):
            if not 0 <= getattr(self, name) < float("inf"):
                raise DeviceError(f"collect: {name} is {getattr(self, name)}; give seconds, 0 or more")


def uncertainty(top: Top) -> float:
    """Gives how unsure the model was, 0 to 1: one minus the margin between its best two scores.

    This is margin sampling (Scheffer et al. 2001), section 2.2 of Settles, Active Learning Literature Survey, 2009.

    Args:
        top: At least one label.
    """
    second = top[1][1] if len(top) > 1 else 0.0
    return 1.0 - (top[0][1] - second)


def reason_to_keep(top: Top, limits: Limits, *, flickered: bool) -> Reason | None:
    """Says why a frame is worth keeping; None if it is not.

    Args:
        top: At least one label.
        limits: From where on it is.
        flickered: Whether the state changed at this frame, after standing too shortly.
    """
    best = top[0][1]
    if best < limits.below or (len(top) > 1 and best - top[1][1] < limits.margin):
        return "unsure"
    return "flickered" if flickered else None


def interest(top: Top, reason: Reason) -> float:
    """Gives what a kept frame is worth, 0 to 1, to four digits, as it is written."""
    unsure = round(min(max(uncertainty(top), 0.0), 1.0), 4)
    return max(unsure, FLICKER_INTEREST) if reason == "flickered" else unsure


@dataclass(frozen=True)
class Entry:
    """A photo that is kept.

    Attributes:
        path: From the folder, with slashes.
        bytes: Its size.
        interest: See `interest`.
        time: When it was taken; anything that sorts.
        mine: Whether nobody touched it: what a person moved or labelled is never removed.
    """

    path: str
    bytes: int
    interest: float
    time: str
    mine: bool = True


def to_remove(entries: Sequence[Entry], room_bytes: int) -> list[Entry]:
    """Says what goes so that the rest has room: the least interesting first, and of those the oldest.

    Args:
        entries: All there is.
        room_bytes: Room for all of them. When only photos of a person's are left, it is exceeded.
    """
    over = sum(entry.bytes for entry in entries) - room_bytes
    gone: list[Entry] = []
    for entry in sorted((one for one in entries if one.mine), key=lambda one: (one.interest, one.time)):
        if over <= 0:
            break
        gone.append(entry)
        over -= entry.bytes
    return gone


def room_for(new: Entry, entries: Sequence[Entry], limits: Limits) -> list[Entry] | None:
    """Says what goes so that a new photo has room.

    Args:
        new: The photo.
        entries: What is there.
        limits: The room.

    Returns:
        What to remove, perhaps nothing; None if the new photo is itself the one to go.
    """
    everything = [*entries, new]
    strictly = to_remove(everything, limits.bytes)
    left = sum(entry.bytes for entry in everything) - sum(entry.bytes for entry in strictly)
    if new in strictly or left > limits.bytes:
        return None
    if not strictly:
        return []
    return to_remove(entries, int(limits.bytes * (1 - SLACK)) - new.bytes)
