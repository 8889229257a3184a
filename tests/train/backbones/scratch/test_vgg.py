"""The VGG-style network begins as VGG does."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from sagui.train.backbones.port import Options
from sagui.train.backbones.scratch.vgg import BACKBONE


def test_its_kernels_are_the_first_six_of_vgg() -> None:
    published = keras.applications.VGG16(include_top=False, weights=None, input_shape=(32, 32, 3))
    expected = [weight.shape for weight in published.weights if len(weight.shape) == 4][:6]
    network = BACKBONE.build((32, 32, 3), Options())
    assert [weight.shape for weight in network.weights if len(weight.shape) == 4] == expected


def test_its_parameters_are_the_papers(complete: Callable[..., keras.Model], trainable: Any) -> None:
    # The first six convolutions of Simonyan and Zisserman's configuration B have 1,145,408 weights and biases; batch
    # normalization has a scale and a shift for each bias.
    whole = complete(BACKBONE.build((32, 32, 3), Options()), BACKBONE.head, 10)
    biases = 2 * (64 + 128 + 256)
    head = (4 * 4 * 256 + 1) * 512 + (512 + 1) * 10
    assert trainable(whole) == 1_145_408 + biases + head


def test_every_convolution_is_normalized() -> None:
    network = BACKBONE.build((32, 32, 3), Options())
    kinds = [type(layer) for layer in network.layers]
    after = {kinds[at + 1] for at, kind in enumerate(kinds) if kind is keras.layers.Conv2D}
    assert after == {keras.layers.BatchNormalization}
    assert np.all([not layer.use_bias for layer in network.layers if isinstance(layer, keras.layers.Conv2D)])
