"""The terms of sums get steps of their own range."""

from pathlib import Path

import keras
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagui.convert.calibrate import Calibration, representative
from sagui.convert.errors import ConvertError, InspectError
from sagui.convert.export import convert_saved_model, export_saved_model
from sagui.convert.graph import Graph, Scales, read_graph
from sagui.convert.layers import Recorder, layer_errors
from sagui.convert.modes import MODES
from sagui.convert.quantize import Quantizer
from sagui.convert.tighten import steps_of, tighten

SIDE = 16
BOUNDS = st.floats(-1e4, 1e4, width=32)


def noise_photos(count: int) -> list[npt.NDArray[np.uint8]]:
    rng = np.random.default_rng(8)
    return [rng.integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8) for _ in range(count)]


def calibration(dtype: str = "uint8") -> Calibration:
    return representative(noise_photos(8), dtype)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, bytes]:
    """The float file and the int8 one of a network with a normalization and a residual connection."""
    keras.utils.set_random_seed(13)
    inputs = keras.Input((SIDE, SIDE, 3))
    scaled = keras.layers.Rescaling(1 / 128, -127 / 128, name="normalize")(inputs)
    first = keras.layers.Conv2D(8, 3, padding="same", name="first")(scaled)
    second = keras.layers.Conv2D(8, 3, padding="same", name="second")(first)
    both = keras.layers.Add(name="both")([second, first])
    pooled = keras.layers.GlobalAveragePooling2D()(keras.layers.Conv2D(8, 3, activation="relu", name="third")(both))
    model = keras.Model(inputs, keras.layers.Dense(3, activation="softmax", name="head")(pooled), name="small")
    folder = tmp_path_factory.mktemp("files")
    export_saved_model(model, folder / "float", "uint8")
    export_saved_model(model, folder / "int8", "float32")
    plain = convert_saved_model(folder / "float", Quantizer(MODES["none"]), folder / "log.txt")
    int8 = Quantizer(MODES["int8"], calibration=calibration("float32"))
    return plain, convert_saved_model(folder / "int8", int8, folder / "log.txt")


@pytest.fixture(scope="module")
def tight(files: tuple[bytes, bytes]) -> bytes:
    plain, int8 = files
    return tighten(int8, plain, calibration())


def output_of(graph: Graph, name: str) -> int:
    return next(op.outputs[0] for op in graph.ops if name in graph.tensors[op.outputs[0]].name)


def test_every_grey_level_reaches_the_first_layer(tight: bytes) -> None:
    recorder = Recorder(tight)
    recorder.run(np.arange(SIDE * SIDE, dtype=np.uint8).reshape(SIDE, SIDE, 1).repeat(3, axis=2))
    normalized = recorder.activation(output_of(read_graph(tight), "normalize_1/add"))
    np.testing.assert_allclose(np.unique(normalized), (np.arange(256) - 127) / 128, atol=1e-6)


def test_a_residual_term_loses_less(files: tuple[bytes, bytes], tight: bytes) -> None:
    def term(int8: bytes) -> float:
        errors = layer_errors(files[0], int8, noise_photos(4))
        return next(one.snr_db for one in errors if "second" in one.name and one.snr_db is not None)

    assert term(tight) > term(files[1]) + 1


def test_layers_with_weights_keep_the_steps_of_their_inputs(files: tuple[bytes, bytes], tight: bytes) -> None:
    before, after = read_graph(files[1]), read_graph(tight)
    for op in before.ops:
        if op.kind in {"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"}:
            assert [after.tensors[number] for number in op.inputs] == [before.tensors[number] for number in op.inputs]


def test_steps_only_shrink_and_nothing_else_changes(files: tuple[bytes, bytes], tight: bytes) -> None:
    before, after = read_graph(files[1]), read_graph(tight)
    assert after.ops == before.ops
    assert len(tight) == len(files[1])
    changed = [pair for pair in zip(before.tensors, after.tensors, strict=True) if pair[0] != pair[1]]
    assert 0 < sum(one != other for one, other in zip(files[1], tight, strict=True)) <= 12 * len(changed)
    for old, new in changed:
        assert old.scales is not None
        assert new.scales is not None
        assert new.scales.scales[0] < old.scales.scales[0]
        assert (old.name, old.shape, old.dtype) == (new.name, new.shape, new.dtype)


def test_it_is_done_once_and_always_the_same(files: tuple[bytes, bytes], tight: bytes) -> None:
    plain, int8 = files
    assert tighten(int8, plain, calibration()) == tight
    assert tighten(tight, plain, calibration()) == tight


def test_a_float_file_stays_as_it_is(files: tuple[bytes, bytes]) -> None:
    assert tighten(files[0], files[0], calibration()) == files[0]


def test_no_photos_are_refused(files: tuple[bytes, bytes]) -> None:
    with pytest.raises(ConvertError, match="no photos"):
        tighten(files[1], files[0], representative([]))


def test_what_is_no_model_is_refused(files: tuple[bytes, bytes]) -> None:
    with pytest.raises(InspectError, match="not a TFLite file"):
        tighten(b"PK not a model", files[0], calibration())


@given(BOUNDS, BOUNDS)
def test_8_bits_hold_the_range_and_zero_exactly(one: float, other: float) -> None:
    low, high = sorted((one, other))
    step, zero_point = steps_of(low, high)
    assert -128 <= zero_point <= 127
    assert step > 0
    assert step * (-128 - zero_point) <= low + 0.51 * step
    assert step * (127 - zero_point) >= high - 0.51 * step


def test_ops_whose_output_must_keep_its_steps_do(tmp_path: Path) -> None:
    # A shortcut that pools, as in ResNet V2, and a swish.
    keras.utils.set_random_seed(3)
    inputs = keras.Input((SIDE, SIDE, 3))
    maps = keras.layers.Conv2D(8, 3, padding="same", name="maps")(keras.layers.Rescaling(1 / 255)(inputs))
    swish = keras.layers.Multiply(name="swish")([maps, keras.layers.Activation("sigmoid")(maps)])
    short = keras.layers.MaxPooling2D(2, name="short")(maps)
    long = keras.layers.Conv2D(8, 3, strides=2, padding="same", name="long")(swish)
    pooled = keras.layers.GlobalAveragePooling2D()(keras.layers.Add(name="both")([short, long]))
    model = keras.Model(inputs, keras.layers.Dense(3, activation="softmax")(pooled))
    export_saved_model(model, tmp_path / "float", "uint8")
    export_saved_model(model, tmp_path / "int8", "float32")
    plain = convert_saved_model(tmp_path / "float", Quantizer(MODES["none"]), tmp_path / "log.txt")
    int8 = Quantizer(MODES["int8"], calibration=calibration("float32"))
    graph = read_graph(
        tighten(convert_saved_model(tmp_path / "int8", int8, tmp_path / "log.txt"), plain, calibration())
    )
    (pool,) = [op for op in graph.ops if op.kind == "MAX_POOL_2D"]
    assert graph.tensors[pool.outputs[0]].scales == graph.tensors[pool.inputs[0]].scales
    (sigmoid,) = [op for op in graph.ops if op.kind == "LOGISTIC"]
    assert graph.tensors[sigmoid.outputs[0]].scales == Scales((1 / 256,), (-128,))
