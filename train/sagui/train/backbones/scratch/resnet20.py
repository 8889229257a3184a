"""ResNet-20, the residual network for CIFAR-10.

He, Zhang, Ren and Sun, "Deep residual learning for image recognition", CVPR 2016, section 4.2
(https://arxiv.org/abs/1512.03385), n = 3.

Where maps shrink, the shortcut is a projection (the paper's option B) and not padding with zeros (option A): it is a
plain convolution on every device, for 2,752 weights more, 1 % of the network.
"""

from typing import Any

import keras
from keras import layers

from sagui.train.backbones.input_shape import require_size
from sagui.train.backbones.port import Backbone, HeadDefaults, Options
from sagui.train.backbones.scratch.convolution import BLOCK_END, convolve, normalize
from sagui.train.backbones.weights_file import load_own

NAME = "resnet20"
_FILTERS = (16, 32, 64)
_BLOCKS = 3
_SMALLEST = 16


def build(input_shape: tuple[int, int, int], _: Options) -> keras.Model:
    """Builds the network without head or weights.

    Args:
        input_shape: ``(height, width, channels)``.

    Returns:
        A model from photos ``(batch, height, width, channels)``, 0-255, to feature maps
        ``(batch, height / 4, width / 4, 64)``.

    Raises:
        RecipeError: The photos are too small.
    """
    require_size(NAME, input_shape, _SMALLEST)
    photos = keras.Input(input_shape, name="photos")
    x = convolve(normalize(photos), _FILTERS[0], "stem", kernel=3)
    for stage, filters in enumerate(_FILTERS, 1):
        for block in range(1, _BLOCKS + 1):
            x = _residual(x, filters, 2 if stage > 1 and block == 1 else 1, f"stage{stage}_block{block}")
    return keras.Model(photos, x, name=NAME)


def _residual(x: Any, filters: int, stride: int, name: str) -> Any:  # noqa: ANN401 (Keras ships no types)
    shortcut = x if stride == 1 else convolve(x, filters, f"{name}_shortcut", stride=stride, relu=False)
    x = convolve(x, filters, f"{name}_1", kernel=3, stride=stride)
    x = convolve(x, filters, f"{name}_2", kernel=3, relu=False)
    x = layers.Add(name=f"{name}_add")([shortcut, x])
    return layers.ReLU(name=f"{name}_out")(x)


BACKBONE = Backbone(
    name=NAME,
    about="Shortcuts let 20 layers learn as easily as few: tiny and strong on 32 x 32 pixels (He et al., CVPR 2016).",
    build=build,
    load=load_own,
    source=None,
    block_end=BLOCK_END,
    image_size=32,
    min_size=_SMALLEST,
    head=HeadDefaults("average", (), dropout=0.0),
)
