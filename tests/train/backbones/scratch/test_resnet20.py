"""ResNet-20 is the network of its paper."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

from sagui.train.backbones.port import Options
from sagui.train.backbones.scratch.resnet20 import BACKBONE


@pytest.fixture(scope="module")
def network() -> keras.Model:
    return BACKBONE.build((32, 32, 3), Options())


def test_its_parameters_are_the_papers(network: keras.Model, complete: Callable[..., Any], trainable: Any) -> None:
    # He et al., CVPR 2016, table 6: 0.27 M, with zero-padded shortcuts (269,722). Two projections add 2,752.
    whole = complete(network, BACKBONE.head, 10)
    projections = 16 * 32 + 32 * 64 + 2 * (32 + 64)
    assert trainable(whole) == 269_722 + projections
    assert round(trainable(whole) / 1e6, 2) == 0.27


def test_it_is_20_layers_deep(network: keras.Model) -> None:
    convolutions = [layer for layer in network.layers if isinstance(layer, keras.layers.Conv2D)]
    assert len([layer for layer in convolutions if "shortcut" not in layer.name]) + 1 == 20
    shapes = [network.get_layer(f"stage{stage}_block3_out").output.shape[1:] for stage in (1, 2, 3)]
    assert shapes == [(32, 32, 16), (16, 16, 32), (8, 8, 64)]


def test_a_block_that_learned_nothing_passes_its_input_on(photos_of: Callable[..., Any]) -> None:
    network = BACKBONE.build((32, 32, 3), Options())
    network.get_layer("stage1_block2_2_bn").gamma.assign(np.zeros(16))
    seen = keras.Model(network.input, [network.get_layer(f"stage1_block{block}_out").output for block in (1, 2)])
    before, after = seen(photos_of(32), training=False)
    assert np.array_equal(before, after)
