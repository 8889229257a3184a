"""Mixed precision: which layers stay in floats, and what comes out."""

import sys

import keras
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagui.convert.calibrate import representative
from sagui.convert.errors import ConvertError
from sagui.convert.export import convert_saved_model, export_saved_model
from sagui.convert.graph import Graph, Op, Tensor, read_graph
from sagui.convert.layers import LayerError, layer_errors
from sagui.convert.metadata import add_metadata
from sagui.convert.mixed import choose_layers, kept_outputs, quantize_mixed
from sagui.convert.modes import MODES
from sagui.convert.quantize import Quantizer
from sagui.infer.choose import load_runtime

SIDE = 16


def noise_photos(count: int) -> list[npt.NDArray[np.uint8]]:
    rng = np.random.default_rng(6)
    return [rng.integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8) for _ in range(count)]


CALIBRATION = representative(noise_photos(8), "uint8")


@pytest.fixture(scope="module")
def ruined(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A float file; one channel of its first layer takes all the range, which the second layer takes back."""
    keras.utils.set_random_seed(12)
    inputs = keras.Input((SIDE, SIDE, 3))
    scaled = keras.layers.Rescaling(1 / 255)(inputs)
    first = keras.layers.Conv2D(8, 3, activation="relu", name="first")
    second = keras.layers.Conv2D(8, 3, activation="relu", name="second")
    third = keras.layers.Conv2D(8, 3, activation="relu", name="third")
    head = keras.layers.Dense(3, activation="softmax", name="head")
    pooled = keras.layers.GlobalAveragePooling2D()(third(second(first(scaled))))
    model = keras.Model(inputs, head(pooled))
    for layer, factor, channels in ((first, 3000.0, np.s_[..., :1]), (second, 1 / 3000.0, np.s_[:, :, :1])):
        kernel, bias = layer.get_weights()
        kernel[channels] *= factor
        layer.set_weights([kernel, bias])
    folder = tmp_path_factory.mktemp("ruined")
    export_saved_model(model, folder / "saved", "uint8")
    return convert_saved_model(folder / "saved", Quantizer(MODES["none"]), folder / "log.txt")


def scores(model: bytes) -> npt.NDArray[np.float64]:
    runtime = load_runtime(model, 1)
    return np.stack([runtime.invoke(photo).reshape(-1) for photo in noise_photos(6)]).astype(np.float64)


def error(name: str, own_noise: float | None) -> LayerError:
    return LayerError(name=name, kind="CONV_2D", shape=(1, 2), snr_db=10.0, own_noise=own_noise)


def test_the_layers_that_add_most_are_chosen() -> None:
    errors = [error("good", 0.01), error("guilty", 0.5), error("healer", -0.2), error("dead", None), error("next", 0.1)]
    assert choose_layers(errors, 2) == ("guilty", "next")
    assert choose_layers(errors, 9) == ("guilty", "next", "good")


@given(st.lists(st.none() | st.floats(-1, 1), max_size=20), st.integers(0, 5))
def test_no_more_layers_are_chosen_than_asked_for_and_none_twice(noises: list[float | None], count: int) -> None:
    chosen = choose_layers([error(str(at), noise) for at, noise in enumerate(noises)], count)
    assert len(chosen) == len(set(chosen)) <= count


def line_of(*names: str) -> Graph:
    """Ops in a row, each called after its output."""
    tensors = (Tensor("photo", (1, 4), "float32"), *(Tensor(name, (1, 4), "float32") for name in names))
    ops = tuple(Op("CONV_2D", 1, (number,), (number + 1,)) for number in range(len(names)))
    return Graph(tensors=tensors, ops=ops, inputs=(0,), outputs=(len(names),))


def test_who_takes_a_float_output_stays_in_floats_too() -> None:
    assert kept_outputs(line_of("a/relu;a/conv", "b", "c"), ["a/relu"]) == ("a/relu;a/conv", "b")


def test_layers_are_named_by_patterns_too() -> None:
    assert kept_outputs(line_of("x/a/relu;x/a/conv", "y/b", "z"), ["x/*", "z"]) == ("x/a/relu;x/a/conv", "y/b", "z")


def test_a_name_that_no_layer_has_is_refused() -> None:
    with pytest.raises(ConvertError, match="no layer is called 'q'"):
        kept_outputs(line_of("a"), ["q"])


def test_without_the_extra_it_is_said_what_to_install(ruined: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "litert_quantizer", None)
    monkeypatch.setitem(sys.modules, "litert_quantizer.quantizer", None)
    with pytest.raises(ConvertError, match=r'needs litert-quantizer: pip install "sagui\[mixed\]"'):
        quantize_mixed(ruined, (), CALIBRATION)


def test_the_layer_that_loses_is_chosen_and_keeping_it_mends_the_scores(ruined: bytes) -> None:
    whole = quantize_mixed(ruined, (), CALIBRATION)
    chosen = choose_layers(layer_errors(ruined, whole, noise_photos(4)), 1)
    assert "first" in chosen[0]
    mended = quantize_mixed(ruined, chosen, CALIBRATION)
    truth = scores(ruined)
    before, after = (np.abs(scores(model) - truth).max() for model in (whole, mended))
    assert after < before / 5


def test_layers_that_are_not_kept_are_in_int8(ruined: bytes) -> None:
    graph = read_graph(quantize_mixed(ruined, ["*first*"], CALIBRATION))
    dtypes = [graph.tensors[op.outputs[0]].dtype for op in graph.ops if op.kind == "CONV_2D"]
    assert dtypes == ["float32", "float32", "int8"]


def test_the_file_takes_pixels_and_needs_builtin_ops_alone(ruined: bytes) -> None:
    mixed = quantize_mixed(ruined, ["*first*"], CALIBRATION)
    runtime = load_runtime(mixed, 1)
    assert (runtime.inputs[0].dtype, runtime.inputs[0].shape) == ("uint8", (1, SIDE, SIDE, 3))
    assert (runtime.outputs[0].dtype, runtime.outputs[0].shape) == ("float32", (1, 3))
    assert not any(op.custom for op in read_graph(mixed).ops)


def test_pixels_keep_their_values(ruined: bytes) -> None:
    graph = read_graph(quantize_mixed(ruined, (), CALIBRATION))
    first = next(op for op in graph.ops if op.kind == "QUANTIZE")
    scales = graph.tensors[first.outputs[0]].scales
    assert scales is not None
    assert scales.zero_points == (-128,)
    assert scales.scales[0] == pytest.approx(1.0, abs=1e-3)


def test_the_same_photos_give_the_same_bytes(ruined: bytes) -> None:
    one, two = (quantize_mixed(ruined, ["*first*"], CALIBRATION) for _ in range(2))
    assert one == two


def test_the_order_of_the_photos_does_not_matter(ruined: bytes) -> None:
    photos = noise_photos(6)
    photos[0][:] = 255
    one, two = (
        quantize_mixed(ruined, (), representative(order, "uint8")) for order in (photos, photos[:1] + photos[:0:-1])
    )
    assert one == two


def test_a_file_that_is_quantized_already_is_refused(ruined: bytes) -> None:
    with pytest.raises(ConvertError, match="already"):
        quantize_mixed(quantize_mixed(ruined, (), CALIBRATION), (), CALIBRATION)


def test_values_kept_behind_the_flatbuffer_survive_the_metadata(ruined: bytes) -> None:
    mixed = quantize_mixed(ruined, (), CALIBRATION)
    assert np.array_equal(scores(add_metadata(mixed, "mixed", "1.0.0", ("a", "b", "c"))), scores(mixed))
