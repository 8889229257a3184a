"""From scores to a label, and from labels to a state. Pure rules, no I/O.

A frame is named by `decide`. Names become the present label by `advance`: enough of the newest frames must agree on
it, and the one before must have stood long enough. `Decider` keeps what one stream of frames needs; a camera with
several regions or models has one for each.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
import numpy.typing as npt

from sagui.bundle.manifest import Decision
from sagui.device.errors import DeviceError

TOP = 3
"""How many of the best labels a result names."""

_FEW = 32
"""So many numbers Python sorts quicker than NumPy."""

MAX_WINDOW = 1000
"""Most frames that may be asked to agree."""


class Verdict(msgspec.Struct, frozen=True, gc=False):
    """What one frame shows.

    Attributes:
        label: The best label, or the name for what is not known.
        score: Of the label; of the best one where nothing is known.
        top: The best labels with their scores, best first.
    """

    label: str
    score: float
    top: tuple[tuple[str, float], ...]


def decide(
    scores: npt.NDArray[np.float64],
    labels: Sequence[str],
    decision: Decision,
    count: int = TOP,
    *,
    standing: str | None = None,
    hysteresis: float = 0.0,
) -> Verdict:
    """Names a frame.

    With hysteresis the standing label is judged as if it had scored so much more: another must be better than it by
    more than that, and it is known until it falls by that below the threshold.

    Args:
        scores: ``(labels,)``, calibrated.
        labels: Their names.
        decision: The threshold, and the name for what stays below it.
        count: How many of the best labels to name.
        standing: The present label, for hysteresis.
        hysteresis: A difference of scores, 0 to 1.
    """
    top = tuple((labels[at], float(scores[at])) for at in _best(scores, count))
    label, score = top[0]
    threshold = decision.threshold
    if hysteresis and standing is not None and standing in labels:
        stands = float(scores[labels.index(standing)])
        if score - stands <= hysteresis and stands >= threshold - hysteresis:
            return Verdict(standing, stands, top)
    return Verdict(label if score >= threshold else decision.unknown, score, top)


def _best(scores: npt.NDArray[np.float64], count: int) -> list[int]:
    """The numbers of the best scores, best first; of equal ones the first."""
    if len(scores) > _FEW:
        ordered: list[int] = np.argsort(-scores, kind="stable")[:count].tolist()
        return ordered
    plain = scores.tolist()
    return sorted(range(len(plain)), key=plain.__getitem__, reverse=True)[:count]


class Standing(msgspec.Struct, frozen=True, gc=False):
    """The present label, since when, and with what score it began."""

    label: str
    score: float
    since: float


def follow(standing: Standing | None, verdict: Verdict, now: float) -> Standing:
    """Gives the state after a verdict: the same object as long as the label stays.

    Args:
        standing: The state before; None at the start.
        verdict: What the newest frame shows.
        now: Unix time of that frame, in seconds.
    """
    if standing is not None and standing.label == verdict.label:
        return standing
    return Standing(verdict.label, verdict.score, now)


@dataclass(frozen=True)
class Steadiness:
    """How hard it is to change the present label, and how often it is said. The defaults follow every frame.

    Attributes:
        agree: How many of the newest ``window`` frames must show a label before it becomes the present one.
        window: See ``agree``. With ``agree`` above half of it only one label can have enough.
        dwell_s: A label stays for so long before another may follow; what flickers changes no more often than that.
        hysteresis: See `decide`.
        every_s: Least time from one result to the next as long as the label stays. A change is said at once.
    """

    agree: int = 1
    window: int = 1
    dwell_s: float = 0.0
    hysteresis: float = 0.0
    every_s: float = 0.0

    def __post_init__(self) -> None:
        """Checks the rules.

        Raises:
            DeviceError: A rule can never hold, or holds nothing back.
        """
        if not 1 <= self.agree <= self.window <= MAX_WINDOW:
            raise DeviceError(
                f"{self.agree} of {self.window} frames cannot agree: take 1 to {MAX_WINDOW} frames, "
                "and no more that agree than there are, such as 3 of 5"
            )
        for name in ("dwell_s", "every_s"):
            if not 0 <= getattr(self, name) < float("inf"):
                raise DeviceError(f"{name} is {getattr(self, name)}: give seconds, 0 or more")
        if not 0 <= self.hysteresis < 1:
            raise DeviceError(f"hysteresis is {self.hysteresis}: give a difference of scores, 0 up to 1, such as 0.1")


class Memory(msgspec.Struct, frozen=True, gc=False):
    """What the rules remember from one frame to the next.

    Attributes:
        standing: The state; None until enough frames agreed for the first time.
        recent: The labels of the newest frames, the oldest first.
        changed_at: When the state last changed, on the monotonic clock, in seconds.
        said_at: When a result was last said, likewise; None before the first.
    """

    standing: Standing | None = None
    recent: tuple[str, ...] = ()
    changed_at: float = 0.0
    said_at: float | None = None


class Decided(msgspec.Struct, frozen=True, gc=False):
    """What follows from a frame.

    Attributes:
        verdict: What the frame shows by itself.
        memory: To be given to the next `advance`.
        changed: Whether the state is a new one.
        due: Whether a result is to be said.
    """

    verdict: Verdict
    memory: Memory
    changed: bool
    due: bool


def advance(memory: Memory, verdict: Verdict, rules: Steadiness, now: float, ticks: float) -> Decided:
    """Applies the rules to the newest frame.

    Args:
        memory: Of the frames before.
        verdict: What the newest frame shows.
        rules: How steady the state is to be.
        now: Unix time of that frame, in seconds: only told, never reckoned with, because it may jump.
        ticks: The same on a clock that never jumps, such as `time.monotonic`.
    """
    recent = (*memory.recent, verdict.label)[-rules.window :]
    before, changed_at = memory.standing, memory.changed_at
    agreed = recent.count(verdict.label) >= rules.agree
    rested = before is None or ticks - changed_at >= rules.dwell_s
    standing = follow(before, verdict, now) if agreed and rested else before
    changed = standing is not before
    due = changed or memory.said_at is None or ticks - memory.said_at >= rules.every_s
    after = Memory(standing, recent, ticks if changed else changed_at, ticks if due else memory.said_at)
    return Decided(verdict, after, changed, due)


class Decider:
    """Follows one stream of scores: one region of one camera, by one model."""

    def __init__(self, labels: Sequence[str], decision: Decision, rules: Steadiness | None = None) -> None:
        """Begins without a state.

        Args:
            labels: The names of the scores.
            decision: The threshold, and the name for what stays below it.
            rules: How steady the state is to be; without them it follows every frame.
        """
        self._labels, self._decision = tuple(labels), decision
        self._rules = rules or Steadiness()
        self._memory = Memory()

    @property
    def rules(self) -> Steadiness:
        """How steady the state is to be; may be exchanged between frames."""
        return self._rules

    @rules.setter
    def rules(self, rules: Steadiness) -> None:
        self._rules = rules

    @property
    def standing(self) -> Standing | None:
        """The state; None until enough frames agreed for the first time."""
        return self._memory.standing

    def take(self, scores: npt.NDArray[np.float64], now: float, ticks: float) -> Decided:
        """Names a frame, and follows it.

        Args:
            scores: ``(labels,)``, calibrated.
            now: Unix time of the frame, in seconds.
            ticks: The same on the monotonic clock.
        """
        label = self.standing.label if self.standing else None
        verdict = decide(scores, self._labels, self._decision, standing=label, hysteresis=self._rules.hysteresis)
        decided = advance(self._memory, verdict, self._rules, now, ticks)
        self._memory = decided.memory
        return decided

    def forget(self) -> None:
        """Begins anew, after the camera was moved or the model changed; the clock of results goes on."""
        self._memory = msgspec.structs.replace(self._memory, standing=None, recent=())
