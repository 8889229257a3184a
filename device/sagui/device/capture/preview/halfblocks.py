"""A picture of coloured characters. Pure rules, no I/O.

The character U+2580 fills the upper half of its cell with the foreground's colour; the background's is the lower half.
A cell is about twice as high as wide, so each half is a square pixel.
"""

import unicodedata

import cv2
import numpy as np

from sagui.infer.preprocess import Photo

_UPPER_HALF = "▀"
_RESET = "\x1b[0m"


def draw(photo: Photo, columns: int, rows: int) -> list[str]:
    """Draws a photo as large as it fits.

    Args:
        photo: ``(height, width, 3)``, RGB.
        columns: Of characters at most.
        rows: Likewise.

    Returns:
        The lines, with ANSI sequences for 24-bit colour; each ends with the terminal's own colours.
    """
    small = _fitted(photo, max(1, columns), 2 * max(1, rows))
    return [_line(small[top], small[top + 1]) for top in range(0, len(small), 2)]


def cut(text: str, columns: int) -> str:
    """Makes a line fit, and harmless: what cannot be shown is a question mark, and wide letters count twice."""
    shown, used = "", 0
    for letter in text:
        letter_shown = letter if letter.isprintable() else "?"
        used += 2 if unicodedata.east_asian_width(letter_shown) in "WF" else 1
        if used > columns:
            break
        shown += letter_shown
    return shown


def _fitted(photo: Photo, width: int, height: int) -> Photo:
    scale = min(width / photo.shape[1], height / photo.shape[0])
    across, down = max(1, int(photo.shape[1] * scale)), max(1, int(photo.shape[0] * scale) // 2) * 2
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_NEAREST
    return np.asarray(cv2.resize(photo, (across, down), interpolation=interpolation), np.uint8)


def _line(upper: Photo, lower: Photo) -> str:
    parts: list[str] = []
    before = None
    for (r, g, b), (under_r, under_g, under_b) in zip(upper.tolist(), lower.tolist(), strict=True):
        colours = f"\x1b[38;2;{r};{g};{b};48;2;{under_r};{under_g};{under_b}m"
        parts.append(_UPPER_HALF if colours == before else colours + _UPPER_HALF)
        before = colours
    return "".join(parts) + _RESET
