"""Whether the representative photos tell how far activations reach."""

import keras
import numpy as np
import pytest
from keras import layers

from sagui.convert.errors import CalibrationError
from sagui.convert.ranges import Extremes, check_ranges, find_extremes


def extremes(high: list[list[float]], low: list[list[float]] | None = None) -> Extremes:
    """A row for each photo, a column for each layer."""
    top = np.array(high, np.float32)
    bottom = np.zeros_like(top) if low is None else np.array(low, np.float32)
    return Extremes(tuple(f"layer{number}" for number in range(top.shape[1])), bottom, top)


def network() -> keras.Model:
    inputs = keras.Input((6, 5, 3))
    maps = layers.Conv2D(4, 3, name="conv")(inputs)
    rectified = layers.ReLU(name="relu")(maps)
    return keras.Model(inputs, layers.Softmax(name="scores")(layers.GlobalAveragePooling2D(name="pool")(rectified)))


def test_the_extremes_are_those_of_each_layer_and_photo() -> None:
    model = network()
    photos = [np.random.default_rng(seed).integers(0, 256, (6, 5, 3), dtype=np.uint8) for seed in range(20)]
    found = find_extremes(model, photos)
    assert found.names == ("conv", "relu", "pool", "scores")
    maps = keras.Model(model.input, model.get_layer("conv").output)(np.stack(photos).astype(np.float32))
    np.testing.assert_allclose(found.low[:, 0], np.min(maps, axis=(1, 2, 3)), rtol=1e-4)
    np.testing.assert_allclose(found.high[:, 0], np.max(maps, axis=(1, 2, 3)), rtol=1e-4)
    assert (found.low[:, 1] >= 0).all()


def test_ranges_that_stopped_moving_are_enough() -> None:
    found = check_ranges(extremes([[1.0, 5.0], [2.0, 6.0], [2.0, 5.0], [1.5, 6.0]]))
    assert (found.photos, found.layers, found.grew, found.enough) == (4, 2, (), True)
    assert found.sentences() == []


def test_layers_that_still_grow_are_named() -> None:
    found = check_ranges(extremes([[1.0, 5.0], [1.0, 6.0], [1.0, 6.7], [1.2, 6.0]]))
    assert found.grew == ("layer0", "layer1")
    assert not found.enough
    assert "the ranges of 2 of 2 layers still grew" in found.sentences()[0]


def test_one_layer_in_ten_may_still_grow() -> None:
    rows = [[1.0] * 10, [2.0] + [1.0] * 9]
    assert check_ranges(extremes(rows)).enough
    assert not check_ranges(extremes([rows[0], [2.0, 2.0] + [1.0] * 8])).enough


def test_a_range_may_grow_downwards() -> None:
    found = check_ranges(extremes([[1.0], [1.0]], [[-1.0], [-2.0]]))
    assert found.grew == ("layer0",)


@pytest.mark.parametrize("number", [0.0, 3.0])
def test_a_layer_that_gives_one_number_alone_is_named(number: float) -> None:
    found = check_ranges(extremes([[number, 1.0], [number, 1.0]], [[number, 0.0], [number, 0.0]]))
    assert found.constant == ("layer0",)
    assert "1 of 2 layers give the same number for every photo (layer0)" in found.sentences()[0]


@pytest.mark.parametrize("broken", [np.nan, np.inf])
def test_the_first_layer_that_breaks_is_named(broken: float) -> None:
    with pytest.raises(CalibrationError, match="layer 'layer1' gives NaN or infinity"):
        check_ranges(extremes([[1.0, 1.0, 1.0], [1.0, broken, broken]]))
