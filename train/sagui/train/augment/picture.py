"""A picture of augmented photos: the quickest way to see whether they still show what their labels say."""

import io
from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from sagui.infer.preprocess import Photo
from sagui.train.augment.draw import copies
from sagui.train.recipe.choices import Augmentation

_ROWS = _COLUMNS = 4
_DPI = 100

_VIEWS_IN_WORDS = {
    "none": "",
    "mirror": "mirrored or not",
    "flips": "flipped in any way",
    "dihedral": "flipped and turned by right angles",
}


def picture_of_16(photos: Sequence[Photo], choice: Augmentation, seed: int) -> bytes:
    """Draws four photos, one per row: as they are, and three augmented copies.

    Args:
        photos: ``(height, width, 3)`` each, RGB; those past the fourth are left out, too few are shown again.
        choice: What may differ.
        seed: Of the copies.

    Returns:
        A PNG file.

    Raises:
        ValueError: There are no photos.
    """
    if not photos:
        raise ValueError("there is no photo to draw")
    figure = Figure(figsize=(8, 8.6), layout="constrained")
    grid = figure.subplots(_ROWS, _COLUMNS, squeeze=False)
    for row in range(_ROWS):
        photo = photos[row % len(photos)]
        shown = [photo, *(copies(photo, choice, seed, str(row), number) for number in range(_COLUMNS - 1))]
        for column, picture in enumerate(shown):
            axes = grid[row, column]
            axes.imshow(np.asarray(picture), interpolation="nearest")
            axes.set_axis_off()
            if row == 0:
                axes.set_title("The photo" if column == 0 else f"Copy {column}")
    figure.suptitle(in_words(choice), wrap=True, fontsize="medium")
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=_DPI)
    return content.getvalue()


def in_words(choice: Augmentation) -> str:
    """Says in plain words what a copy may look like."""
    amounts = {
        f"turned by up to {choice.rotation:g}°": choice.rotation,
        f"moved by up to {choice.shift:.0%}": choice.shift,
        f"enlarged or shrunk by up to {choice.zoom:.0%}": choice.zoom,
        f"lighter or darker by up to {choice.brightness:.0%}": choice.brightness,
        f"contrast changed by up to {choice.contrast:.0%}": choice.contrast,
        f"colours changed by up to {choice.colour:.0%}": choice.colour,
        f"noise of up to {choice.noise:.0%}": choice.noise,
        f"blurred by up to {choice.blur:g} pixels": choice.blur,
        f"a grey square of up to {choice.cutout:.0%} of the side": choice.cutout,
    }
    words = [_VIEWS_IN_WORDS[choice.views], *(text for text, amount in amounts.items() if amount > 0)]
    said = "; ".join(word for word in words if word) or "the photo itself"
    mixed = "\n(photos are also mixed in pairs, which is not shown)" if choice.mixup > 0 else ""
    return f"Copies are {said}{mixed}"
