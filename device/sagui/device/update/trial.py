"""When a model that was just put to work is confirmed, and when it is reverted. Pure rules, no I/O."""

from dataclasses import dataclass, replace
from typing import Literal

from sagui.device.update.policy import Policy


@dataclass(frozen=True)
class Watch:
    """How a model on trial has done.

    Attributes:
        since_s: Monotonic time at which it was first looked at.
        well_s: Monotonic time since which nothing was wrong; None while something is.
        ill_s: Monotonic time since which something is wrong; None while nothing is.
    """

    since_s: float
    well_s: float | None = None
    ill_s: float | None = None


@dataclass(frozen=True)
class Judgement:
    """What follows.

    Attributes:
        verdict: ``go on`` waits.
        reason: Why it is reverted; for ``go on``, what is wrong just now; empty if nothing is.
        percent: Of the dwell.
    """

    verdict: Literal["go on", "confirm", "revert"]
    reason: str = ""
    percent: int = 0


def look(watch: Watch, now_s: float, problem: str | None) -> Watch:
    """Notes whether something is wrong now."""
    if problem is None:
        return replace(watch, well_s=now_s if watch.well_s is None else watch.well_s, ill_s=None)
    return replace(watch, ill_s=now_s if watch.ill_s is None else watch.ill_s, well_s=None)


def judge(watch: Watch, now_s: float, frames: int, problem: str | None, policy: Policy) -> Judgement:
    """Says what becomes of it.

    Args:
        watch: With the present already noted, see `look`.
        now_s: Monotonic time.
        frames: Classified since the start.
        problem: What is wrong now; None if nothing is.
        policy: How long is long enough.
    """
    if now_s - watch.since_s >= policy.longest_s:
        why = problem or f"{frames} of {policy.least_frames} frames"
        return Judgement("revert", f"not confirmed within {policy.longest_s:.0f} s: {why}")
    if problem is not None:
        ill_s = _since(watch.ill_s, now_s)
        if ill_s >= policy.dwell_s:
            return Judgement("revert", f"not well for {ill_s:.0f} s: {problem}")
        return Judgement("go on", problem, 0)
    well_s = _since(watch.well_s, now_s)
    if well_s >= policy.dwell_s and frames >= policy.least_frames:
        return Judgement("confirm", percent=100)
    return Judgement("go on", percent=99 if well_s >= policy.dwell_s else int(100 * well_s / policy.dwell_s))


def _since(start_s: float | None, now_s: float) -> float:
    return 0.0 if start_s is None else now_s - start_s
