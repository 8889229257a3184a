"""ShuffleNet V2 is the network of its paper."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sagui.train.backbones.port import Options
from sagui.train.backbones.scratch.shufflenet_v2 import BACKBONE, shuffle


@pytest.fixture(scope="module")
def network() -> keras.Model:
    return BACKBONE.build((224, 224, 3), Options())


def test_its_parameters_are_the_papers(network: keras.Model, complete: Callable[..., Any], trainable: Any) -> None:
    # Ma et al., ECCV 2018, appendix table 2: 2.3 M for 1x.
    whole = complete(network, BACKBONE.head, 1000)
    assert trainable(whole) == 2_278_604
    assert round(trainable(whole) / 1e6, 1) == 2.3


def test_its_maps_are_the_papers(network: keras.Model) -> None:
    # Table 5, "output size" and "output channels" of 1x
    names = ("stem_out", "stage2_unit4_out", "stage3_unit8_out", "stage4_unit4_out", "top_relu")
    shapes = [network.get_layer(name).output.shape[1:] for name in names]
    assert shapes == [(56, 56, 24), (28, 28, 116), (14, 14, 232), (7, 7, 464), (7, 7, 1024)]


@settings(max_examples=10, deadline=None)
@given(st.integers(1, 4), st.integers(1, 4), st.integers(1, 5))
def test_halves_take_turns(height: int, width: int, half: int) -> None:
    maps = np.random.default_rng(0).normal(size=(2, height, width, 2 * half)).astype(np.float32)
    shuffled = np.asarray(shuffle(keras.ops.convert_to_tensor(maps), "any"))
    assert np.array_equal(shuffled[..., 0::2], maps[..., :half])
    assert np.array_equal(shuffled[..., 1::2], maps[..., half:])


def test_half_of_the_channels_pass_a_unit_untouched(network: keras.Model, photos_of: Callable[..., Any]) -> None:
    seen = keras.Model(network.input, [network.get_layer(f"stage2_unit{unit}_out").output for unit in (1, 2)])
    before, after = (np.asarray(maps) for maps in seen(photos_of(224, count=1), training=False))
    assert np.array_equal(after[..., 0::2], before[..., :58])
    assert not np.array_equal(after[..., 1::2], before[..., 58:])
