"""Which pictures look nearly the same. Pure rules, no I/O."""

from collections import deque
from collections.abc import Iterable

import cv2
import numpy as np
import numpy.typing as npt

from sagui.infer.preprocess import Photo

ALIKE = 0.97
"""Pictures that correlate so much are one to a network: see docs/collect.md for what was measured."""

REMEMBERED = 200
"""So many of the newest thumbnails are compared; each takes about 20 microseconds."""

_SIDE = 32
_REACH = 1
_FLAT = 2.0
"""Grey levels: a thumbnail with a lower standard deviation is a plain surface, and what is left of it is noise."""

Thumbnail = npt.NDArray[np.uint8]


def thumbnail(photo: Photo) -> Thumbnail:
    """Shrinks a photo ``(height, width, 3)`` or ``(height, width)`` to a small grey one ``(32, 32)``."""
    grey = photo if photo.ndim == 2 else cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)  # noqa: PLR2004 (grey already)
    # Whole factors are five times as fast as fractions; the few pixels at the right and below count for little.
    down, across = max(1, grey.shape[0] // _SIDE), max(1, grey.shape[1] // _SIDE)
    if min(grey.shape) >= _SIDE:
        grey = grey[: down * _SIDE, : across * _SIDE]
    return np.asarray(cv2.resize(grey, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA), np.uint8)


def likeness(one: Thumbnail, other: Thumbnail) -> float:
    """Gives how much two thumbnails resemble each other, up to 1, whatever their brightness.

    It is OpenCV's normalized cross-correlation (``TM_CCOEFF_NORMED``), the best one over a shift of a pixel, which is
    3 % of the picture. Two plain surfaces are the same.
    """
    flat = one.std() < _FLAT, other.std() < _FLAT
    if any(flat):
        return 1.0 if all(flat) else 0.0
    inner = other[_REACH:-_REACH, _REACH:-_REACH]
    return float(cv2.matchTemplate(one, inner, cv2.TM_CCOEFF_NORMED).max())


class Kept:
    """The newest pictures that were kept."""

    def __init__(self, thumbnails: Iterable[Thumbnail] = (), alike: float = ALIKE) -> None:
        """Begins with those of an earlier run.

        Args:
            thumbnails: The oldest first.
            alike: From this likeness on two pictures are alike; above 1 none are.
        """
        self._thumbnails = deque(thumbnails, maxlen=REMEMBERED)
        self._alike = alike

    def knows(self, small: Thumbnail) -> bool:
        """Tells whether one like it was kept; the newest are asked first, for they are the likeliest."""
        return any(likeness(small, other) >= self._alike for other in reversed(self._thumbnails))

    def add(self, small: Thumbnail) -> None:
        """Remembers one."""
        self._thumbnails.append(small)
