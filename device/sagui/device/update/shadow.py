"""A new model beside the one at work: it is given some of the same frames, and nobody hears of what it says.

The agent's loop leaves a frame in a slot and goes on; a frame that nobody took in time is replaced by the next one. The
new model works in the thread that asks for the comparison, and rests for as long as it worked.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from time import perf_counter

from sagui.device.cameras.geometry import treat
from sagui.device.errors import Cancelled, UpdateError
from sagui.device.observers import Sighting
from sagui.device.update.proving import Told
from sagui.device.update.shadow_rules import FEWEST, LIMITS, Comparison, Limits, Look, Pair, compare, judge
from sagui.infer.classify import Classification
from sagui.infer.errors import InferError
from sagui.infer.load import LoadedModel

LIMIT_S = 600.0
"""After so long, the frames that came are enough, if they are not too few: a camera may be a quiet one."""

_POLL_S = 0.2
_GAPS = 100


class Slot:
    """An `Observer` that keeps the newest frame for another thread. Quick, and it never raises."""

    def __init__(self, model: LoadedModel) -> None:
        """Keeps what this model saw; what others see is none of the comparison's."""
        self._model = model
        self._newest: deque[Sighting] = deque(maxlen=1)
        self._there = threading.Event()
        self._gaps_s: deque[float] = deque(maxlen=_GAPS)
        self._frame_s: float | None = None

    @property
    def interval_ms(self) -> float:
        """The usual time from one frame to the next; 0 until there were two."""
        gaps = list(self._gaps_s)
        return 1000 * median(gaps) if gaps else 0.0

    def saw(self, sighting: Sighting) -> None:
        """See `Observer.saw`."""
        if sighting.stream.model is not self._model:
            return
        captured_s = sighting.frame.captured_s
        if self._frame_s is not None and captured_s > self._frame_s:
            self._gaps_s.append(captured_s - self._frame_s)
        self._frame_s = captured_s
        self._newest.append(sighting)
        self._there.set()

    def take(self, timeout_s: float) -> Sighting | None:
        """Waits for a frame that was not taken yet."""
        if not self._there.wait(timeout_s):
            return None
        self._there.clear()
        try:
            return self._newest.popleft()
        except IndexError:  # it came between two lines above, and was taken before
            return None


@dataclass(frozen=True)
class Rivals:
    """The two that are compared.

    Attributes:
        old: At work.
        new: To be tried; nobody else uses it.
        same_place: Whether both run on the same processor, so that their times can be compared.
        limits: How much is too much.
    """

    old: LoadedModel
    new: LoadedModel
    same_place: bool = True
    limits: Limits = LIMITS


def run_beside(
    rivals: Rivals,
    slot: Slot,
    frames: int,
    told: Told,
    is_ending: Callable[[float], bool],
    clock: Callable[[], float] = time.monotonic,
) -> Comparison:
    """Has the new model look at frames until there were enough, and judges it.

    Args:
        rivals: Who is compared.
        slot: Where the frames come from.
        frames: How many are wanted.
        told: See `Told`.
        is_ending: Waits for so many seconds at most; whether the agent is about to end.
        clock: Monotonic time, in seconds.

    Raises:
        UpdateError: The new model fails, or does what no good model does.
        Cancelled: The agent is about to end.
    """
    begun_s, pairs = clock(), list[Pair]()
    told(0)
    while len(pairs) < frames and (clock() - begun_s < LIMIT_S or len(pairs) < min(frames, FEWEST)):
        if is_ending(0.0):
            raise Cancelled("the agent ends; the new model is compared again at the next start")
        sighting = slot.take(_POLL_S)
        if sighting is None:
            continue
        start = perf_counter()
        pairs.append(_pair(rivals, sighting))
        told(100 * len(pairs) // frames)
        is_ending(perf_counter() - start)  # the machine's other half is the agent's
    return _judged(rivals, pairs, slot.interval_ms)


def _pair(rivals: Rivals, sighting: Sighting) -> Pair:
    try:
        seen = rivals.new.classifier.classify(treat(sighting.frame.photo, sighting.stream.region, 0, mirror=False))
    except InferError as error:
        raise UpdateError(f"{rivals.new.version} fails on a frame of this camera: {error}") from error
    return Pair(_look(rivals.old, sighting.seen), _look(rivals.new, seen))


def _look(model: LoadedModel, seen: Classification) -> Look:
    best = seen.best()
    score = float(seen.scores[best])
    known = score >= model.classifier.decision.threshold
    return Look(model.classifier.labels[best], score, seen.preprocess_ms + seen.infer_ms, known)


def _judged(rivals: Rivals, pairs: list[Pair], interval_ms: float) -> Comparison:
    old, new = frozenset(rivals.old.classifier.labels), frozenset(rivals.new.classifier.labels)
    faults = judge(pairs, old, new, interval_ms if rivals.same_place else None, rivals.limits)
    if faults:
        what = "; it ".join(fault.text for fault in faults)
        raise UpdateError(f"{rivals.new.version} beside {rivals.old.version}: it {what} ({len(pairs)} frames)")
    return compare(pairs, old, new)
