"""A file that is run with all its activations kept."""

import keras
import numpy as np
import pytest

from sagui.convert.calibrate import representative
from sagui.convert.errors import ConvertError
from sagui.convert.export import convert_saved_model, export_saved_model
from sagui.convert.graph import read_graph
from sagui.convert.layers import Recorder, find_ranges
from sagui.convert.modes import MODES
from sagui.convert.quantize import Quantizer

SIDE = 4


@pytest.fixture(scope="module")
def halving(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A float file that halves pixels, and takes the mean of each channel."""
    inputs = keras.Input((SIDE, SIDE, 3))
    halved = keras.layers.Rescaling(0.5, name="half")(inputs)
    model = keras.Model(inputs, keras.layers.GlobalAveragePooling2D()(halved), name="halving")
    folder = tmp_path_factory.mktemp("halving")
    export_saved_model(model, folder / "saved", "uint8")
    return convert_saved_model(folder / "saved", Quantizer(MODES["none"]), folder / "log.txt")


def test_an_activation_inside_is_read(halving: bytes) -> None:
    product = next(op.outputs[0] for op in read_graph(halving).ops if op.kind == "MUL")
    recorder = Recorder(halving)
    for level in (10, 250):
        recorder.run(np.full((SIDE, SIDE, 3), level, np.uint8))
        np.testing.assert_allclose(recorder.activation(product), level / 2)


def test_ranges_are_those_of_all_photos(halving: bytes) -> None:
    photos = [np.full((SIDE, SIDE, 3), level, np.uint8) for level in (100, 40, 60)]
    outputs = {op.kind: op.outputs[0] for op in read_graph(halving).ops}
    ranges = find_ranges(halving, tuple(outputs.values()), representative(photos, "uint8"))
    of = {kind: ranges[number] for kind, number in outputs.items()}
    # The first photo has a black and a white corner.
    assert of["MUL"] == (0.0, 127.5)
    low, high = of["MEAN"]
    assert low == pytest.approx(20.0)
    assert high == pytest.approx((14 * 50 + 127.5) / 16)


def test_what_the_runtime_does_not_take_is_refused(halving: bytes) -> None:
    with pytest.raises(ConvertError, match="cannot be run layer by layer"):
        Recorder(halving[: len(halving) // 2])
