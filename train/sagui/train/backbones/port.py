"""What a backbone is: a network without its head, and what is known about it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import keras


@dataclass(frozen=True)
class Options:
    """What a person may choose about some backbones; see `sagui.train.recipe.choices.BackboneChoice`."""

    alpha: float = 1.0
    padding: Literal["paper", "same", "valid"] = "paper"
    downsample: Literal["paper", "pooling", "stride"] = "paper"


@dataclass(frozen=True)
class HeadDefaults:
    """The head a network is given unless the recipe says otherwise: the one it was published with.

    Attributes:
        pooling: How maps become a vector.
        dense: Sizes of the hidden dense layers before the last one.
        dropout: Before each dense layer, the last one included.
    """

    pooling: Literal["average", "max", "flatten"] = "average"
    dense: tuple[int, ...] = ()
    dropout: float = 0.3


Build = Callable[[tuple[int, int, int], Options], keras.Model]
Load = Callable[[keras.Model, Path | None, Options], None]


@dataclass(frozen=True)
class Backbone:
    """A network without its head.

    Attributes:
        name: What a recipe calls it.
        about: The paper it comes from, and what it is good for, in one sentence.
        build: From ``(height, width, channels)`` to a network that takes photos ``(batch, height, width, channels)``,
            0-255, RGB, normalizes them inside, and gives feature maps. Its weights are random.
        load: Fills a built network: from a file, or with the ImageNet weights when the file is None.
        source: Where the ImageNet weights come from; None where there are none, and it learns from scratch.
        image_size: The side of the photos it was made for, in pixels.
        min_size: The smallest side it can take.
        block_end: Matches the name of a layer that may end a block; see `sagui.train.cut.block_ends`.
        head: The head it is given by default.
        choices: Which of `Options` it listens to.
    """

    name: str
    about: str
    build: Build
    load: Load
    source: str | None
    block_end: str
    image_size: int = 224
    min_size: int = 32
    head: HeadDefaults = HeadDefaults()
    choices: frozenset[str] = frozenset()
