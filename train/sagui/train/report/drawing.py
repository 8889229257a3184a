"""Pictures made of photos, of heat and of feature maps."""

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

_CELL = 112
_GAP = 4
_Photos = npt.NDArray[np.uint8]


def overlay(photo: _Photos, heat: npt.NDArray[Any]) -> _Photos:
    """Lays heat over a photo: the warmer a place, the more of the photo it covers.

    Args:
        photo: ``(height, width, 3)``, RGB.
        heat: ``(h, w)``, 0 to 1; stretched to the photo.

    Returns:
        ``(height, width, 3)``, RGB.
    """
    height, width = photo.shape[:2]
    warmth = np.clip(cv2.resize(heat.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR), 0, 1)
    colours = cv2.applyColorMap((255 * warmth).astype(np.uint8), cv2.COLORMAP_INFERNO)[..., ::-1]
    cover = 0.7 * warmth[..., np.newaxis]
    return np.asarray((1 - cover) * photo + cover * colours, np.uint8)


def draw_maps(photos: _Photos, maps: npt.NDArray[np.float32]) -> bytes:
    """Puts photos and their feature maps into one PNG; its gaps are see-through, so it fits a light and a dark page.

    Args:
        photos: ``(photos, height, width, 3)``, RGB; a row each.
        maps: ``(photos, h, w, maps)``; a column each, as bright as its own range allows.
    """
    rows, columns = len(photos), 1 + maps.shape[-1]
    step = _CELL + _GAP
    canvas = np.zeros((rows * step - _GAP, columns * step - _GAP, 4), np.uint8)
    for row in range(rows):
        cells = [_cell(photos[row]), *(_cell(_coloured(maps[row, ..., at])) for at in range(maps.shape[-1]))]
        for column, cell in enumerate(cells):
            top, left = row * step, column * step
            canvas[top : top + _CELL, left : left + _CELL, :3] = cell
            canvas[top : top + _CELL, left : left + _CELL, 3] = 255
    return cv2.imencode(".png", cv2.cvtColor(canvas, cv2.COLOR_RGBA2BGRA))[1].tobytes()


def _cell(picture: _Photos) -> _Photos:
    # What is enlarged keeps its pixels: they are what the network has.
    small = picture.shape[0] < _CELL
    method = cv2.INTER_NEAREST if small else cv2.INTER_AREA
    return np.asarray(cv2.resize(picture, (_CELL, _CELL), interpolation=method), np.uint8)


def _coloured(one: npt.NDArray[np.float32]) -> _Photos:
    low, high = float(one.min()), float(one.max())
    shades = (255 * (one - low) / max(high - low, 1e-12)).astype(np.uint8)
    return np.asarray(cv2.applyColorMap(shades, cv2.COLORMAP_VIRIDIS)[..., ::-1], np.uint8)
