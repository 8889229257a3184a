"""Makes scores mean what they say: of the frames with score 0.8, eight in ten should be named right."""

import numpy as np

from sagui.convert.evaluate import Scored
from sagui.train import calibration

# A score of zero in 8 bits is anything below half a step, not impossible.
_LEAST = 1 / 1024


def fit_temperature(validation: Scored, *, eight_bits: bool) -> float:
    """Finds the temperature of an exported file (see `sagui.train.calibration.fit_temperature`).

    Args:
        validation: Its scores as they come out.
        eight_bits: Whether the scores have no more than 8 bits.
    """
    scores = np.clip(validation.scores, _LEAST, 1.0) if eight_bits else validation.scores
    truth = np.eye(validation.scores.shape[1])[validation.truth]
    return calibration.fit_temperature(scores, truth)
