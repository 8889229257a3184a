"""Drawing how a copy of a photo differs from it, within the amounts that a recipe allows."""

import hashlib
import json
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sagui.infer.preprocess import Photo
from sagui.train.augment.geometry import move
from sagui.train.augment.pixels import add_noise, blur, brighten, change_colour, change_contrast, cut_out
from sagui.train.augment.views import VIEWS, View
from sagui.train.recipe.choices import Augmentation

AMOUNTS = ("rotation", "shift", "zoom", "brightness", "contrast", "colour", "noise", "blur", "cutout")
"""The keys that change pixels by chance."""

# Part of every digest: raise it when the same choice gives other pixels than before, or caches go on serving old ones.
_VERSION = 1
_HALF_CIRCLE_DEGREES = 180


@dataclass(frozen=True)
class Draw:
    """What is done to one copy of a photo.

    Attributes:
        view: How it is looked at, before all else.
        degrees: See `sagui.train.augment.geometry.move`, like the next three.
        brightness: See `sagui.train.augment.pixels`, like all that follow.
        contrast: Factor.
        hue: Degrees.
        saturation: Factor.
        noise: Deviation, as a share of white.
        blur: Deviation, in pixels.
        cutout: Side of the square, as a share of the photo's; and its middle.
    """

    view: View
    degrees: float = 0.0
    right: float = 0.0
    down: float = 0.0
    scale: float = 1.0
    brightness: float = 0.0
    contrast: float = 1.0
    hue: float = 0.0
    saturation: float = 1.0
    noise: float = 0.0
    blur: float = 0.0
    cutout: float = 0.0
    cutout_across: float = 0.5
    cutout_down: float = 0.5

    def of(self, photo: Photo, rng: np.random.Generator) -> npt.NDArray[np.uint8]:
        """Makes the copy.

        The order is that of a camera: the scene moves, light falls on it, the lens blurs, the sensor is noisy.

        Args:
            photo: ``(height, width, 3)``.
            rng: Draws the noise.
        """
        photo = np.ascontiguousarray(self.view.of_one(photo))
        photo = move(photo, self.degrees, self.right, self.down, self.scale)
        photo = change_contrast(brighten(photo, self.brightness), self.contrast)
        photo = change_colour(photo, self.hue, self.saturation)
        photo = add_noise(blur(photo, self.blur), self.noise, rng)
        return cut_out(photo, self.cutout, self.cutout_across, self.cutout_down)


def draw(choice: Augmentation, rng: np.random.Generator) -> Draw:
    """Draws what is done to a copy: evenly between both ends of each amount.

    All numbers are drawn whether they are wanted or not, in one order: turning on one amount leaves what is drawn
    for the others as it was.
    """
    views = VIEWS[choice.views]
    view = views[int(rng.integers(8)) * len(views) // 8]
    degrees, right, down, scale, brightness, contrast, hue, saturation = (float(at) for at in rng.uniform(-1, 1, 8))
    noise, blurred, cutout, across, below = (float(at) for at in rng.uniform(0, 1, 5))
    return Draw(
        view,
        degrees=choice.rotation * degrees,
        right=choice.shift * right,
        down=choice.shift * down,
        scale=1 + choice.zoom * scale,
        brightness=choice.brightness * brightness,
        contrast=1 + choice.contrast * contrast,
        hue=choice.colour * hue * _HALF_CIRCLE_DEGREES,
        saturation=1 + choice.colour * saturation,
        noise=choice.noise * noise,
        blur=choice.blur * blurred,
        cutout=choice.cutout * cutout,
        cutout_across=across,
        cutout_down=below,
    )


def augmented(photo: Photo, choice: Augmentation, rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    """Makes a random copy of a photo.

    Args:
        photo: ``(height, width, 3)``, RGB; square where ``choice.views`` is ``dihedral``.
        choice: What may differ, and how much. With all amounts 0, the copy is one of the views, exactly.
        rng: Draws.

    Returns:
        ``(height, width, 3)``; never the photo's own memory.
    """
    copy = draw(choice, rng).of(photo, rng)
    return copy.copy() if np.may_share_memory(copy, photo) else copy


def copies(photo: Photo, choice: Augmentation, seed: int, key: str, number: int) -> npt.NDArray[np.uint8]:
    """Makes one of a photo's numbered copies, the same whenever and in whatever order it is asked for.

    Args:
        photo: See `augmented`.
        choice: See `augmented`.
        seed: The recipe's.
        key: Names the photo: its content's hash.
        number: Of the copy, from 0.
    """
    name = int.from_bytes(hashlib.sha256(key.encode()).digest()[:16], "big")
    return augmented(photo, choice, np.random.default_rng([seed, number, name]))


def digest(choice: Augmentation) -> str:
    """Names in caches what a choice does to pixels: its views and amounts, not its number of copies or mixup."""
    parts = {"version": _VERSION} | {name: float(getattr(choice, name)) for name in AMOUNTS}
    content = json.dumps(parts, sort_keys=True).encode()
    return f"{choice.views}-{hashlib.sha256(content).hexdigest()[:16]}"


def is_random(choice: Augmentation) -> bool:
    """Whether copies differ by more than their view. Mixup does not count: it mixes copies after they are made."""
    return any(getattr(choice, name) > 0 for name in AMOUNTS)
