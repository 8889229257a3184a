"""Changed copies of photos that mean the same; pictures of them are in `sagui.train.augment.picture`."""

from sagui.train.augment.draw import Draw, augmented, copies, digest, draw, is_random
from sagui.train.augment.mixup import mixup, weighted_mixup
from sagui.train.augment.views import VIEWS, View

__all__ = [
    "VIEWS",
    "Draw",
    "View",
    "augmented",
    "copies",
    "digest",
    "draw",
    "is_random",
    "mixup",
    "weighted_mixup",
]
