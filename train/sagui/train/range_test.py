"""The learning rate range test (Smith, "Cyclical Learning Rates", WACV 2017, https://arxiv.org/abs/1506.01186, 3.3).

Train for some steps while the rate grows from far too low to far too high, and see where the loss falls. Pure rules
and a plot; `sagui.train` runs the steps.
"""

import io
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from sagui.bundle.replace import write_bytes
from sagui.train.errors import TrainError

Floats = npt.NDArray[np.float64]

_MEMORY = 0.9
_DIVERGED = 4.0
_FELL = 0.99
_BELOW_MINIMUM = 10.0
_HEADROOM = 1.5
_DPI = 120
_MEASURED, _SMOOTHED, _SUGGESTED = "#c9b6d3", "#7a5195", "#ef8a17"


def exponential_rates(low: float, high: float, steps: int) -> Floats:
    """Gives rates ``(steps,)`` from low to high, each the same factor above the one before.

    Raises:
        ValueError: Not ``0 < low < high``, or fewer than two steps.
    """
    if not 0 < low < high or steps < 2:  # noqa: PLR2004 (both ends)
        raise ValueError(f"no range of rates: from {low} to {high} in {steps} steps")
    return np.geomspace(low, high, steps)


def smooth(losses: Sequence[float]) -> Floats:
    """Averages each loss with those before it, the last counting most.

    An exponential moving average, divided by the sum of its weights, so that it does not begin near zero (Kingma and
    Ba, "Adam", ICLR 2015, https://arxiv.org/abs/1412.6980, section 3).
    """
    average, smoothed = 0.0, []
    for number, loss in enumerate(losses, 1):
        average = _MEMORY * average + (1 - _MEMORY) * loss
        smoothed.append(average / (1 - _MEMORY**number))
    return np.array(smoothed, np.float64)


def has_diverged(losses: Sequence[float]) -> bool:
    """Whether more steps are of no use: the loss is no number, or has left its minimum far below."""
    return usable(losses) < len(losses)


def usable(losses: Sequence[float]) -> int:
    """How many steps come before the first at which the test is over.

    That is where the loss is not finite, or where the smoothed loss is more than four times its minimum so far.
    """
    finite = next((at for at, loss in enumerate(losses) if not math.isfinite(loss)), len(losses))
    smoothed = smooth(losses[:finite])
    far = np.flatnonzero(smoothed > _DIVERGED * np.minimum.accumulate(smoothed)) if finite else np.array([], int)
    return int(far[0]) if len(far) else finite


def suggest_rate(rates: Sequence[float] | Floats, losses: Sequence[float]) -> float:
    """Suggests a peak learning rate: a tenth of the one at which the smoothed loss was lowest.

    At its minimum the loss is about to rise, so that rate is too high to train with. A tenth of it lies on the way
    down; the steepest place itself, often taken instead, jumps about with the noise of single batches.

    Args:
        rates: Of each step, rising.
        losses: Of the batch of each step; fewer than rates where the test was stopped.

    Raises:
        TrainError: The loss never fell by a hundredth.
        ValueError: There are more losses than rates.
    """
    if len(losses) > len(rates):
        raise ValueError(f"{len(losses)} losses of {len(rates)} rates")
    smoothed = smooth(losses[: usable(losses)])
    lowest = int(np.argmin(smoothed)) if len(smoothed) else 0
    if lowest == 0 or smoothed[lowest] > _FELL * smoothed[0]:
        raise TrainError(
            f"no learning rate between {rates[0]:.1g} and {rates[-1]:.1g} lowers the loss: look for wrong labels, for "
            "a regularization that is too strong, or try another optimizer"
        )
    return float(rates[lowest]) / _BELOW_MINIMUM


def plot_range(rates: Sequence[float] | Floats, losses: Sequence[float], suggestion: float, path: Path) -> None:
    """Draws the loss by rate, and marks the suggestion.

    Args:
        rates: See `suggest_rate`.
        losses: See `suggest_rate`.
        suggestion: The rate to mark.
        path: The PNG file.

    Raises:
        OSError: It cannot be written.
    """
    kept = usable(losses)
    smoothed = smooth(losses[:kept])
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    axes.semilogx(rates[:kept], losses[:kept], color=_MEASURED, label="each step")
    axes.semilogx(rates[:kept], smoothed, color=_SMOOTHED, label="smoothed")
    axes.axvline(suggestion, color=_SUGGESTED, linestyle="--", label=f"suggested: {suggestion:.1e}")
    axes.set(title="Learning rate range test", xlabel="Learning rate", ylabel="Loss of the training batch")
    # The rise at the end is far higher than the fall, which would look flat beside it.
    axes.set_ylim(top=_HEADROOM * smoothed[: np.argmin(smoothed) + 1].max())
    axes.grid(alpha=0.3)
    axes.legend()
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=_DPI)
    write_bytes(path, content.getvalue())
