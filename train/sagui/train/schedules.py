"""How the learning rate changes from step to step, from a recipe's words to Keras' classes."""

import keras
from keras.optimizers import schedules

from sagui.train.recipe.choices import Schedule

WARMUP_START = 0.1
"""Where a warm-up begins, as a share of the peak."""


def make_rate(
    schedule: Schedule, peak: float, steps_per_epoch: int, epochs: int
) -> float | schedules.LearningRateSchedule:
    """Makes the learning rate of a recipe: a number where it stays, or where a callback lowers it.

    By step ``s`` of ``S``, with ``e = s / steps_per_epoch`` epochs gone:

    - constant, plateau: ``peak``; see `plateau_callback`.
    - step: ``peak * factor ** floor(e / every_epochs)``
    - exponential: ``peak * factor ** e``
    - linear: ``peak * (floor + (1 - floor) * (1 - s / S))``
    - cosine: for ``warmup_epochs``, in a straight line from a tenth of the peak (or from the floor, where that is
      higher) to the peak (Goyal et al., 2017, https://arxiv.org/abs/1706.02677, 2.2); then, with ``t`` from 0 to 1
      over what is left, ``peak * (floor + (1 - floor) * (1 + cos(pi * t)) / 2)`` (Loshchilov and Hutter, "SGDR",
      ICLR 2017, https://arxiv.org/abs/1608.03983, equation 5).

    Args:
        schedule: Resolved: ``name`` is filled in, and ``warmup_epochs`` where it is a cosine.
        peak: The highest learning rate.
        steps_per_epoch: At least 1.
        epochs: At least 1.

    Raises:
        ValueError: The schedule is not resolved, or a number is out of range.
    """
    if peak <= 0 or steps_per_epoch < 1 or epochs < 1:
        raise ValueError(f"a schedule needs a peak, steps and epochs: {peak}, {steps_per_epoch}, {epochs}")
    total = steps_per_epoch * epochs
    match schedule.name:
        case "constant" | "plateau":
            return peak
        case "step":
            every = max(1, round(schedule.every_epochs * steps_per_epoch))
            return schedules.ExponentialDecay(peak, every, schedule.factor, staircase=True)
        case "exponential":
            return schedules.ExponentialDecay(peak, steps_per_epoch, schedule.factor)
        case "linear":
            return schedules.PolynomialDecay(peak, total, end_learning_rate=schedule.floor * peak)
        case "cosine":
            return _cosine(schedule, peak, steps_per_epoch, total)
        case None:
            raise ValueError(f"the schedule's name must be filled in first: {schedule}")


def _cosine(schedule: Schedule, peak: float, steps_per_epoch: int, total: int) -> schedules.LearningRateSchedule:
    if schedule.warmup_epochs is None:
        raise ValueError(f"the schedule's warmup_epochs must be filled in first: {schedule}")
    warmup = round(schedule.warmup_epochs * steps_per_epoch)
    if warmup == 0:
        return schedules.CosineDecay(peak, total, alpha=schedule.floor)
    return schedules.CosineDecay(
        peak * max(WARMUP_START, schedule.floor),
        max(1, total - warmup),
        alpha=schedule.floor,
        warmup_target=peak,
        warmup_steps=warmup,
    )


def plateau_callback(schedule: Schedule, peak: float) -> keras.callbacks.ReduceLROnPlateau | None:
    """Lowers the rate when the validation loss has not fallen for some epochs; None for other schedules.

    Args:
        schedule: Resolved: ``name`` is filled in.
        peak: The rate it begins at.

    Raises:
        ValueError: The schedule is not resolved.
    """
    if schedule.name is None:
        raise ValueError(f"the schedule's name must be filled in first: {schedule}")
    if schedule.name != "plateau":
        return None
    return keras.callbacks.ReduceLROnPlateau(
        "val_loss",
        factor=schedule.factor,
        patience=schedule.patience,
        mode="min",
        # Any fall counts: how large losses are differs between losses, so no one threshold fits them.
        min_delta=0.0,
        min_lr=schedule.floor * peak,
    )
