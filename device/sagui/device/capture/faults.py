"""What a person should know of a picture before taking a thousand of them. Pure rules, no I/O."""

import cv2
import numpy as np
import numpy.typing as npt

from sagui.infer.preprocess import Photo

BLACK = 12.0
"""Grey levels: a picture whose 99th percentile is lower is black."""

BLURRED = 4.0
"""Variance of the Laplacian below which a picture is not sharp; docs/collect.md says what was measured."""

_LONG_SIDE = 320
_NOISE = 1.0
"""Pixels: the standard deviation of the Gaussian that takes the sensor's noise away, which else looks sharp."""


def fault(photo: Photo) -> str:
    """Says what is wrong with a picture; empty where nothing is.

    Sharpness is the variance of the Laplacian (Pech-Pacheco et al., Diatom autofocusing in brightfield microscopy,
    ICPR 2000), of the grey picture at 320 pixels across, so that it means the same for every camera.

    Args:
        photo: ``(height, width, 3)``, RGB.
    """
    grey = _shrunk(photo)
    if np.percentile(grey, 99) < BLACK:
        return "it is black; is the lens covered, or the light off?"
    if _laplacian(grey) < BLURRED:
        return "it is blurred or plain; is the lens clean, and in focus?"
    return ""


def sharpness(photo: Photo) -> float:
    """Gives the variance of the Laplacian of a photo ``(height, width, 3)``."""
    return _laplacian(_shrunk(photo))


def _laplacian(grey: npt.NDArray[np.uint8]) -> float:
    return float(cv2.Laplacian(cv2.GaussianBlur(grey, (0, 0), _NOISE), cv2.CV_64F).var())


def _shrunk(photo: Photo) -> npt.NDArray[np.uint8]:
    height, width = photo.shape[:2]
    scale = min(1.0, _LONG_SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    grey = cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)
