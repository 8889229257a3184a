"""Random numbers to start from, where there are no pretrained weights.

What goes through a layer should keep its variance, forward and backward, or a deep network cannot learn. Glorot and
Bengio, "Understanding the difficulty of training deep feedforward neural networks", AISTATS 2010, equations 12 and 16
(also called Xavier), reckon with linear units; He et al., "Delving deep into rectifiers", ICCV 2015, equation 10, with
ReLU, which lets half of it through.
"""

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import keras
import numpy as np
import numpy.typing as npt
from keras import layers

from sagui.train.recipe.choices import Initialization


def initialize(network: keras.Model, initialization: Initialization, seed: int) -> None:
    """Draws every kernel of convolutions and dense layers anew; biases and normalization stay as they are.

    Args:
        network: A built model; changed in place.
        initialization: The rule.
        seed: The same seed gives the same numbers to the same network, whatever its layers are called.
    """
    for number, kernel in enumerate(_kernels(network)):
        rng = np.random.default_rng((seed, number))
        kernel.variable.assign(
            _draw(rng, tuple(kernel.variable.shape), _variance(kernel, initialization), initialization)
        )


class Kernel(NamedTuple):
    """Weights, and how many numbers flow into and out of one of their units."""

    variable: Any
    fan_in: int
    fan_out: int


def _kernels(network: keras.Model) -> Iterator[Kernel]:
    for layer in network.layers:
        if isinstance(layer, keras.Model):
            yield from _kernels(layer)
        elif isinstance(layer, layers.SeparableConv2D):
            yield _by_channel(layer.depthwise_kernel)
            yield _across(layer.pointwise_kernel)
        elif isinstance(layer, layers.DepthwiseConv2D):
            yield _by_channel(layer.kernel)
        elif isinstance(layer, layers.Conv2D):
            yield _across(layer.kernel, layer.groups)
        elif isinstance(layer, layers.Dense):
            yield _across(layer.kernel)


def _across(kernel: Any, groups: int = 1) -> Kernel:  # noqa: ANN401 (Keras ships no types)
    """A kernel ``(height, width, channels in / groups, channels out)``, or ``(in, out)`` of a dense layer."""
    *field, channels_in, channels_out = kernel.shape
    return Kernel(kernel, math.prod(field) * channels_in, math.prod(field) * channels_out // groups)


def _by_channel(kernel: Any) -> Kernel:  # noqa: ANN401
    """A kernel ``(height, width, channels, multiplier)``: each channel is its own network of one input.

    Keras' initializers count all channels in, and so start these layers too small by far.
    """
    *field, _, multiplier = kernel.shape
    return Kernel(kernel, math.prod(field), math.prod(field) * multiplier)


def _variance(kernel: Kernel, initialization: Initialization) -> float:
    if initialization.startswith("glorot"):
        return 2 / (kernel.fan_in + kernel.fan_out)
    return 2 / kernel.fan_in


def _draw(
    rng: np.random.Generator, shape: tuple[int, ...], variance: float, initialization: Initialization
) -> npt.NDArray[np.float32]:
    if initialization.endswith("normal"):
        return rng.standard_normal(shape, np.float32) * np.float32(math.sqrt(variance))
    limit = np.float32(math.sqrt(3 * variance))
    return (2 * rng.random(shape, np.float32) - 1) * limit
