"""LeNet-5 is the network of its paper."""

from collections.abc import Callable
from typing import Any

import keras
import pytest

from sagui.train.backbones.port import Options
from sagui.train.backbones.scratch.lenet5 import BACKBONE


def test_its_parameters_are_the_papers(complete: Callable[..., keras.Model], trainable: Any) -> None:
    # LeCun et al., 1998, section II.B: 60,000. Ours has 12 + 32 fewer (pooling without weights), 900 more where the
    # paper's table I leaves connections out, and 850 of the last layer, which the paper does not train.
    network = BACKBONE.build((32, 32, 1), Options())
    whole = complete(network, BACKBONE.head, 10)
    assert trainable(whole) == 60_000 - 12 - 32 + 900 + 850
    assert trainable(whole) == pytest.approx(60_000, rel=0.03)


def test_its_layers_are_the_papers() -> None:
    network = BACKBONE.build((32, 32, 1), Options())
    counts = [layer.count_params() for layer in network.layers if layer.count_params()]
    assert counts == [156, 1516 + 900]  # C1 and C3
    assert [layer.output.shape[1:] for layer in network.layers if layer.name.endswith("_out")] == [
        (14, 14, 6),
        (5, 5, 16),
    ]
