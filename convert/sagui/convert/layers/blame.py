"""How much of the noise is a layer's own. Pure rules, no I/O."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from sagui.convert.layers.noise import Noise
from sagui.convert.layers.values import Layer

Weights = npt.NDArray[np.float64]
"""How much each input channel counts in an op with weights: the sum of their squares ``(channels,)``."""


def own_noise(layers: Sequence[Layer], sums: Sequence[Noise], weights: Mapping[int, Weights]) -> list[float | None]:
    """What each layer adds: see `LayerError.own_noise`.

    Noise enters a layer as its weights weigh the channels of its input, and leaves it as the next layer's do. A ratio
    that weighs none would look well for a layer in which one channel takes all the range, and blame the next one.

    Args:
        layers: In the order of their ops.
        sums: Of each.
        weights: By the number of the output of the op that has them.
    """
    by_tensor = {layer.plain: noise for layer, noise in zip(layers, sums, strict=True)}
    takers: dict[int, list[Layer]] = {}
    for layer in layers:
        for number in layer.inputs:
            takers.setdefault(number, []).append(layer)
    added: list[float | None] = []
    for layer, noise in zip(layers, sums, strict=True):
        entering = [by_tensor[number].share(weights.get(layer.plain)) for number in layer.inputs if number in by_tensor]
        leaving = [noise.share(weights.get(taker.plain)) for taker in takers.get(layer.plain, ())] or [noise.share()]
        known = [share for share in leaving if share is not None]
        before = max((share for share in entering if share is not None), default=0.0)
        # What was noise before cannot be ruined again.
        added.append((max(known) - before) * (1 - before) if known else None)
    return added
