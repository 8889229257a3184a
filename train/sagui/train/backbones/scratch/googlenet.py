"""GoogLeNet: four kinds of view of the same maps, side by side.

Szegedy et al., "Going deeper with convolutions", CVPR 2015, table 1 and figure 2b (https://arxiv.org/abs/1409.4842).

Batch normalization (Ioffe and Szegedy, ICML 2015) stands where the paper has biases, local response normalization and
two auxiliary heads: with it the network learns without them.
"""

from typing import Any, NamedTuple

import keras
from keras import layers

from sagui.train.backbones.input_shape import require_size
from sagui.train.backbones.port import Backbone, HeadDefaults, Options
from sagui.train.backbones.scratch.convolution import BLOCK_END, convolve, normalize
from sagui.train.backbones.weights_file import load_own

NAME = "googlenet"
_SMALLEST = 32


class Inception(NamedTuple):
    """A row of the paper's table 1: filters of each branch, and of the 1x1 convolutions that make maps fewer first."""

    name: str
    one: int
    three_reduce: int
    three: int
    five_reduce: int
    five: int
    pool: int
    shrink_before: bool = False


MODULES = (
    Inception("inception3a", 64, 96, 128, 16, 32, 32),
    Inception("inception3b", 128, 128, 192, 32, 96, 64),
    Inception("inception4a", 192, 96, 208, 16, 48, 64, shrink_before=True),
    Inception("inception4b", 160, 112, 224, 24, 64, 64),
    Inception("inception4c", 128, 128, 256, 24, 64, 64),
    Inception("inception4d", 112, 144, 288, 32, 64, 64),
    Inception("inception4e", 256, 160, 320, 32, 128, 128),
    Inception("inception5a", 256, 160, 320, 32, 128, 128, shrink_before=True),
    Inception("inception5b", 384, 192, 384, 48, 128, 128),
)


def build(input_shape: tuple[int, int, int], _: Options) -> keras.Model:
    """Builds the network without head or weights.

    Args:
        input_shape: ``(height, width, channels)``.

    Returns:
        A model from photos ``(batch, height, width, channels)``, 0-255, to feature maps
        ``(batch, height / 32, width / 32, 1024)``.

    Raises:
        RecipeError: The photos are too small.
    """
    require_size(NAME, input_shape, _SMALLEST)
    photos = keras.Input(input_shape, name="photos")
    x = convolve(normalize(photos), 64, "stem1", kernel=7, stride=2)
    x = layers.MaxPooling2D(3, 2, "same", name="stem1_out")(x)
    x = convolve(x, 64, "stem2_reduce")
    x = convolve(x, 192, "stem2", kernel=3)
    x = layers.MaxPooling2D(3, 2, "same", name="stem2_out")(x)
    for module in MODULES:
        if module.shrink_before:
            x = layers.MaxPooling2D(3, 2, "same", name=f"{module.name}_shrink")(x)
        x = _inception(x, module)
    return keras.Model(photos, x, name=NAME)


def _inception(x: Any, module: Inception) -> Any:  # noqa: ANN401 (Keras ships no types)
    name = module.name
    one = convolve(x, module.one, f"{name}_1x1")
    three = convolve(x, module.three_reduce, f"{name}_3x3_reduce")
    three = convolve(three, module.three, f"{name}_3x3", kernel=3)
    five = convolve(x, module.five_reduce, f"{name}_5x5_reduce")
    five = convolve(five, module.five, f"{name}_5x5", kernel=5)
    pool = layers.MaxPooling2D(3, 1, "same", name=f"{name}_pool")(x)
    pool = convolve(pool, module.pool, f"{name}_pool_1x1")
    return layers.Concatenate(name=f"{name}_out")([one, three, five, pool])


BACKBONE = Backbone(
    name=NAME,
    about="Inception modules: kernels of several sizes side by side, 22 layers deep and still small (CVPR 2015).",
    build=build,
    load=load_own,
    source=None,
    block_end=BLOCK_END,
    image_size=224,
    min_size=_SMALLEST,
    head=HeadDefaults("average", (), dropout=0.4),
)
