"""A stand-in for camera and model: labels, scores and times drawn by chance. Nothing is classified."""

from dataclasses import dataclass

import numpy as np

from sagui.wire import LabelScore, Latency

LABELS = ("cat", "dog", "nothing")
_STAYS = 0.95
"""How often the next frame shows what the one before did."""

_LOWEST_SCORE = 0.6
_PREPROCESS_MS, _INFER_MS, _SPREAD = 0.8, 9.0, 0.15


@dataclass(frozen=True)
class Seen:
    """What a frame is said to show.

    Attributes:
        label: The best label.
        score: How sure the model is said to be.
        top: The best labels, best first.
        latency_ms: How long it is said to have taken.
    """

    label: str
    score: float
    top: tuple[LabelScore, ...]
    latency_ms: Latency


class StandInModel:
    """Draws what a device sees; the same for the same generator."""

    def __init__(self, labels: tuple[str, ...], rng: np.random.Generator) -> None:
        """Draws what is seen first.

        Args:
            labels: What there is to see; two at least.
            rng: Where chance comes from.
        """
        self._labels, self._rng = labels, rng
        self._at = int(rng.integers(len(labels)))

    def see(self) -> Seen:
        """Draws one frame."""
        stays, sure, slow = self._rng.random(3).tolist()
        if stays > _STAYS:
            self._at = (self._at + 1) % len(self._labels)
        label, other = self._labels[self._at], self._labels[self._at - 1]
        score = round(_LOWEST_SCORE + (1 - _LOWEST_SCORE) * sure, 4)
        infer_ms = round(_INFER_MS * (1 + _SPREAD * slow), 3)
        return Seen(
            label,
            score,
            (LabelScore(label=label, score=score), LabelScore(label=other, score=round(1 - score, 4))),
            Latency(preprocess=_PREPROCESS_MS, infer=infer_ms, total=round(_PREPROCESS_MS + infer_ms, 3)),
        )
