"""The unit that networks since 2015 are made of: convolution, batch normalization, ReLU."""

from typing import Any

from keras import layers

BLOCK_END = r"\w+_out"
"""The last layer of each block of the networks in this folder, and no other, is called so."""

MOMENTUM = 0.9
"""Of batch normalization's running averages.

Keras' 0.99 needs hundreds of steps to forget where it began; a small dataset has twenty in an epoch, and validation
would see averages that no longer fit the weights.
"""


def normalize(photos: Any) -> Any:  # noqa: ANN401 (Keras ships no types)
    """Brings pixels from 0-255 to -1..1."""
    return layers.Rescaling(1 / 127.5, offset=-1.0, name="normalize")(photos)


def convolve(x: Any, filters: int, name: str, *, kernel: int = 1, stride: int = 1, relu: bool = True) -> Any:  # noqa: ANN401
    """Convolves, normalizes over the batch and, unless told not to, rectifies.

    Args:
        x: Feature maps ``(batch, height, width, channels)``.
        filters: Channels that come out.
        name: Of the unit; layers are called ``name_conv``, ``name_bn`` and ``name_relu``.
        kernel: Side of the kernel.
        stride: Maps shrink by it, rounded up.
        relu: Whether it rectifies.
    """
    # No bias: the normalization that follows would subtract it.
    x = layers.Conv2D(filters, kernel, stride, "same", use_bias=False, name=f"{name}_conv")(x)
    x = batch_normalize(x, f"{name}_bn")
    return layers.ReLU(name=f"{name}_relu")(x) if relu else x


def convolve_depthwise(x: Any, name: str, *, kernel: int = 3, stride: int = 1) -> Any:  # noqa: ANN401
    """Convolves each channel by itself, and normalizes over the batch."""
    x = layers.DepthwiseConv2D(kernel, stride, "same", use_bias=False, name=f"{name}_depthwise")(x)
    return batch_normalize(x, f"{name}_bn")


def batch_normalize(x: Any, name: str) -> Any:  # noqa: ANN401
    """Normalizes over the batch (Ioffe and Szegedy, ICML 2015, https://arxiv.org/abs/1502.03167)."""
    return layers.BatchNormalization(momentum=MOMENTUM, name=name)(x)
