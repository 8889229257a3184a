"""What is told of a model without the compiler."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from io import StringIO
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from sagui.convert.edgetpu.memory import USABLE_BYTES
from sagui.convert.edgetpu.preflight import Preflight, preflight
from sagui.convert.edgetpu.rules import RULES
from sagui.convert.edgetpu.show import write_terminal
from sagui.convert.edgetpu.table import rows_of_preflight
from sagui.convert.edgetpu.versions import NEWEST
from sagui.convert.errors import InspectError
from sagui.convert.graph import Graph, Op, Scales, Tensor, read_graph

SCALE = Scales((0.5,), (0,))
PHOTO = (1, 8, 8, 4)


def flow(*shape: int, dtype: str = "int8", scales: Scales | None = SCALE) -> Tensor:
    return Tensor("flow", shape, dtype, scales)


def constant(*shape: int, dtype: str = "int8", scales: Scales | None = SCALE) -> Tensor:
    size = Tensor("", shape, dtype).size
    return Tensor("constant", shape, dtype, scales, constant_bytes=max(size, 1))


def numbers(count: int) -> Tensor:
    """Sizes or axes."""
    return Tensor("numbers", (count,), "int32", None, constant_bytes=4 * count)


def graph_of(*ops: tuple[Op, tuple[Tensor, ...], tuple[Tensor, ...]]) -> Graph:
    """Ops with tensors of their own."""
    tensors: list[Tensor] = []
    placed = []
    for op, inputs, outputs in ops:
        start, middle = len(tensors), len(tensors) + len(inputs)
        tensors += [*inputs, *outputs]
        places = tuple(range(start, middle)), tuple(range(middle, len(tensors)))
        placed.append(replace(op, inputs=places[0], outputs=places[1]))
    return Graph(tuple(tensors), tuple(placed), (0,), (len(tensors) - 1,))


def verdict_of(
    kind: str,
    inputs: tuple[Tensor, ...],
    outputs: tuple[Tensor, ...],
    options: Mapping[str, Any] | None = None,
    version: int = 1,
) -> str:
    """Why an op alone does not map; nothing where it does."""
    found = preflight(graph_of((Op(kind, version, (), (), "", options or {}), inputs, outputs)))
    (verdict,) = found.verdicts
    assert verdict.on_tpu == (not verdict.why)
    return verdict.why


KERNEL = constant(4, 3, 3, 4)
BIAS = constant(4, dtype="int32")
JOIN = {"fusedActivationFunction": 0}

MAPS: dict[str, Callable[[], str]] = {
    "convolution with a scale for each channel": lambda: verdict_of(
        "CONV_2D", (flow(*PHOTO), constant(4, 3, 3, 4, scales=Scales((0.1,) * 4, (0,) * 4)), BIAS), (flow(*PHOTO),)
    ),
    "uint8": lambda: verdict_of("ADD", (flow(*PHOTO, dtype="uint8"),) * 2, (flow(*PHOTO, dtype="uint8"),)),
    "uint8 to int8": lambda: verdict_of("QUANTIZE", (flow(*PHOTO, dtype="uint8"),), (flow(*PHOTO),)),
    "arithmetic with one constant number": lambda: verdict_of("MUL", (flow(*PHOTO), constant()), (flow(*PHOTO),)),
    "mean over height and width": lambda: verdict_of("MEAN", (flow(1, 8, 8, 6), numbers(2)), (flow(1, 6),)),
    "mean over channels, a multiple of 4": lambda: verdict_of(
        "MEAN", (flow(1, 8, 9, 12), numbers(1)), (flow(1, 8, 9),)
    ),
    "mean that keeps the dimensions": lambda: verdict_of("MEAN", (flow(1, 8, 8, 6), numbers(2)), (flow(1, 1, 1, 6),)),
    "softmax over 16,000": lambda: verdict_of("SOFTMAX", (flow(1, 16_000),), (flow(1, 16_000),)),
    "dense": lambda: verdict_of("FULLY_CONNECTED", (flow(1, 4), constant(3, 4), BIAS), (flow(1, 3),)),
    "dense without a bias": lambda: verdict_of("FULLY_CONNECTED", (flow(1, 4), constant(3, 4)), (flow(1, 3),)),
    "padding around the photo": lambda: verdict_of("PAD", (flow(*PHOTO), numbers(8)), (flow(1, 10, 10, 4),)),
    "split of channels": lambda: verdict_of("SPLIT", (numbers(1), flow(*PHOTO)), (flow(1, 8, 8, 2),) * 2),
    "joined with one constant and nothing fused": lambda: verdict_of(
        "CONCATENATION", (flow(*PHOTO), flow(*PHOTO)), (flow(1, 8, 8, 8),), JOIN
    ),
    "three sizes over 1 behind a batch of 1": lambda: verdict_of("RELU", (flow(1, 2, 3, 4),), (flow(1, 2, 3, 4),)),
    "transposed convolution, whose photo comes third": lambda: verdict_of(
        "TRANSPOSE_CONV", (numbers(4), KERNEL, flow(*PHOTO)), (flow(*PHOTO),)
    ),
    "channel slopes": lambda: verdict_of("PRELU", (flow(*PHOTO), constant(1, 1, 4)), (flow(*PHOTO),)),
    "packing inside": lambda: verdict_of("PACK", (flow(1, 8), flow(1, 8)), (flow(1, 2, 8),), {"axis": 1}),
    "LSTM with cells of 16 bits": lambda: verdict_of(
        "UNIDIRECTIONAL_SEQUENCE_LSTM", (flow(1, 4, 8), flow(1, 8, dtype="int16")), (flow(1, 4, 8),)
    ),
}

FALLS_BACK: dict[str, tuple[Callable[[], str], str]] = {
    "floats": (
        lambda: verdict_of("ADD", (flow(4, dtype="float32", scales=None),) * 2, (flow(4),)),
        "it works on float32; only quantized 8-bit",
    ),
    "16 bits": (lambda: verdict_of("ADD", (flow(4, dtype="int16"),) * 2, (flow(4, dtype="int16"),)), "int16"),
    "float weights": (
        lambda: verdict_of("CONV_2D", (flow(*PHOTO), constant(4, 3, 3, 4, dtype="float32")), (flow(*PHOTO),)),
        "its constants are float32",
    ),
    "no scale": (lambda: verdict_of("RELU", (flow(4, scales=None),), (flow(4),)), "have no scale"),
    "an op not on the list": (lambda: verdict_of("GATHER", (flow(4), flow(4)), (flow(4),)), "does not have it"),
    "a batch of 2": (lambda: verdict_of("RELU", (flow(2, 8, 8, 4),), (flow(2, 8, 8, 4),)), "2 x 8 x 8 x 4: only"),
    "weights computed": (
        lambda: verdict_of("CONV_2D", (flow(*PHOTO), flow(4, 3, 3, 4)), (flow(*PHOTO),)),
        "must be constants",
    ),
    "transposed weights computed": (
        lambda: verdict_of("TRANSPOSE_CONV", (numbers(4), flow(1, 3, 3, 4), flow(*PHOTO)), (flow(*PHOTO),)),
        "must be constants",
    ),
    "uneven dilation": (
        lambda: verdict_of(
            "CONV_2D", (flow(*PHOTO), KERNEL, BIAS), (flow(*PHOTO),), {"dilationHFactor": 2, "dilationWFactor": 1}
        ),
        "its dilation is 2 x 1",
    ),
    "shuffled dense weights": (
        lambda: verdict_of("FULLY_CONNECTED", (flow(1, 4), constant(3, 4)), (flow(1, 3),), {"weightsFormat": 1}),
        "shuffled",
    ),
    "a dense layer over rows": (
        lambda: verdict_of("FULLY_CONNECTED", (flow(5, 4), constant(3, 4)), (flow(5, 3),)),
        "its output is 5 x 3",
    ),
    "softmax over rows": (lambda: verdict_of("SOFTMAX", (flow(2, 5),), (flow(2, 5),)), "its input is 2 x 5"),
    "softmax over too many": (
        lambda: verdict_of("SOFTMAX", (flow(1, 16_001),), (flow(1, 16_001),)),
        "16,001 numbers, at most 16,000",
    ),
    "mean over channels, no multiple of 4": (
        lambda: verdict_of("MEAN", (flow(1, 8, 9, 6), numbers(1)), (flow(1, 8, 9),)),
        "it reduces 6 channels",
    ),
    "mean over the batch": (
        lambda: verdict_of("MEAN", (flow(3, 8), numbers(1)), (flow(8),)),
        "reduces the batch dimension",
    ),
    "greatest of the batch": (
        lambda: verdict_of("REDUCE_MAX", (flow(3, 8), numbers(1)), (flow(1, 8),)),
        "reduces the batch dimension",
    ),
    "axes computed": (
        lambda: verdict_of("SUM", (flow(1, 8), flow(1)), (flow(1, 8),)),
        "must be constants",
    ),
    "padding of the batch": (
        lambda: verdict_of("PAD", (flow(1, 8), numbers(4)), (flow(3, 8),)),
        "along the batch dimension",
    ),
    "split of the batch": (
        lambda: verdict_of("SPLIT", (numbers(1), flow(2, 8)), (flow(1, 8),) * 2),
        "along the batch dimension",
    ),
    "packing of the batch": (lambda: verdict_of("PACK", (flow(8),) * 2, (flow(2, 8),), {"axis": 0}), "packs along"),
    "slopes for each pixel": (
        lambda: verdict_of("PRELU", (flow(*PHOTO), constant(8, 8, 4)), (flow(*PHOTO),)),
        "share them over height and width",
    ),
    "a new axis": (
        lambda: verdict_of("STRIDED_SLICE", (flow(1, 8), *(numbers(2),) * 3), (flow(1, 8),), {"newAxisMask": 1}),
        "new axis",
    ),
    "a constant joined to two": (
        lambda: verdict_of("CONCATENATION", (flow(1, 8), flow(1, 8), constant(1, 8)), (flow(1, 24),)),
        "a constant and 2 more",
    ),
    "a constant joined": (
        lambda: verdict_of("CONCATENATION", (flow(1, 8), constant(1, 8)), (flow(1, 16),)),
        "only if the constant is all zeros",
    ),
}


@pytest.mark.parametrize("case", MAPS)
def test_it_maps(case: str) -> None:
    assert MAPS[case]() == ""


@pytest.mark.parametrize("case", FALLS_BACK)
def test_it_falls_back_and_says_why(case: str) -> None:
    judge, reason = FALLS_BACK[case]
    assert reason in judge()


@pytest.mark.parametrize("kind", ["AVERAGE_POOL_2D", "MAX_POOL_2D", "CONCATENATION"])
def test_a_fused_activation_keeps_some_ops_off(kind: str) -> None:
    flows = (flow(*PHOTO),)
    assert verdict_of(kind, flows, flows, {"fusedActivationFunction": 0}) == ""
    assert "activation" in verdict_of(kind, flows, flows, {"fusedActivationFunction": 1})


def test_a_dense_layer_with_a_scale_for_each_output_is_flagged_with_its_remedy() -> None:
    weights = constant(3, 4, scales=Scales((0.1, 0.2, 0.3), (0, 0, 0)))
    why = verdict_of("FULLY_CONNECTED", (flow(1, 4), weights, BIAS), (flow(1, 3),))
    assert "3 scales" in why
    assert "--edgetpu-friendly" in why


# What logs of versions 14.1 to 16.0 that people published show as mapped, with those that they show as not supported.
SEEN_MAPPED = (
    "ADD AVERAGE_POOL_2D CONCATENATION CONV_2D DEPTHWISE_CONV_2D FULLY_CONNECTED LOGISTIC MAXIMUM MAX_POOL_2D MEAN "
    "MINIMUM MUL PAD QUANTIZE REDUCE_MAX RESHAPE RESIZE_NEAREST_NEIGHBOR SOFTMAX SUB TRANSPOSE"
)


def test_the_list_agrees_with_what_the_compiler_was_seen_to_do() -> None:
    assert set(SEEN_MAPPED.split()) <= set(RULES)
    assert not {"GATHER", "DEQUANTIZE", "CUSTOM"} & set(RULES)


def test_every_op_on_the_list_can_be_read_by_the_compiler() -> None:
    assert set(RULES) <= set(NEWEST)


@pytest.mark.parametrize(("kind", "newest"), [("CONV_2D", 5), ("QUANTIZE", 2), ("TRANSPOSE_CONV", 3), ("EXP", 1)])
def test_versions_that_people_saw_refused_are_refused(kind: str, newest: int) -> None:
    shape = graph_of((Op(kind, newest + 1, (), ()), (flow(*PHOTO), KERNEL, flow(*PHOTO)), (flow(*PHOTO),)))
    found = preflight(shape)
    assert not found.whole
    assert any(f"version {newest + 1}" in reason for reason in found.refused)
    assert f"reads {newest} at most" in found.verdicts[0].why
    assert not preflight(_with_version(shape, newest)).refused


def _with_version(graph: Graph, version: int) -> Graph:
    (op,) = graph.ops
    return replace(graph, ops=(replace(op, version=version),))


def test_an_op_that_came_later_refuses_the_file() -> None:
    found = preflight(graph_of((Op("GELU", 1, (), ()), (flow(4),), (flow(4),))))
    assert any("GELU came after compiler" in reason for reason in found.refused)


@pytest.mark.parametrize(
    ("name", "refused"), [("Atan", True), ("FlexErf", True), ("TFLite_Detection_PostProcess", False)]
)
def test_custom_ops_refuse_the_file_unless_every_runtime_has_them(name: str, refused: bool) -> None:  # noqa: FBT001
    found = preflight(graph_of((Op("CUSTOM", 1, (), (), name), (flow(4),), (flow(4),))))
    assert bool(found.refused) == refused
    assert not found.verdicts[0].on_tpu


def test_a_float_model_and_open_sizes_are_refused() -> None:
    floats = flow(4, dtype="float32", scales=None)
    found = preflight(graph_of((Op("RELU", 1, (), ()), (floats,), (floats,))))
    assert any("--quantize int8" in reason for reason in found.refused)
    open_sized = Tensor("photo", (1, 4), "int8", SCALE, dynamic=True)
    found = preflight(graph_of((Op("RELU", 1, (), ()), (open_sized,), (flow(1, 4),))))
    assert any("photo" in reason and "batch of 1" in reason for reason in found.refused)


def test_a_compiled_model_is_said_to_be_so() -> None:
    found = preflight(graph_of((Op("CUSTOM", 1, (), (), "edgetpu-custom-op"), (flow(4),), (flow(4),))))
    assert found.compiled
    assert found.macs_share is None
    assert found.verdicts[0].on_tpu
    assert "already" in found.refused[0]
    assert "already" in shown(found)


# A chain and a branch: 0 -> a -> 1 -> b -> 2 -> d -> 3, and 1 -> c -> 4.
def forked(first: str, second: str) -> Graph:
    tensors = tuple(flow(1, 4) for _ in range(5))
    ops = (
        Op(first, 1, (0,), (1,)),
        Op(second, 1, (1,), (2,)),
        Op("LOGISTIC", 1, (1,), (4,)),
        Op("TANH", 1, (2,), (3,)),
    )
    return Graph(tensors, ops, (0,), (3, 4))


def test_what_comes_after_an_unsupported_op_runs_on_the_cpu_and_what_does_not_depend_on_it_stays() -> None:
    found = preflight(forked("RELU", "ELU"))
    assert [verdict.on_tpu for verdict in found.verdicts] == [True, False, True, False]
    assert found.verdicts[3].why == "it comes after ELU (flow), which runs on the CPU"


def test_the_first_op_on_the_cpu_is_named_not_its_followers() -> None:
    found = preflight(forked("ELU", "RELU"))
    assert [verdict.on_tpu for verdict in found.verdicts] == [False] * 4
    assert all("after ELU" in verdict.why for verdict in found.verdicts[1:])


def test_several_parts_map_whatever_is_supported() -> None:
    found = preflight(forked("RELU", "ELU"), several_parts=True)
    assert [verdict.on_tpu for verdict in found.verdicts] == [True, False, True, True]


def test_a_float_input_is_quantized_on_the_cpu_and_cuts_nothing_off() -> None:
    tensors = (flow(1, 4, dtype="float32", scales=None), flow(1, 4), flow(1, 4))
    graph = Graph(tensors, (Op("QUANTIZE", 1, (0,), (1,)), Op("RELU", 1, (1,), (2,))), (0,), (2,))
    found = preflight(graph)
    assert [verdict.on_tpu for verdict in found.verdicts] == [False, True]
    assert not found.whole


@given(st.lists(st.sampled_from(["RELU", "TANH", "ELU", "GATHER", "LOGISTIC"]), min_size=1, max_size=8))
def test_a_chain_maps_up_to_its_first_unsupported_op(kinds: list[str]) -> None:
    tensors = tuple(flow(1, 4) for _ in range(len(kinds) + 1))
    ops = tuple(Op(kind, 1, (number,), (number + 1,)) for number, kind in enumerate(kinds))
    found = preflight(Graph(tensors, ops, (0,), (len(kinds),)))
    expected = next((n for n, kind in enumerate(kinds) if kind in {"ELU", "GATHER"}), len(kinds))
    assert [verdict.on_tpu for verdict in found.verdicts] == [n < expected for n in range(len(kinds))]
    assert found.whole == (expected == len(kinds))


@given(st.integers(0, 64), st.integers(0, 64))
def test_parameters_fill_the_chip_and_the_rest_is_streamed(first_mib: int, second_mib: int) -> None:
    weights = tuple(
        Tensor(name, (4, 1, 1, 4), "int8", SCALE, constant_bytes=mib * 2**20 + 1)
        for name, mib in (("one", first_mib), ("two", second_mib))
    )
    found = preflight(
        graph_of(*((Op("CONV_2D", 1, (), ()), (flow(*PHOTO), kernel), (flow(*PHOTO),)) for kernel in weights))
    )
    assert found.parameters_bytes == (first_mib + second_mib) * 2**20 + 2
    assert found.on_chip_used_bytes + found.off_chip_bytes == found.parameters_bytes
    assert found.on_chip_used_bytes + found.on_chip_remaining_bytes == USABLE_BYTES
    assert not (found.off_chip_bytes and found.on_chip_remaining_bytes)


def test_a_shared_constant_counts_once_and_sizes_do_not_count() -> None:
    tensors = (flow(*PHOTO), constant(4, 1, 1, 4), flow(*PHOTO), flow(*PHOTO), numbers(4), flow(*PHOTO))
    ops = (
        Op("CONV_2D", 1, (0, 1), (2,)),
        Op("CONV_2D", 1, (2, 1), (3,)),
        Op("RESHAPE", 1, (3, 4), (5,)),
    )
    assert preflight(Graph(tensors, ops, (0,), (5,))).parameters_bytes == 16


def test_the_runtime_is_the_newest_that_an_op_on_the_tpu_needs() -> None:
    assert preflight(forked("RELU", "RELU")).runtime == 10
    assert preflight(forked("RSQRT", "RELU")).runtime == 14


def test_what_the_file_does_not_tell_is_said() -> None:
    found = preflight(graph_of((Op("RESIZE_BILINEAR", 1, (), ()), (flow(*PHOTO), numbers(2)), (flow(1, 16, 16, 4),))))
    assert found.unsure[0].startswith("RESIZE_BILINEAR: ")
    assert "Not sure" in shown(found)


def test_tensors_that_do_not_fit_an_op_are_a_damaged_file() -> None:
    with pytest.raises(InspectError, match="damaged"):
        preflight(graph_of((Op("SOFTMAX", 1, (), ()), (), (flow(1, 4),))))


def test_an_op_that_uses_a_tensor_that_is_not_there_is_a_damaged_file() -> None:
    with pytest.raises(InspectError, match="an op uses tensor 7, there are 1"):
        preflight(Graph((flow(4),), (Op("ELU", 1, (0,), (7,)),), (0,), (7,)))


def test_a_file_without_ops_maps_nothing() -> None:
    found = preflight(Graph((flow(4),), (), (0,), (0,)))
    assert not found.whole
    assert found.macs_share is None


def shown(found: Preflight) -> str:
    console = Console(file=StringIO(), width=200)
    write_terminal(console, found)
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


# Built and converted once: TensorFlow takes seconds.
@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    import keras
    import numpy as np
    import tensorflow as tf

    keras.utils.set_random_seed(0)
    photos = np.random.default_rng(0).uniform(0, 255, (8, 1, 16, 16, 3)).astype(np.float32)

    def convert(model: keras.Model, *, per_tensor: bool) -> bytes:
        folder = tmp_path_factory.mktemp("saved")
        archive = keras.export.ExportArchive()
        archive.track(model)
        spec = tf.TensorSpec((1, 16, 16, 3), tf.float32)
        archive.add_endpoint("serve", lambda photo: model(photo, training=False), [spec])
        archive.write_out(folder, verbose=False)
        converter = tf.lite.TFLiteConverter.from_saved_model(str(folder))
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: ([photo] for photo in photos)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = converter.inference_output_type = tf.uint8
        converter._experimental_disable_per_channel_quantization_for_dense_layers = per_tensor
        return bytes(converter.convert())

    layers = keras.layers
    photo = keras.Input((16, 16, 3))
    # The converter leaves out what is zero.
    small = layers.Conv2D(8, 3, activation="relu6", bias_initializer="normal")(photo)
    small = layers.DepthwiseConv2D(3, activation="relu6", bias_initializer="normal")(small)
    dense = layers.Dense(3, activation="softmax", bias_initializer="normal")
    scores = dense(layers.GlobalAveragePooling2D()(small))
    odd = dense(layers.GlobalAveragePooling2D()(layers.Activation("gelu")(small)))
    plain, unusual = keras.Model(photo, scores), keras.Model(photo, odd)
    return {
        "friendly": convert(plain, per_tensor=True),
        "as usual": convert(plain, per_tensor=False),
        "unusual": convert(unusual, per_tensor=True),
    }


def test_a_small_network_maps_whole(converted: dict[str, bytes]) -> None:
    found = preflight(read_graph(converted["friendly"]))
    assert [verdict.why for verdict in found.verdicts if not verdict.on_tpu] == []
    assert found.whole
    assert found.macs_share == 1
    # 14 x 14 x 8 outputs of 27 MACs, 12 x 12 x 8 of 9, and a dense layer of 8 x 3.
    assert found.macs == 14 * 14 * 8 * 27 + 12 * 12 * 8 * 9 + 24
    # Weights of one byte, biases of four.
    assert found.parameters_bytes == (216 + 4 * 8) + (72 + 4 * 8) + (24 + 4 * 3)
    assert found.runtime == 13
    assert "100.0%" in shown(found)


def test_what_the_converter_makes_by_itself_is_flagged(converted: dict[str, bytes]) -> None:
    found = preflight(read_graph(converted["as usual"]))
    off = {verdict.op for verdict in found.verdicts if not verdict.on_tpu}
    assert off == {"FULLY_CONNECTED", "SOFTMAX", "QUANTIZE"}
    assert "--edgetpu-friendly" in shown(found)
    # The dense layer is a thousandth of the arithmetic: not all of it maps, and the summary does not say so.
    assert "100.0%" not in shown(found)


def test_a_modern_activation_is_caught(converted: dict[str, bytes]) -> None:
    found = preflight(read_graph(converted["unusual"]))
    assert not found.whole
    assert found.macs_share is not None
    assert 0.9 < found.macs_share < 1
    rows = rows_of_preflight(found)
    assert sum(row.count for row in rows) == len(found.verdicts)
    assert [row.on_tpu for row in rows] == sorted((row.on_tpu for row in rows), reverse=True)


def test_it_goes_through_json(converted: dict[str, bytes]) -> None:
    found = preflight(read_graph(converted["unusual"]))
    assert msgspec.json.decode(msgspec.json.encode(found), type=Preflight) == found
