"""What the curves of a training say, in one plain sentence. Pure rules, no I/O."""

import math
from collections.abc import Sequence
from itertools import takewhile

import numpy as np
import numpy.typing as npt

from sagui.train.report.facts import EpochRow

_FEW = 4
"""Fewer epochs than this say nothing."""
_BLOWN_UP = 1.5
"""A training loss that ends so many times as high as it began has diverged."""
_FLAT = 0.02
"""Losses and accuracies that change by less than this share are taken as not changing."""
_RISE, _LEAST_RISE = 0.10, 0.01
"""How far the validation loss must rise above its lowest to count, as a share and at least."""
_GAP = 0.10
"""How far the accuracies of training and validation may be apart."""
_LOW, _HIGH = 0.75, 0.90
"""A network that names fewer photos right has not learned enough; one that names more has learned."""

_REMEDY = "More photos, augmentation, dropout or weight decay help against that."


def diagnose(history: Sequence[EpochRow]) -> str:
    """Says whether a network learned, learned too little, or learned its photos by heart.

    It looks at the last phase, which made the weights that are kept. The limits are rules of thumb, as in
    https://cs231n.github.io/neural-networks-3/#baby.

    Args:
        history: Every epoch of every phase, in order.
    """
    if not history:
        return "No epoch was recorded."
    last = _last_phase(history)
    if (broken := next((row for row in history if not _finite(row)), None)) is not None:
        return (
            f"Diverged: the loss is no number any more in epoch {broken.epoch} ({broken.phase}). A lower learning rate "
            "or a limit on the gradient's length helps."
        )
    if len(last) < _FEW:
        return f"Too short to tell: {len(last)} epoch{'s' if len(last) > 1 else ''} ({last[0].phase}) make no curve."
    found = _diverged(last) or _learned_nothing(history) or _unlearned(history[: -len(last)], last)
    found = found or _overfitting(last) or _still_improving(last) or _parted(last) or _underfitting(last)
    return found or _fine(last)


def _last_phase(history: Sequence[EpochRow]) -> list[EpochRow]:
    phase = history[-1].phase
    return list(takewhile(lambda row: row.phase == phase, reversed(history)))[::-1]


def _finite(row: EpochRow) -> bool:
    return math.isfinite(row.loss) and math.isfinite(row.validation_loss)


def _column(rows: Sequence[EpochRow], name: str) -> npt.NDArray[np.float64]:
    return np.array([getattr(row, name) for row in rows], np.float64)


def _end(values: npt.NDArray[np.float64]) -> float:
    """The mean of the last few epochs: one alone is noise."""
    return float(values[-max(1, min(3, len(values) // 4)) :].mean())


def _diverged(rows: Sequence[EpochRow]) -> str:
    loss = _column(rows, "loss")
    if _end(loss) <= _BLOWN_UP * loss[0]:
        return ""
    return (
        f"Diverged: the training loss ends at {_end(loss):.3g}, higher than it began ({loss[0]:.3g}). A lower learning "
        "rate helps."
    )


def _learned_nothing(history: Sequence[EpochRow]) -> str:
    loss, right = _column(history, "loss"), _column(history, "accuracy")
    fell, rose = (loss[0] - loss.min()) / max(loss[0], 1e-12), right.max() - right[0]
    if len(history) < _FEW or fell >= _FLAT or rose >= _FLAT or right.max() >= _HIGH:
        return ""
    return (
        f"No learning: in {len(history)} epochs the training loss went from {loss[0]:.3g} to {loss.min():.3g} at best. "
        "The learning rate may be far too low or far too high, or the labels have nothing to do with the photos."
    )


def _unlearned(earlier: Sequence[EpochRow], rows: Sequence[EpochRow]) -> str:
    """A phase that goes on from an earlier one should not end worse."""
    if not earlier:
        return ""
    before, after = _end(_column(earlier, "validation_accuracy")), _column(rows, "validation_accuracy").max()
    if after >= before - _FLAT:
        return ""
    return (
        f"Unlearned: after the phase {earlier[-1].phase}, {_percent(before)} of the validation photos were right, and "
        f"at best {_percent(float(after))} in the phase {rows[0].phase}. A lower learning rate there keeps what was "
        "learned."
    )


def _overfitting(rows: Sequence[EpochRow]) -> str:
    train, validation = _column(rows, "loss"), _column(rows, "validation_loss")
    best = int(validation.argmin())
    rise = _end(validation) - validation[best]
    if rise <= max(_RISE * validation[best], _LEAST_RISE) or _end(train) >= train[best]:
        return ""
    return (
        f"Overfitting: after epoch {rows[best].epoch} of {len(rows)} the validation loss rises "
        f"({validation[best]:.3g} to {_end(validation):.3g}) while the training loss goes on falling "
        f"({train[best]:.3g} to {_end(train):.3g}): the curves part, because the network begins to learn its photos by "
        f"heart. {_REMEDY}"
    )


def _still_improving(rows: Sequence[EpochRow]) -> str:
    validation = _column(rows, "validation_loss")
    before = validation[: len(validation) * 3 // 4].min()
    if validation.argmin() < len(rows) - 2 or _end(validation) > (1 - _FLAT) * before:
        return ""
    return (
        f"Still improving: the validation loss is at its lowest at the end ({validation.min():.3g}) and still falling. "
        "More epochs may help."
    )


def _parted(rows: Sequence[EpochRow]) -> str:
    train, validation = _end(_column(rows, "accuracy")), _end(_column(rows, "validation_accuracy"))
    if train - validation <= _GAP:
        return ""
    return (
        f"Overfitting: at the end {_percent(train)} of the training photos are right, but only {_percent(validation)} "
        f"of the validation photos: the curves part, because what was learned fits the training photos more than "
        f"others. {_REMEDY}"
    )


def _underfitting(rows: Sequence[EpochRow]) -> str:
    train, validation = _column(rows, "accuracy"), _column(rows, "validation_accuracy")
    if max(train.max(), validation.max()) >= _LOW:
        return ""
    return (
        f"Underfitting: even of the photos it learns from, no more than {_percent(float(train.max()))} are right, and "
        "it has stopped improving. More layers that learn, a larger network or photos, a higher learning rate or less "
        "regularization may help; so may clearer labels."
    )


def _fine(rows: Sequence[EpochRow]) -> str:
    train, validation = _end(_column(rows, "loss")), _end(_column(rows, "validation_loss"))
    return (
        f"No sign of trouble: training and validation loss level off together ({train:.3g} and {validation:.3g} at the "
        "end)."
    )


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
