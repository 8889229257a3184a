"""AlexNet is the network of its paper, in one tower."""

from collections.abc import Callable
from typing import Any

import keras
import pytest

from sagui.train.backbones.port import Options
from sagui.train.backbones.scratch.alexnet import BACKBONE


def test_its_parameters_are_the_papers(complete: Callable[..., keras.Model], trainable: Any) -> None:
    # Krizhevsky et al., 2012, abstract: 60 million in two towers, which see half of each other's maps in layers 2, 4
    # and 5: 60,965,224. In one tower those three see all: 62,378,344.
    network = BACKBONE.build((227, 227, 3), Options())
    whole = complete(network, BACKBONE.head, 1000)
    unseen = 48 * 25 * 256 + 192 * 9 * 384 + 192 * 9 * 256
    assert trainable(whole) == 62_378_344 == 60_965_224 + unseen
    assert trainable(whole) == pytest.approx(60e6, rel=0.04)


def test_its_first_kernels_see_what_the_papers_do() -> None:
    first = BACKBONE.build((227, 227, 3), Options()).get_layer("block1_1_conv")
    assert first.output.shape == (None, 55, 55, 96)
