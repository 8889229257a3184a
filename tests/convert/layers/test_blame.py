"""Which layer is to blame for noise."""

import numpy as np
import pytest

from sagui.convert.layers import Layer
from sagui.convert.layers.blame import own_noise
from sagui.convert.layers.noise import Noise


def layer(number: int, *inputs: int) -> Layer:
    return Layer(name=str(number), kind="CONV_2D", shape=(1, 2), plain=number, quantized=number, inputs=inputs)


def noise(*shares: float) -> Noise:
    """One channel for each share, all of the same power."""
    total = Noise()
    total.add(np.ones((1, len(shares))), 1 - np.sqrt(np.array([shares])))
    return total


def test_what_was_there_before_is_not_to_blame() -> None:
    added = own_noise([layer(1, 0), layer(2, 1), layer(3, 2)], [noise(0.1), noise(0.4), noise(0.3)], {})
    assert added == pytest.approx([0.1, 0.3 * 0.9, -0.1 * 0.6])


def test_the_noisiest_input_counts() -> None:
    layers = [layer(1, 0), layer(2, 0), layer(3, 1, 2)]
    assert own_noise(layers, [noise(0.1), noise(0.4), noise(0.5)], {})[2] == pytest.approx(0.1 * 0.6)


def test_what_is_noise_already_cannot_be_ruined_again() -> None:
    layers = [layer(1, 0), layer(2, 1), layer(3, 2)]
    early, _, late = own_noise(layers, [noise(0.4), noise(0.6), noise(1.0)], {})
    assert early is not None
    assert late is not None
    assert early > late


def test_noise_leaves_a_layer_as_the_next_one_weighs_it_and_enters_there_just_so() -> None:
    # The second channel is all noise, and all that the second layer looks at.
    layers, sums = [layer(1, 0), layer(2, 1)], [noise(0.0, 1.0), noise(1.0, 1.0)]
    assert own_noise(layers, sums, {2: np.array([0.0, 1.0])}) == pytest.approx([1.0, 0.0])
    assert own_noise(layers, sums, {2: np.array([1.0, 0.0])}) == pytest.approx([0.0, 1.0])


def test_a_layer_without_a_signal_has_no_share() -> None:
    dead = Noise()
    dead.add(np.zeros((1, 2)), np.ones((1, 2)))
    assert own_noise([layer(1, 0)], [dead], {}) == [None]
