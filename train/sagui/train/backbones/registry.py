"""The networks one can start from, by name."""

from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import keras

from sagui.train.backbones import efficientnet_lite0, keras_applications
from sagui.train.errors import RecipeError

Build = Callable[[tuple[int, int, int]], keras.Model]


@dataclass(frozen=True)
class Backbone:
    """A network without its head.

    Attributes:
        name: What a recipe calls it.
        build: From ``(height, width, 3)`` to a network that takes photos ``(batch, height, width, 3)``, 0-255, RGB,
            normalizes them inside, and gives feature maps. Its weights are random.
        load: Fills a built network: from a file, or with the ImageNet weights when the file is None.
        source: Where the ImageNet weights come from.
        image_size: The side of the photos its ImageNet weights were trained on, in pixels.
        block_end: Matches the name of a layer that may end a block.
    """

    name: str
    build: Build
    load: Callable[[keras.Model, Path | None], None]
    source: str
    block_end: str
    image_size: int = 224


_KERAS = "keras.applications"

BACKBONES: dict[str, Backbone] = {
    backbone.name: backbone
    for backbone in (
        Backbone(
            "efficientnet-lite0",
            efficientnet_lite0.build,
            efficientnet_lite0.load,
            f"PyPI {efficientnet_lite0.PACKAGE}",
            r"block\d+_(add|project_bn)",
        ),
        Backbone(
            "mobilenet-v2",
            keras_applications.MOBILENET_V2.build,
            keras_applications.MOBILENET_V2.load,
            _KERAS,
            r"(block_\d+|expanded_conv)_(add|project_BN)",
        ),
        Backbone(
            "mobilenet-v3-small",
            keras_applications.MOBILENET_V3_SMALL.build,
            keras_applications.MOBILENET_V3_SMALL.load,
            _KERAS,
            r"expanded_conv(_\d+)?_(add|project_bn)",
        ),
        Backbone(
            "mobilenet-v3-large",
            keras_applications.MOBILENET_V3_LARGE.build,
            keras_applications.MOBILENET_V3_LARGE.load,
            _KERAS,
            r"expanded_conv(_\d+)?_(add|project_bn)",
        ),
        Backbone(
            "resnet50",
            keras_applications.RESNET50.build,
            keras_applications.RESNET50.load,
            _KERAS,
            r"conv\d_block\d_out",
        ),
    )
}


def find_backbone(name: str) -> Backbone:
    """Finds a network by name.

    Raises:
        RecipeError: There is none; the message names the nearest and all.
    """
    if name in BACKBONES:
        return BACKBONES[name]
    near = get_close_matches(name, BACKBONES, 1)
    hint = f"did you mean {near[0]}? " if near else ""
    raise RecipeError(f"no backbone {name!r}; {hint}There are: {', '.join(BACKBONES)}")
