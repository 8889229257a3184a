"""Moving the pixels of a photo. Pure functions."""

import cv2
import numpy as np

from sagui.infer.preprocess import Photo


def move(photo: Photo, degrees: float = 0.0, right: float = 0.0, down: float = 0.0, scale: float = 1.0) -> Photo:
    """Rotates and enlarges a photo about its middle, then shifts it.

    One resampling does all three, so that the photo is smoothed once. What comes in from outside is the photo
    mirrored at its border: black corners would tell the network what was done.

    Args:
        photo: ``(height, width, 3)``.
        degrees: Turned to the left by so much.
        right: Shifted to the right by this share of the width.
        down: Shifted down by this share of the height.
        scale: Enlarged so many times; less than 1 shrinks.

    Returns:
        ``(height, width, 3)``; the photo itself where there is nothing to do.

    Raises:
        ValueError: The scale is not above 0.
    """
    if scale <= 0:
        raise ValueError(f"scale = {scale}: a photo can be enlarged by more than 0 only")
    if degrees == right == down == 0 and scale == 1:
        return photo
    height, width = photo.shape[:2]
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), degrees, scale)
    matrix[:, 2] += right * width, down * height
    moved = cv2.warpAffine(photo, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    return np.asarray(moved, np.uint8)
