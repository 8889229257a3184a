"""GoogLeNet is the network of its paper."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

from sagui.train.backbones.port import Options
from sagui.train.backbones.scratch.googlenet import BACKBONE, MODULES

# Szegedy et al., CVPR 2015, table 1: "params" in 1,024 weights, and "output size".
PUBLISHED = {
    "stem2": (112, (28, 28, 192)),
    "inception3a": (159, (28, 28, 256)),
    "inception3b": (380, (28, 28, 480)),
    "inception4a": (364, (14, 14, 512)),
    "inception4b": (437, (14, 14, 512)),
    "inception4c": (463, (14, 14, 512)),
    "inception4d": (580, (14, 14, 528)),
    "inception4e": (840, (14, 14, 832)),
    "inception5a": (1072, (7, 7, 832)),
    "inception5b": (1388, (7, 7, 1024)),
}


@pytest.fixture(scope="module")
def network() -> keras.Model:
    return BACKBONE.build((224, 224, 3), Options())


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_module_is_the_papers(network: keras.Model, name: str) -> None:
    # The table's own numbers are up to 8 % off the filters it lists: 4c has 497, not 463.
    thousands, shape = PUBLISHED[name]
    kernels = [w for w in network.weights if len(w.shape) == 4 and w.path.startswith(name)]
    assert sum(int(np.prod(kernel.shape)) for kernel in kernels) / 1024 == pytest.approx(thousands, rel=0.08)
    assert network.get_layer(f"{name}_out").output.shape[1:] == shape


def test_its_parameters_are_the_papers(network: keras.Model, complete: Callable[..., Any], trainable: Any) -> None:
    # The rows of table 1 sum to 6.8 M; the filters it lists have 6,998,552 with biases, as Caffe's model counts them.
    whole = complete(network, BACKBONE.head, 1000)
    biases = sum(layer.filters for layer in network.layers if isinstance(layer, keras.layers.Conv2D))
    # Batch normalization has two numbers where a bias is one.
    assert trainable(whole) - biases == 6_998_552
    assert trainable(whole) == pytest.approx(6.8e6, rel=0.04)


def test_it_is_22_layers_deep(network: keras.Model) -> None:
    # Three before the modules, two in each, and the last dense one.
    assert 3 + 2 * len(MODULES) + 1 == 22
    assert sum(isinstance(layer, keras.layers.Conv2D) for layer in network.layers) == 3 + 6 * len(MODULES)
