"""TFLite files of every kind, whole and damaged, read as plain values."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from hypothesis import given, settings
from hypothesis import strategies as st

from sagui.convert.errors import InspectError
from sagui.convert.graph import Scales, read_graph, read_graphs
from sagui.infer.load import from_tflite

INT8, FLOAT32 = schema.TensorType.INT8, schema.TensorType.FLOAT32
CONV, CUSTOM, GELU = schema.BuiltinOperator.CONV_2D, schema.BuiltinOperator.CUSTOM, schema.BuiltinOperator.GELU
PLACEHOLDER = schema.BuiltinOperator.PLACEHOLDER_FOR_GREATER_OP_CODES


def filled(made: Any, **fields: object) -> Any:
    for name, value in fields.items():
        assert hasattr(made, name), name
        setattr(made, name, value)
    return made


def tensor(name: str = "t", shape: Sequence[int] = (1, 4), dtype: int = INT8, **fields: object) -> Any:
    return filled(schema.TensorT(), name=name, shape=list(shape), type=dtype, **fields)


def quantized(scale: Sequence[float], zero_point: Sequence[int] | None, axis: int = 0) -> Any:
    made = schema.QuantizationParametersT()
    return filled(made, scale=list(scale), zeroPoint=zero_point, quantizedDimension=axis)


def code(new: int, old: int, **fields: object) -> Any:
    return filled(schema.OperatorCodeT(), builtinCode=new, deprecatedBuiltinCode=old, **fields)


def op(inputs: Sequence[int] = (0,), outputs: Sequence[int] = (0,), **fields: object) -> Any:
    return filled(schema.OperatorT(), inputs=list(inputs), outputs=list(outputs), **fields)


def subgraph(tensors: Sequence[Any] = (), ops: Sequence[Any] = (), **fields: object) -> Any:
    ends: dict[str, object] = {"inputs": [0], "outputs": [0]}
    return filled(schema.SubGraphT(), tensors=list(tensors) or [tensor()], operators=list(ops), **(ends | fields))


def buffer(content: bytes = b"") -> Any:
    return filled(schema.BufferT(), data=np.frombuffer(content, np.uint8) if content else None)


def written(*subgraphs: Any, codes: Sequence[Any] = (), **fields: object) -> bytes:
    whole: dict[str, object] = {"version": 3, "description": "made by a test", "buffers": [buffer()]}
    model = filled(schema.ModelT(), subgraphs=list(subgraphs), operatorCodes=list(codes), **(whole | fields))
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


def only_op(op_code: Any, **fields: Any) -> Any:
    return read_graph(written(subgraph(ops=[op(**fields)]), codes=[op_code])).ops[0]


names = st.text(st.characters(codec="utf-8"), max_size=20)
shapes = st.lists(st.integers(0, 2**31 - 1), max_size=5)
scales = st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=1, max_size=6)


@given(names, shapes, scales, st.data())
def test_what_was_written_is_read(name: str, shape: list[int], scale: list[float], data: st.DataObject) -> None:
    points = data.draw(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=len(scale), max_size=len(scale)))
    made = tensor(name, shape, FLOAT32, quantization=quantized(scale, points, axis=2))
    graph = read_graph(written(subgraph([made])))
    (found,) = graph.tensors
    assert (found.name, found.shape, found.dtype) == (name, tuple(shape), "float32")
    assert found.scales == Scales(tuple(scale), tuple(points), 2)
    assert (found.dynamic, found.constant) == (False, False)
    assert (graph.description, graph.inputs, graph.outputs) == ("made by a test", (0,), (0,))


def test_an_op_is_read_with_its_version_and_options() -> None:
    options = filled(schema.Conv2DOptionsT(), strideW=2, strideH=3)
    kind = schema.BuiltinOptions.Conv2DOptions
    found = only_op(code(CONV, CONV, version=5), builtinOptions=options, builtinOptionsType=kind, inputs=[0, -1])
    assert (found.kind, found.version, found.inputs, found.custom) == ("CONV_2D", 5, (0, -1), "")
    assert (found.options["strideW"], found.options["strideH"]) == (2, 3)


@pytest.mark.parametrize(
    ("op_code", "kind"),
    [
        (code(GELU, PLACEHOLDER), "GELU"),  # as the schema wants it
        (code(0, CONV), "CONV_2D"),  # written before the field for numbers above 127
        (code(CONV, 0), "CONV_2D"),  # by writers that know the new field alone
        (code(99999, PLACEHOLDER), "op 99999"),  # newer than this sagui
    ],
)
def test_op_codes_of_old_and_new_writers_are_read(op_code: Any, kind: str) -> None:
    assert only_op(op_code).kind == kind


def test_custom_ops_are_read_by_name() -> None:
    found = only_op(code(CUSTOM, CUSTOM, customCode="FlexErf"))
    assert (found.kind, found.name, found.flex) == ("CUSTOM", "FlexErf", True)


def test_constants_that_share_a_buffer_are_told() -> None:
    graph = read_graph(
        written(
            subgraph([tensor("a", buffer=1), tensor("b", buffer=1), tensor("computed")]),
            buffers=[buffer(), buffer(b"abcd")],
        )
    )
    assert [(found.constant_bytes, found.buffer) for found in graph.tensors] == [(4, 1), (4, 1), (0, 0)]


def test_buffers_may_be_left_out() -> None:
    assert not read_graph(written(subgraph([tensor(buffer=7)]), buffers=[])).tensors[0].constant


@pytest.mark.parametrize("made", [tensor(shape=(1, 4), shapeSignature=[-1, 4]), tensor(shape=(-1, 4))])
def test_open_sizes_are_told_and_count_as_one(made: Any) -> None:
    (found,) = read_graph(written(subgraph([made]))).tensors
    assert (found.shape, found.dynamic, found.size) == ((1, 4), True, 4)


@pytest.mark.parametrize(("points", "read"), [(None, (0, 0)), ([], (0, 0)), ([7], (7, 7)), ([7, 8], (7, 8))])
def test_zero_points_may_be_left_out(points: list[int] | None, read: tuple[int, ...]) -> None:
    (found,) = read_graph(written(subgraph([tensor(quantization=quantized([1.0, 2.0], points))]))).tensors
    assert found.scales is not None
    assert found.scales.zero_points == read


def test_numbers_without_a_scale_stand_for_themselves() -> None:
    (found,) = read_graph(written(subgraph([tensor(quantization=quantized([], [0]))]))).tensors
    assert found.scales is None


def test_every_subgraph_is_read_the_main_one_first() -> None:
    model = written(subgraph([tensor("main")]), subgraph([tensor("body")]))
    assert [(graph.tensors[0].name, graph.subgraphs) for graph in read_graphs(model)] == [("main", 2), ("body", 2)]
    assert read_graph(model).tensors[0].name == "main"


def test_the_oldest_runtime_is_read() -> None:
    entries = [filled(schema.MetadataT(), name=name, buffer=1) for name in ("other", "min_runtime_version")]
    graph = read_graph(written(subgraph(), metadata=entries, buffers=[buffer(), buffer(b"1.14.0" + bytes(10))]))
    assert graph.metadata == ("other", "min_runtime_version")
    assert graph.min_runtime == "1.14.0"


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (b"", "not a TFLite file"),
        (b"TFL3", "not a TFLite file"),
        (b"PK\x03\x04 a zip of something", "not a TFLite file"),
        (b"\x00\x00\x00\x00TFL3", "schema version 0"),
        (b"\xff\xff\xff\xffTFL3" + bytes(64), "damaged"),
        (written(), "it computes nothing"),
        (written(subgraph(), version=2), "schema version 2; sagui reads version 3"),
        (written(subgraph(inputs=[1])), "the graph names tensor 1 of 1"),
        (written(subgraph(outputs=[-1])), "the graph names tensor -1 of 1"),
        (written(subgraph(ops=[op(inputs=[0, 9])]), codes=[code(CONV, CONV)]), r"op 0 \(CONV_2D\) names tensor 9 of 1"),
        (written(subgraph(ops=[op(outputs=[-2])]), codes=[code(CONV, CONV)]), r"op 0 \(CONV_2D\) names tensor -2"),
        (written(subgraph(ops=[op(opcodeIndex=3)]), codes=[code(CONV, CONV)]), "damaged"),
        (written(subgraph([tensor(quantization=quantized([1.0, 2.0, 3.0], [0, 0]))])), "2 zero points for 3 scales"),
        (written(subgraph(), metadata=[filled(schema.MetadataT(), name="min_runtime_version", buffer=5)]), "damaged"),
    ],
)
def test_what_is_no_whole_tflite_file_is_refused(model: bytes, reason: str) -> None:
    with pytest.raises(InspectError, match=reason):
        read_graph(model)


@settings(max_examples=300)
@given(st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=12))
def test_damage_is_refused_and_nothing_else(toy_tflite: bytes, flips: list[tuple[float, int]]) -> None:
    damaged = bytearray(toy_tflite)
    for place, value in flips:
        damaged[int(place * len(damaged))] = value
    with suppress(InspectError):
        read_graphs(bytes(damaged))


@settings(max_examples=100)
@given(st.floats(0, 1, exclude_max=True))
def test_what_was_cut_short_is_refused_and_nothing_else(toy_tflite: bytes, share: float) -> None:
    with suppress(InspectError):
        read_graphs(toy_tflite[: int(share * len(toy_tflite))])


@given(st.binary(max_size=400))
def test_noise_is_refused_and_nothing_else(noise: bytes) -> None:
    with suppress(InspectError):
        read_graphs(b"\x14\x00\x00\x00TFL3" + noise)


def test_a_real_file_is_read_as_the_runtime_reads_it(toy_tflite: bytes) -> None:
    graph = read_graph(toy_tflite)
    runtime = from_tflite(toy_tflite, "toy", ("a", "b", "c")).classifier.runtime
    (entry,), (exit_,) = graph.tensors_of(graph.inputs), graph.tensors_of(graph.outputs)
    for found, told in ((entry, runtime.inputs[0]), (exit_, runtime.outputs[0])):
        assert (found.shape, found.dtype) == (told.shape, told.dtype)
        assert found.scales is not None
        assert found.scales.scales == pytest.approx((told.scale,))
        assert found.scales.zero_points == (told.zero_point,)
    assert "FULLY_CONNECTED" in [op.kind for op in graph.ops]
    assert graph.file_bytes == len(toy_tflite)
    assert graph.min_runtime
