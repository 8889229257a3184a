"""The ratio of signal to noise."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from sagui.convert.layers.noise import Noise

FINITE = st.floats(-100, 100, width=32)


def test_the_ratio_is_that_of_the_definition() -> None:
    noise = Noise()
    noise.add(np.array([[3.0, 4.0]]), np.array([[3.0, 4.5]]))
    noise.add(np.array([[0.0, 5.0]]), np.array([[0.5, 5.0]]))
    assert noise.snr_db == pytest.approx(10 * np.log10(50 / 0.5))
    assert noise.rmse == pytest.approx(np.sqrt(0.5 / 4))
    assert noise.note == ""
    assert noise.worst_channel is not None
    channel, ratio = noise.worst_channel
    assert channel == 0
    assert ratio == pytest.approx(10 * np.log10(9 / 0.25))


@given(
    arrays.arrays(np.float32, (4, 3, 2), elements=FINITE),
    arrays.arrays(np.float32, (4, 3, 2), elements=FINITE),
    st.integers(1, 3),
)
def test_the_sum_over_photos_is_that_over_all_at_once(
    plain: npt.NDArray[np.float32], quantized: npt.NDArray[np.float32], cut: int
) -> None:
    whole, parts = Noise(), Noise()
    whole.add(plain, quantized)
    parts.add(plain[:cut], quantized[:cut])
    parts.add(plain[cut:], quantized[cut:])
    np.testing.assert_allclose(parts.noise, whole.noise, rtol=1e-6)
    np.testing.assert_allclose(parts.signal, whole.signal, rtol=1e-6)
    assert (parts.count, parts.note) == (whole.count, whole.note)


def test_rounding_costs_the_textbook_share_of_a_step() -> None:
    exact = np.random.default_rng(0).uniform(-1, 1, (200, 200)).astype(np.float32)
    noise = Noise()
    noise.add(exact, np.round(exact / 0.01) * 0.01)
    assert noise.rmse == pytest.approx(0.01 / np.sqrt(12), rel=0.02)


@pytest.mark.parametrize(
    ("plain", "quantized", "note"),
    [
        ([1.0, 2.0], [1.0, 2.0], "exact"),
        ([2.0, 2.0], [2.1, 2.1], "constant"),
        ([np.nan, 1.0], [0.0, 1.0], "not finite"),
    ],
)
def test_what_has_no_plain_answer_is_named(plain: list[float], quantized: list[float], note: str) -> None:
    noise = Noise()
    noise.add(np.array([plain]), np.array([quantized]))
    assert noise.note == note


def test_no_number_at_all_leaves_no_ratio() -> None:
    noise = Noise()
    noise.add(np.array([[np.inf, 1.0]]), np.array([[1.0, 1.0]]))
    assert (noise.snr_db, noise.rmse) == (None, None)


def test_a_dead_layer_has_no_ratio_but_an_error() -> None:
    noise = Noise()
    noise.add(np.zeros((2, 2)), np.full((2, 2), 0.5))
    assert (noise.snr_db, noise.rmse, noise.note) == (None, 0.5, "constant")


def test_channels_count_as_they_are_weighed() -> None:
    noise = Noise()
    noise.add(np.array([[1000.0, 1.0]]), np.array([[1000.0, 0.5]]))
    assert noise.share() == pytest.approx(0.25e-6, rel=1e-3)
    assert noise.share(np.array([1e-6, 1.0])) == pytest.approx(0.125)
    assert noise.share(np.array([0.0, 1.0])) == pytest.approx(0.25)


def test_weights_of_another_count_of_channels_are_left_out() -> None:
    noise = Noise()
    noise.add(np.array([[2.0, 1.0]]), np.array([[1.0, 1.0]]))
    assert noise.share(np.array([1.0, 1.0, 7.0])) == noise.share() == pytest.approx(0.2)


def test_there_cannot_be_more_than_all_noise() -> None:
    noise = Noise()
    noise.add(np.array([[1.0, 1.0]]), np.array([[9.0, 1.0]]))
    assert noise.share() == 1.0
