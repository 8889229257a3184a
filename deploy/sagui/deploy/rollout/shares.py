"""Which share of a group a wave asks. Pure, no I/O."""

from collections.abc import Collection
from fractions import Fraction
from math import ceil, floor

from sagui.wire import point


def share_for(rollout: str, devices: Collection[str], wave: float) -> float:
    """Picks the share at which exactly the wave's number of devices are asked.

    It lies midway between the points of the last device that is asked and of the first that is not. More waves ask
    more: nobody that one wave asks is left out by a greater.

    Args:
        rollout: Its id, which the points depend on.
        devices: The known members.
        wave: The share of them to reach, over 0 to 1.

    Returns:
        1 for the whole group, members that are not known yet included.

    >>> round(share_for("2026-11-21-a", ["porch"], 0.01), 6)
    0.544482
    """
    return share_of(rollout, devices, ask(len(devices), wave)) if wave < 1 else 1.0


def share_of(rollout: str, devices: Collection[str], count: int) -> float:
    """Picks the share at which so many of the devices are asked; all of them, if there are no more."""
    points = [*sorted(point(rollout, device) for device in devices), 1.0]
    last = min(count, len(points) - 1) - 1
    return (points[last] + points[last + 1]) / 2 if last >= 0 else 0.0


def ask(members: int, wave: float) -> int:
    """How many of the members a wave asks: rounded up, and at least one.

    >>> ask(200, 0.01), ask(20, 0.01), ask(20, 0.25)
    (2, 1, 5)
    """
    return max(1, at_least(wave, members))


def at_least(share: float, count: int) -> int:
    """The least number of things that is no less than a share of them, as the share is written in decimals.

    >>> at_least(0.07, 100)
    7
    """
    return ceil(Fraction(repr(float(share))) * count)


def at_most(share: float, count: int) -> int:
    """The greatest number of things that is no more than a share of them, as the share is written in decimals.

    >>> at_most(0.29, 100)
    29
    """
    return floor(Fraction(repr(float(share))) * count)
