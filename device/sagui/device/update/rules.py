"""Whether a device follows a plan or an order. Pure rules, no I/O; a simulated fleet follows the same."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import time
from typing import Literal

from semver import Version

from sagui.wire import Desired, is_asked

Verdict = Literal["nothing", "wait", "install", "revert"]

TAKEN_BACK = "taken back by"
"""So begins the reason where a person, an order or a rollout went back, and the model itself did not fail."""


@dataclass(frozen=True)
class Window:
    """The hours in which a new model may be put to work; over midnight, if the end is the earlier one.

    Where start and end are the same, that is the whole day.

    Attributes:
        start: Local time of the device.
        end: Likewise; not in the window any more.
    """

    start: time
    end: time

    def holds(self, now: time) -> bool:
        """Whether it is open at a time of day.

        >>> Window(time(22), time(4)).holds(time(23, 30))
        True
        """
        if self.start == self.end:
            return True
        if self.start < self.end:
            return self.start <= now < self.end
        return now >= self.start or now < self.end

    def __str__(self) -> str:
        return f"{self.start:%H:%M}-{self.end:%H:%M}"


@dataclass(frozen=True)
class Self:
    """What a device knows of itself.

    Attributes:
        device: The name in the topics.
        model: The installed bundle's name; None if none is installed.
        version: Its version.
        previous: The version of the model before, to which it can go back.
        failed: Versions of the model that are not taken again: they did not do, or were taken back.
        taken_back: Of these, the ones that somebody took back.
        pinned: Whether it keeps what it has.
        window: When it may change its model; None is always.
    """

    device: str
    model: str | None
    version: str | None
    previous: str | None = None
    failed: AbstractSet[str] = frozenset()
    pinned: bool = False
    window: Window | None = None
    taken_back: AbstractSet[str] = frozenset()


@dataclass(frozen=True)
class Answer:
    """What to do.

    Attributes:
        verdict: ``wait`` has nothing done now, and the reason said.
        reason: Why nothing is done, for a person; empty where that needs no words.
    """

    verdict: Verdict
    reason: str = ""


NOTHING = Answer("nothing")


def answer(plan: Desired | None, me: Self, now: time) -> Answer:
    """Says what a device does about its group's plan.

    A plan says which version is wanted, and nothing more: whether the bundle is to be trusted is for the signatures
    alone. So a plan never leads to an older version by installing: a broker in wrong hands would choose the weakest.

    Args:
        plan: None if the broker has none.
        me: The device.
        now: Local time of day.
    """
    if plan is None or (me.model is not None and plan.model != me.model) or not is_asked(plan, me.device):
        return NOTHING
    if plan.action == "revert":
        return _back(plan, me)
    if plan.version == me.version or plan.status in {"paused", "halted"}:
        return NOTHING
    why_not = refusal(plan.version, me)
    return Answer("nothing", why_not) if why_not else hours(me, now)


def refusal(version: str, me: Self) -> str:
    """Says why a device does not install a version, whoever asks for it; empty if it may.

    >>> refusal("1.0.0", Self("porch", "pets", "1.1.0"))
    '1.0.0 is not newer than 1.1.0; only a revert goes back'
    """
    if version in me.taken_back:
        return f"{version} was taken back here, and is not taken again; publish it as another version"
    if version in me.failed:
        return f"{version} was tried and did not do; publish it as another version"
    if _parsed(version) is None:
        return f"{version} is no version (https://semver.org); publish it as another one"
    if me.version is not None and not is_newer(version, me.version):
        return f"{version} is not newer than {me.version}; only a revert goes back"
    return ""


def is_newer(version: str, than: str) -> bool:
    """Compares by SemVer's precedence (semver.org, item 11).

    The wire's and the manifest's patterns let a little through that is no SemVer, such as ``1.0.0-01``; that is older
    than all else.

    >>> is_newer("1.10.0", "1.9.0"), is_newer("1.0.0-rc.1", "1.0.0")
    (True, False)
    """
    left, right = _parsed(version), _parsed(than)
    return left is not None and (right is None or left.compare(right) > 0)


def still_wanted(plan: Desired | None, rollout: str, me: Self) -> bool:
    """Whether an update that is not at work yet should go on: a plan that was halted leaves the rest untouched."""
    return (
        plan is not None
        and plan.id == rollout
        and plan.action == "install"
        and plan.status in {"running", "done"}
        and not me.pinned
    )


def hours(me: Self, now: time) -> Answer:
    """Says whether a device may change its model now, if somebody else than a person at it asks."""
    if me.pinned:
        return Answer("wait", "pinned: the settings keep this device's model")
    if me.window and not me.window.holds(now):
        return Answer("wait", f"the hours for updates are {me.window}")
    return Answer("install")


def _parsed(version: str) -> Version | None:
    try:
        return Version.parse(version)
    except ValueError:
        return None


def _back(plan: Desired, me: Self) -> Answer:
    if plan.version != me.version or plan.status in {"paused", "halted"}:
        return NOTHING
    if me.previous is None:
        return Answer("nothing", f"there is no model before {me.version} to go back to")
    if me.pinned:
        return Answer("wait", "pinned: the settings keep this device's model")
    return Answer("revert")
