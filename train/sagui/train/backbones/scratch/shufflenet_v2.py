"""ShuffleNet V2, designed by the clock and not by operations alone.

Ma, Zhang, Zheng and Sun, "ShuffleNet V2: Practical guidelines for efficient CNN architecture design", ECCV 2018,
table 5 (1x) and figure 3c and d (https://arxiv.org/abs/1807.11164).
"""

from typing import Any

import keras
from keras import layers

from sagui.train.backbones.input_shape import require_size
from sagui.train.backbones.port import Backbone, HeadDefaults, Options
from sagui.train.backbones.scratch.convolution import BLOCK_END, convolve, convolve_depthwise, normalize
from sagui.train.backbones.weights_file import load_own

NAME = "shufflenet-v2"
_STEM_FILTERS = 24
_STAGES = ((116, 4), (232, 8), (464, 4))
"""Filters and units of the paper's stages 2 to 4."""
_TOP_FILTERS = 1024
_SMALLEST = 32


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
    x = convolve(normalize(photos), _STEM_FILTERS, "stem", kernel=3, stride=2)
    x = layers.MaxPooling2D(3, 2, "same", name="stem_out")(x)
    for stage, (filters, units) in enumerate(_STAGES, 2):
        x = _shrink(x, filters // 2, f"stage{stage}_unit1")
        for unit in range(2, units + 1):
            x = _unit(x, filters // 2, f"stage{stage}_unit{unit}")
    x = convolve(x, _TOP_FILTERS, "top")
    return keras.Model(photos, x, name=NAME)


def _shrink(x: Any, filters: int, name: str) -> Any:  # noqa: ANN401 (Keras ships no types)
    """Figure 3d: both branches see all channels, at half the resolution."""
    left = convolve_depthwise(x, f"{name}_left", stride=2)
    left = convolve(left, filters, f"{name}_left_project")
    return shuffle(layers.Concatenate(name=f"{name}_concat")([left, _branch(x, filters, 2, name)]), name)


def _unit(x: Any, filters: int, name: str) -> Any:  # noqa: ANN401
    """Figure 3c: half of the channels pass untouched."""
    left, right = keras.ops.split(x, 2, axis=-1)
    return shuffle(layers.Concatenate(name=f"{name}_concat")([left, _branch(right, filters, 1, name)]), name)


def _branch(x: Any, filters: int, stride: int, name: str) -> Any:  # noqa: ANN401
    x = convolve(x, filters, f"{name}_expand")
    x = convolve_depthwise(x, name, stride=stride)
    return convolve(x, filters, f"{name}_project")


def shuffle(x: Any, name: str) -> Any:  # noqa: ANN401
    """Lets the two halves of the channels take turns: a, b, c, 1, 2, 3 becomes a, 1, b, 2, c, 3.

    Args:
        x: Feature maps ``(batch, height, width, channels)``.
        name: Of the unit; the last layer is called ``name_out``.
    """
    _, height, width, channels = x.shape
    # Rows and columns are one axis meanwhile: delegates of TFLite transpose four axes, few of them five.
    x = layers.Reshape((height * width, 2, channels // 2), name=f"{name}_halves")(x)
    x = layers.Permute((1, 3, 2), name=f"{name}_shuffle")(x)
    return layers.Reshape((height, width, channels), name=f"{name}_out")(x)


BACKBONE = Backbone(
    name=NAME,
    about="Half of the channels pass each unit untouched, then they are shuffled: fast on small CPUs (ECCV 2018).",
    build=build,
    load=load_own,
    source=None,
    block_end=BLOCK_END,
    image_size=224,
    min_size=_SMALLEST,
    head=HeadDefaults("average", (), dropout=0.0),
)
