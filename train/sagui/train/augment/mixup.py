"""Mixing photos and their truth (Zhang et al., "mixup", ICLR 2018, https://arxiv.org/abs/1710.09412).

On activations instead of photos it is manifold mixup (Verma et al., ICML 2019, https://arxiv.org/abs/1806.05236).
"""

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[Any]


def mixup(x: Floats, y: Floats, alpha: float, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Mixes each photo of a batch with another one, and their truth alike.

    The share is drawn from Beta(alpha, alpha) once for the batch, as in the authors' code.

    Args:
        x: Photos or activations ``(batch, ...)``, floats.
        y: Truth ``(batch, labels)``, floats.
        alpha: 0 leaves the batch as it is; 1 draws evenly between two photos.
        rng: Draws the share and the partners.

    Raises:
        ValueError: Neither floats nor one truth for each photo.
    """
    x, y, _ = weighted_mixup(x, y, np.ones(len(x), np.float32), alpha, rng)
    return x, y


def weighted_mixup(
    x: Floats, y: Floats, weights: Floats, alpha: float, rng: np.random.Generator
) -> tuple[Floats, Floats, Floats]:
    """Does what `mixup` does where photos count differently in the loss.

    A loss that is linear in the truth, as cross-entropy is, then weighs both parts as it would weigh them alone:
    ``w' L(y') = share w_a L(y_a) + (1 - share) w_b L(y_b)``.

    Args:
        x: See `mixup`.
        y: See `mixup`.
        weights: ``(batch,)``.
        alpha: See `mixup`.
        rng: See `mixup`.

    Raises:
        ValueError: Neither floats nor one truth and one weight for each photo.
    """
    if not all(np.issubdtype(array.dtype, np.floating) for array in (x, y, weights)):
        raise ValueError(f"mixup takes floats, not {x.dtype}, {y.dtype} and {weights.dtype}: bytes would be cut off")
    if not len(x) == len(y) == len(weights):
        raise ValueError(f"{len(x)} photos, {len(y)} truths and {len(weights)} weights: one of each is needed")
    if alpha == 0:
        return x, y, weights
    share = float(rng.beta(alpha, alpha))
    other = rng.permutation(len(x))
    mine, theirs = share * weights, (1 - share) * weights[other]
    total = mine + theirs
    # Where both photos weigh nothing, any truth will do.
    part = np.divide(mine, total, out=np.full_like(total, share), where=total > 0)[:, np.newaxis]
    return share * x + (1 - share) * x[other], part * y + (1 - part) * y[other], total
