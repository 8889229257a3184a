"""Multiply-accumulates, counted by hand and against the numbers that papers print."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import keras
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagui.convert.errors import InspectError
from sagui.convert.graph import Graph, Op, Tensor, read_graphs
from sagui.convert.inspect.build import describe_ops
from sagui.convert.inspect.facts import OpFacts
from sagui.convert.inspect.macs import COUNTED, UNCOUNTED, macs

Shape = Sequence[int]


def counted(kind: str, inputs: Sequence[Shape], output: Shape, **options: object) -> int:
    """The MACs of one op with tensors of these shapes."""
    tensors = tuple(Tensor("t", tuple(shape), "float32") for shape in (*inputs, output))
    op = Op(kind, 1, tuple(range(len(inputs))), (len(inputs),), options=options)
    return macs(op, Graph(tensors, (op,), (0,), (len(inputs),)))


def test_a_convolution_multiplies_a_window_for_each_output() -> None:
    # 4 x 4 outputs of 8 channels, each a sum over 3 x 3 pixels of 16 channels, and a bias that is only added.
    assert counted("CONV_2D", [(1, 8, 8, 16), (8, 3, 3, 16), (8,)], (1, 4, 4, 8)) == 4 * 4 * 8 * 3 * 3 * 16


def test_each_photo_of_a_batch_counts() -> None:
    one = counted("CONV_2D", [(1, 8, 8, 16), (8, 3, 3, 16)], (1, 4, 4, 8))
    assert counted("CONV_2D", [(5, 8, 8, 16), (8, 3, 3, 16)], (5, 4, 4, 8)) == 5 * one


sizes = st.integers(1, 9)


@given(sizes, sizes, sizes, sizes)
def test_groups_divide_the_work(side: int, kernel: int, depth: int, groups: int) -> None:
    channels = depth * groups
    x, y = (1, side, side, channels), (1, side, side, channels)
    whole = counted("CONV_2D", [x, (channels, kernel, kernel, channels)], y)
    assert counted("CONV_2D", [x, (channels, kernel, kernel, depth)], y) * groups == whole
    # A depthwise convolution has as many groups as channels.
    assert counted("DEPTHWISE_CONV_2D", [x, (1, kernel, kernel, channels)], y) * channels == whole


@given(sizes, sizes, sizes, sizes)
def test_a_transposed_convolution_does_the_work_of_the_one_it_turns_around(
    side: int, kernel: int, small: int, large: int
) -> None:
    forward = counted(
        "CONV_2D", [(1, 2 * side, 2 * side, large), (small, kernel, kernel, large)], (1, side, side, small)
    )
    back = [(4,), (large, kernel, kernel, small), (1, side, side, small)]
    assert counted("TRANSPOSE_CONV", back, (1, 2 * side, 2 * side, large)) == forward
    assert counted("TRANSPOSE_CONV", [*back, (large,)], (1, 2 * side, 2 * side, large)) == forward


def test_dense_layers_and_matrices() -> None:
    assert counted("FULLY_CONNECTED", [(1, 1280), (1000, 1280), (1000,)], (1, 1000)) == 1_280_000
    assert counted("BATCH_MATMUL", [(2, 7, 5), (2, 5, 3)], (2, 7, 3)) == 2 * 7 * 5 * 3
    assert counted("BATCH_MATMUL", [(2, 5, 7), (2, 5, 3)], (2, 7, 3), adjX=True) == 2 * 7 * 5 * 3
    assert counted("CONV_3D", [(1, 6, 6, 6, 2), (3, 3, 3, 2, 4)], (1, 4, 4, 4, 4)) == 4**3 * 4 * 27 * 2


@pytest.mark.parametrize("kind", ["ADD", "MEAN", "SOFTMAX", "QUANTIZE", "LSTM", "CUSTOM"])
def test_what_is_not_counted_is_zero(kind: str) -> None:
    assert counted(kind, [(1, 8, 8, 16), (1, 8, 8, 16)], (1, 8, 8, 16)) == 0


def test_an_op_is_counted_or_known_to_be_missing() -> None:
    assert not COUNTED & UNCOUNTED


@pytest.mark.parametrize("kind", sorted(COUNTED))
@pytest.mark.parametrize("inputs", [[], [(1, 2)], [(), ()], [(), (), ()], [(2, 2), (2,), (2,)]])
def test_tensors_that_do_not_fit_are_refused_and_nothing_else(kind: str, inputs: list[Shape]) -> None:
    with suppress(InspectError):
        assert counted(kind, inputs, (1, 4)) >= 0


def test_a_convolution_without_a_kernel_is_refused() -> None:
    with pytest.raises(InspectError, match="the tensors of a CONV_2D do not fit it"):
        counted("CONV_2D", [(1, 8, 8, 16)], (1, 4, 4, 8))


Rows = dict[str, OpFacts]


def converted(network: keras.Model, folder: Path) -> bytes:
    """The file of a network, in floats."""
    import tensorflow as tf

    archive = keras.export.ExportArchive()
    archive.track(network)
    spec = tf.TensorSpec((1, *network.input_shape[1:]), tf.float32)
    archive.add_endpoint("serve", lambda x: network(x, training=False), [spec])
    archive.write_out(str(folder), verbose=False)
    return bytes(tf.lite.TFLiteConverter.from_saved_model(str(folder)).convert())


@pytest.fixture(scope="module")
def read_back(tmp_path_factory: pytest.TempPathFactory) -> Callable[[keras.Model], Rows]:
    def rows(network: keras.Model) -> Rows:
        graphs = read_graphs(converted(network, tmp_path_factory.mktemp("network") / "saved"))
        return {row.name: row for row in describe_ops(graphs)}

    return rows


@pytest.fixture(scope="module")
def mobilenet_v1(read_back: Callable[[keras.Model], Rows]) -> Rows:
    return read_back(keras.applications.MobileNet((128, 128, 3), alpha=0.25, weights=None))


@pytest.fixture(scope="module")
def mobilenet_v2(read_back: Callable[[keras.Model], Rows]) -> Rows:
    return read_back(keras.applications.MobileNetV2((224, 224, 3), weights=None))


def total(rows: Rows, what: str) -> int:
    return sum(getattr(row, what) for row in rows.values())


def test_mobilenet_v1_has_the_numbers_of_its_makers(mobilenet_v1: Rows) -> None:
    # MobileNet_v1_0.25_128: 14 million MACs and 0.47 million parameters, in the table that its makers publish at
    # https://github.com/tensorflow/models/blob/master/research/slim/nets/mobilenet_v1.md
    assert total(mobilenet_v1, "macs") == pytest.approx(14e6, rel=0.05)
    assert total(mobilenet_v1, "parameters") == pytest.approx(0.47e6, rel=0.02)
    assert (mobilenet_v1["CONV_2D"].count, mobilenet_v1["DEPTHWISE_CONV_2D"].count) == (15, 13)


def test_mobilenet_v2_has_the_numbers_of_its_paper(mobilenet_v2: Rows) -> None:
    # Sandler et al., "MobileNetV2", https://arxiv.org/abs/1801.04381, table 4: 300 M multiply-adds, 3.4 M parameters.
    assert total(mobilenet_v2, "macs") == pytest.approx(300e6, rel=0.01)
    assert total(mobilenet_v2, "parameters") == pytest.approx(3.4e6, rel=0.03)
    assert mobilenet_v2["FULLY_CONNECTED"].macs == 1280 * 1000
    # The converter leaves out a bias that is zero, as it is before training.
    assert mobilenet_v2["FULLY_CONNECTED"].parameters in {1280 * 1000, 1281 * 1000}
    assert mobilenet_v2["ADD"].macs == 0
