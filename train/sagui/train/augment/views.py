"""Turned copies of a photo that show the same thing.

They are made before the frozen trunk, so that its activations can be cached for each.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sagui.train.recipe.choices import Views


@dataclass(frozen=True)
class View:
    """One way to look at a photo.

    Attributes:
        quarters: Turns to the left, in right angles.
        mirror: Whether left and right are swapped after the turn.
    """

    quarters: int
    mirror: bool

    @property
    def name(self) -> str:
        """Names the view in the cache."""
        return f"turn{90 * self.quarters}{'-mirror' if self.mirror else ''}"

    def of(self, photos: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Turns square photos ``(batch, size, size, channels)``."""
        turned = np.rot90(photos, self.quarters, axes=(1, 2))
        return turned[:, :, ::-1] if self.mirror else turned

    def of_one(self, photo: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Turns a photo ``(height, width, channels)``; a quarter turn swaps its height and width."""
        one: npt.NDArray[Any] = self.of(photo[np.newaxis])[0]
        return one


_BOTH = (False, True)

VIEWS: dict[Views, tuple[View, ...]] = {
    "none": (View(0, mirror=False),),
    "mirror": tuple(View(0, mirror) for mirror in _BOTH),
    "flips": tuple(View(quarters, mirror) for quarters in (0, 2) for mirror in _BOTH),
    "dihedral": tuple(View(quarters, mirror) for quarters in range(4) for mirror in _BOTH),
}
"""The first leaves photos as they are.

``mirror`` swaps left and right (most photos); ``flips`` also up and down; ``dihedral`` adds quarter turns, for things
without an up, such as cells, leaves and coins.
"""
