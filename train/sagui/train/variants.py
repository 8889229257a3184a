"""Which copies of each photo a frozen trunk sees: exact views, or random copies that are drawn once and kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from sagui.train.augment.draw import copies, digest, is_random
from sagui.train.augment.views import VIEWS, View
from sagui.train.recipe.choices import Augmentation


class Variant(Protocol):
    """One copy of each photo.

    Attributes:
        name: Names it in the cache.
    """

    @property
    def name(self) -> str:
        """Names it in the cache."""

    def of(self, photos: npt.NDArray[Any], keys: Sequence[str]) -> npt.NDArray[Any]:
        """Makes it of photos ``(batch, height, width, 3)`` and their keys."""


@dataclass(frozen=True)
class Turned:
    """Each photo in one view."""

    view: View

    @property
    def name(self) -> str:
        """See `Variant`."""
        return self.view.name

    def of(self, photos: npt.NDArray[Any], keys: Sequence[str]) -> npt.NDArray[Any]:  # noqa: ARG002 (the port's)
        """See `Variant.of`."""
        return self.view.of(photos)


@dataclass(frozen=True)
class Drawn:
    """Each photo with changes drawn from its own key, so that the same copy is made whatever came before.

    Attributes:
        augmentation: What may be changed.
        seed: Of the draw.
        number: Which of the copies.
    """

    augmentation: Augmentation
    seed: int
    number: int

    @property
    def name(self) -> str:
        """See `Variant`."""
        return f"copy{self.number}-{digest(self.augmentation)[:16]}-{self.seed}"

    def of(self, photos: npt.NDArray[Any], keys: Sequence[str]) -> npt.NDArray[Any]:
        """See `Variant.of`."""
        drawn = [
            copies(photo, self.augmentation, self.seed, key, self.number)
            for photo, key in zip(photos, keys, strict=True)
        ]
        return np.stack(drawn)


PLAIN = Turned(VIEWS["none"][0])
"""Each photo as it is."""


def variants(augmentation: Augmentation, seed: int) -> tuple[Variant, ...]:
    """The copies a resolved recipe asks for; the photos as they are come first."""
    if not is_random(augmentation):
        return tuple(Turned(view) for view in VIEWS[augmentation.views])
    return PLAIN, *(Drawn(augmentation, seed, number) for number in range(augmentation.copies or 1))
