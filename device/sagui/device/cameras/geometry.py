"""Turning, mirroring and cutting frames. Pure rules, no I/O."""

from dataclasses import dataclass

import cv2
import numpy as np

from sagui.infer.preprocess import Photo

_TURNS = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}


@dataclass(frozen=True)
class Region:
    """A part of a picture: shares of its width and height, from the upper left corner.

    Attributes:
        x: Left edge, 0 to 1.
        y: Upper edge, 0 to 1.
        width: More than 0; ``x + width`` is at most 1.
        height: More than 0; ``y + height`` is at most 1.
    """

    x: float
    y: float
    width: float
    height: float

    def pixels(self, width: int, height: int) -> tuple[int, int, int, int]:
        """Gives the region in a picture of that size: left, top, right, bottom, the last two just outside.

        Regions that touch share no pixel and leave none out. A region is at least one pixel.
        """
        left, right = _edges(self.x, self.x + self.width, width)
        top, bottom = _edges(self.y, self.y + self.height, height)
        return left, top, right, bottom


def _edges(start: float, end: float, size: int) -> tuple[int, int]:
    first = min(round(start * size), size - 1)
    return first, max(first + 1, min(round(end * size), size))


def treat(photo: Photo, region: Region | None, rotate: int, *, mirror: bool) -> Photo:
    """Turns, then mirrors, then cuts: the region is of what a person sees in the end.

    Args:
        photo: ``(height, width, 3)``.
        region: What to keep; None keeps all.
        rotate: Degrees clockwise: 0, 90, 180 or 270.
        mirror: Whether left and right change places.

    Returns:
        The photo itself when there is nothing to do, else a contiguous copy of what is left.
    """
    if region is None and not rotate and not mirror:
        return photo
    if rotate:
        photo = np.asarray(cv2.rotate(photo, _TURNS[rotate]), np.uint8)
    if mirror:
        photo = np.asarray(cv2.flip(photo, 1), np.uint8)
    if region is not None:
        left, top, right, bottom = region.pixels(photo.shape[1], photo.shape[0])
        photo = photo[top:bottom, left:right]
    return np.ascontiguousarray(photo)
