"""How much of a picture changed."""

import cv2
import numpy as np

from sagui.infer.preprocess import Photo

_SIDE = 160
"""The longer side at which pictures are compared: averaging takes the sensor's noise away, and it costs little."""

_MOVING = 255
"""In MOG2's mask; shadows are 127."""

_HISTORY = 200
"""Frames over which the background is learnt; what stays longer becomes background."""


class MotionDetector:
    """Learns the background, and tells how much is none.

    OpenCV's MOG2: each pixel is a mixture of Gaussians whose number adapts, so that leaves that sway and screens that
    flicker become background (Zivkovic, Improved Adaptive Gaussian Mixture Model for Background Subtraction, ICPR 2004;
    Zivkovic and van der Heijden, Pattern Recognition Letters 27, 2006).
    """

    def __init__(self) -> None:
        self._model = cv2.createBackgroundSubtractorMOG2(history=_HISTORY, detectShadows=True)
        self._kernel = np.ones((3, 3), np.uint8)
        self._shape: tuple[int, ...] | None = None

    def share(self, photo: Photo) -> float:
        """Gives the share of the picture that is not background, 0 to 1; 1 for the first, and when the size changes.

        Args:
            photo: ``(height, width, 3)``; the next of a sequence.
        """
        small = _shrunk(photo)
        first = small.shape != self._shape
        self._shape = small.shape
        mask = self._model.apply(small)
        if first:
            return 1.0
        # Single pixels are noise: what is left after erosion and dilation is at least 3 x 3.
        solid = cv2.morphologyEx(np.asarray(mask == _MOVING, np.uint8), cv2.MORPH_OPEN, self._kernel)
        return float(np.count_nonzero(solid) / solid.size)


def _shrunk(photo: Photo) -> Photo:
    height, width = photo.shape[:2]
    factor = max(height, width) // _SIDE
    if factor < 2:  # noqa: PLR2004 (the smallest factor that shrinks)
        return photo
    whole = photo[: height // factor * factor, : width // factor * factor] if min(height, width) >= factor else photo
    size = (max(1, width // factor), max(1, height // factor))
    return np.asarray(cv2.resize(whole, size, interpolation=cv2.INTER_AREA), np.uint8)
