"""What a device says about its model, and when: at each change, but not for each byte."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

from sagui.device.events import one_line
from sagui.device.store import Ledger
from sagui.device.update.boot import Boot
from sagui.device.update.policy import Clocks, Policy
from sagui.device.update.rules import is_newer
from sagui.wire import UpdateState, timestamp
from sagui.wire.updates import AT_WORK, Phase

EVERY_S = 1.0
"""A percentage is said so often at most."""

_LONGEST_ERROR = 1000


@dataclass(frozen=True)
class Word:
    """What is to be said.

    Attributes:
        phase: See `sagui.wire.updates`.
        error: Why it failed, or what it waits for.
        rollout: Which rollout it belongs to.
        percent: Of the phase.
    """

    phase: Phase
    error: str | None = None
    rollout: str | None = None
    percent: int | None = None


def resting(ledger: Ledger, version: str | None, followed: str | None) -> Word:
    """Says how it is when nothing is to be done.

    Args:
        ledger: Holds how the newest update ended.
        version: Of the model at work.
        followed: A rollout that this device has done what it asked for, or had nothing to do for.
    """
    outcome = ledger.outcome
    holds = outcome is not None and (outcome.phase == "confirmed") == (outcome.version == version)
    if outcome is not None and holds and followed in {None, outcome.rollout}:
        return Word(outcome.phase, outcome.error, outcome.rollout)
    return Word("idle") if followed is None else Word("confirmed", rollout=followed)


class Announcer:
    """Says what changed; any thread may ask it to say it again."""

    def __init__(self, boot: Boot, policy: Policy, say: Callable[[UpdateState], None], clocks: Clocks) -> None:
        """Has said nothing yet.

        Args:
            boot: Which model is at work.
            policy: Groups and pin; may be changed.
            say: Publishes.
            clocks: For the time of a state, and for the time between two percentages.
        """
        self._boot, self._say, self._clocks = boot, say, clocks
        self.policy = policy
        self._lock = threading.RLock()
        self._said: UpdateState | None = None
        self._said_s = 0.0
        self._latest = boot.version
        self._standing: str | None = None

    def beware(self, why: str | None) -> None:
        """Is told what stands in the way of every update: said while there is nothing else to say; None ends it."""
        self._standing = why

    def heard_of(self, version: str) -> None:
        """Is told of a version there is: the registry vouched for it, or it is on the disk already."""
        if self._latest is None or is_newer(version, self._latest):
            self._latest = version

    def tell(self, word: Word) -> None:
        """Says it, if it is news."""
        if self._standing and not word.error and word.phase not in AT_WORK:
            word = replace(word, error=self._standing)
        with self._lock:
            state, now_s = self._state(word), self._clocks.monotonic()
            if self._said is not None and _without_number(state) == _without_number(self._said):
                same = state.update_percentage == self._said.update_percentage
                if same or now_s - self._said_s < EVERY_S:
                    return
            self._said, self._said_s = state, now_s
            self._say(state)  # under the lock: an older state must not be the last that is said

    def repeat(self) -> None:
        """Says it again, for who asked."""
        with self._lock:
            if self._said is not None:
                self._say(self._said)

    def _state(self, word: Word) -> UpdateState:
        error = None if not word.error else one_line(word.error)[:_LONGEST_ERROR]
        return UpdateState(
            time=_time(self._clocks.unix()),
            model=self._boot.model,
            installed_version=self._boot.version,
            latest_version=self._latest,
            in_progress=word.phase in AT_WORK,
            update_percentage=word.percent,
            phase=word.phase,
            error=error,
            rollout=word.rollout,
            groups=self.policy.groups,
            pinned=self.policy.pinned,
        )


def _without_number(state: UpdateState) -> tuple[object, ...]:
    return (
        state.phase,
        state.error,
        state.rollout,
        state.latest_version,
        state.groups,
        state.pinned,
    )


def _time(unix_s: float) -> str:
    try:
        return timestamp(unix_s)
    except (ValueError, OverflowError, OSError):  # a clock that was never set must not stop an update
        return timestamp(0.0)
