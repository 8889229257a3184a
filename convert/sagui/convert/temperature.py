"""Makes scores mean what they say: of the frames with score 0.8, eight in ten should be named right."""

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar

from sagui.infer.classify import calibrate

_LEAST = 1 / 1024
_RANGE = (-2.0, 2.0)


def fit_temperature(scores: npt.NDArray[np.float64], truth: npt.NDArray[np.int64]) -> float:
    """Finds the temperature with the least negative log-likelihood (Guo et al., ICML 2017, section 4.2).

    Args:
        scores: ``(photos, labels)``, of validation photos.
        truth: Label numbers ``(photos,)``.
    """
    safe = np.clip(scores, _LEAST, 1.0)

    def loss(log_temperature: float) -> float:
        calibrated = calibrate(safe, float(np.exp(log_temperature)))
        return float(-np.log(np.maximum(calibrated[np.arange(len(truth)), truth], 1e-12)).mean())

    return round(float(np.exp(minimize_scalar(loss, bounds=_RANGE, method="bounded").x)), 3)
