"""Which frames are worth a look. Pure rules, no I/O."""

HOLD_SECONDS = 2.0
"""Frames pass for so long after the last change: who left must be seen to be gone."""

_SLACK_S = 0.001
"""Times in videos are rounded; a frame that is due must not miss by that."""


def is_due(last_s: float | None, now_s: float, every_s: float) -> bool:
    """Tells whether a frame comes late enough after the last one that passed.

    Args:
        last_s: When that was; None if none passed yet.
        now_s: This frame's time. Earlier than ``last_s`` when a recording starts again: then it is due.
        every_s: Least time from one to the next.
    """
    return last_s is None or now_s < last_s or now_s - last_s >= every_s - _SLACK_S


def least_share(sensitivity: float) -> float:
    """Gives the share of the picture that must change to count.

    Each step of a third is a factor of ten: 0 asks for 10 %, 0.5 for 0.3 %, 1 for 0.01 %. What stands far away is
    small: the share falls with the square of the distance.

    Args:
        sensitivity: 0 to 1.
    """
    return float(10 ** -(1 + 3 * sensitivity))


def is_held(moved_s: float | None, now_s: float, hold_s: float = HOLD_SECONDS) -> bool:
    """Tells whether the last change is so recent that frames still pass.

    Args:
        moved_s: When that was; None if nothing changed yet.
        now_s: This frame's time.
        hold_s: For how long frames pass.
    """
    return moved_s is not None and 0 <= now_s - moved_s <= hold_s
