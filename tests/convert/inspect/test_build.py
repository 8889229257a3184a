"""What is said of a graph."""

from collections.abc import Callable
from contextlib import suppress
from math import inf, nan
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sagui.bundle import Manifest, write_bundle
from sagui.bundle.read import read_bundle
from sagui.convert.errors import InspectError
from sagui.convert.graph import Graph, Op, Scales, Tensor, read_graphs
from sagui.convert.inspect.build import describe, describe_ops
from sagui.convert.inspect.facts import FileFacts
from sagui.convert.inspect.source import Source, read_source

FILE = FileFacts(path="model.tflite", bytes=100, sha256="0" * 64)
X, Y = Tensor("x", (1, 4), "float32"), Tensor("y", (1, 2), "float32")
SHAPE = Tensor("shape", (2,), "int32", constant_bytes=8, buffer=2)


def weights(dtype: str = "float32", number_bytes: int = 4, buffer: int = 1) -> Tensor:
    scales = Scales((0.5, 0.5), (0, 0)) if dtype == "int8" else None
    return Tensor("weights", (2, 4), dtype, scales, 8 * number_bytes, buffer=buffer)


def dense(inputs: tuple[int, ...], output: int) -> Op:
    return Op("FULLY_CONNECTED", 3, inputs, (output,))


def source(*graphs: Graph) -> Source:
    return Source(FILE, FILE, b"no metadata", graphs)


def test_shapes_and_axes_are_no_parameters() -> None:
    graph = Graph(
        (X, weights(), Y, SHAPE, Y), (dense((0, 1, -1), 2), Op("RESHAPE", 1, (2, 3), (4,))), inputs=(0,), outputs=(4,)
    )
    rows = {row.name: row for row in describe_ops([graph])}
    assert (rows["FULLY_CONNECTED"].parameters, rows["FULLY_CONNECTED"].constant_bytes) == (8, 32)
    assert (rows["RESHAPE"].parameters, rows["RESHAPE"].constant_bytes) == (0, 8)


def test_quantized_weights_are_parameters() -> None:
    (row,) = describe_ops([Graph((X, weights("int8", 1), Y), (dense((0, 1), 2),), (0,), (2,))])
    assert (row.parameters, row.constant_bytes, row.macs) == (8, 8, 8)


def test_half_floats_belong_to_the_op_that_multiplies_by_them() -> None:
    unpacked = Tensor("unpacked", (2, 4), "float32")
    graph = Graph(
        (X, weights("float16", 2), unpacked, Y), (Op("DEQUANTIZE", 1, (1,), (2,)), dense((0, 2), 3)), (0,), (3,)
    )
    rows = {row.name: row for row in describe_ops([graph])}
    assert (rows["FULLY_CONNECTED"].parameters, rows["FULLY_CONNECTED"].constant_bytes) == (8, 16)
    assert (rows["DEQUANTIZE"].parameters, rows["DEQUANTIZE"].constant_bytes) == (0, 0)


def test_constants_that_are_shared_count_once() -> None:
    # Two tensors of one buffer, in two subgraphs, each used twice.
    graph = Graph((X, weights(), Y, weights(), Y), (dense((0, 1), 2), dense((0, 3), 4)), (0,), (4,))
    (row,) = describe_ops([graph, graph])
    assert (row.count, row.parameters, row.constant_bytes, row.macs) == (4, 8, 32, 32)


def test_ops_are_grouped_by_name_with_their_versions() -> None:
    ops = (Op("ADD", 2, (0, 0), (0,)), Op("ADD", 1, (0, 0), (0,)), Op("ADD", 2, (0, 0), (0,)))
    (row,) = describe_ops([Graph((X,), ops, (0,), (0,))])
    assert (row.count, row.versions) == (3, (1, 2))


def test_what_works_most_comes_first() -> None:
    ops = (Op("ABS", 1, (0,), (0,)), Op("RESHAPE", 1, (2, 3), (4,)), dense((0, 1), 2))
    rows = describe_ops([Graph((X, weights(), Y, SHAPE, Y), ops, (0,), (4,))])
    assert [row.name for row in rows] == ["FULLY_CONNECTED", "RESHAPE", "ABS"]


def test_what_is_missing_in_the_sum_is_named() -> None:
    ops = (Op("LSTM", 1, (0,), (0,)), Op("CUSTOM", 1, (0,), (0,), custom="FlexErf"), Op("ADD", 1, (0, 0), (0,)))
    facts = describe(source(Graph((X,), ops, (0,), (0,))))
    assert facts.totals.uncounted == ("FlexErf", "LSTM")
    assert [need.op for need in facts.needs] == ["FlexErf"]


def test_open_sizes_are_noted() -> None:
    open_input = Tensor("photo", (1, 4), "float32", dynamic=True)
    (note,) = describe(source(Graph((open_input,), (), (0,), (0,)))).notes
    assert note.startswith("The input photo has a size that is open")
    (note,) = describe(source(Graph((X, open_input), (), (0,), (0,)))).notes
    assert note.startswith("Some tensors inside")


def test_several_subgraphs_are_noted_and_counted() -> None:
    graph = Graph((X,), (Op("ABS", 1, (0,), (0,)),), (0,), (0,))
    facts = describe(source(graph, graph))
    assert (facts.subgraphs, facts.totals.ops) == (2, 2)
    assert "2 subgraphs" in facts.notes[0]


@pytest.mark.parametrize("scale", [nan, inf, 0.0, -1.0])
def test_scales_that_ruin_a_model_are_noted(scale: float) -> None:
    facts = describe(source(Graph((Tensor("x", (1,), "int8", Scales((scale,), (0,))),), (), (0,), (0,))))
    assert "1 tensors have a scale that is no positive number" in facts.notes[0]
    assert facts.inputs[0].scales == ((scale if scale in {0.0, -1.0} else None),)


def test_a_sound_file_has_no_notes(toy_tflite: bytes) -> None:
    assert describe(Source(FILE, FILE, toy_tflite, read_graphs(toy_tflite))).notes == ()


def test_tensors_are_listed_on_request(toy_tflite: bytes) -> None:
    found = Source(FILE, FILE, toy_tflite, read_graphs(toy_tflite))
    assert describe(found).tensors is None
    tensors = describe(found, tensors=True).tensors
    assert tensors is not None
    assert [tensor.number for tensor in tensors] == list(range(len(found.graphs[0].tensors)))
    assert any(tensor.axis is not None and len(tensor.scales) == 3 for tensor in tensors)


def test_a_bundle_is_said_with_its_model(toy_bundle: Path) -> None:
    facts, bundle = describe(read_source(toy_bundle)), read_bundle(toy_bundle)
    assert facts.file.bytes == toy_bundle.stat().st_size
    assert (facts.model.path, facts.model.bytes) == ("model.tflite", len(bundle.model))
    assert facts.model.sha256 == bundle.manifest.files["model.tflite"].sha256
    assert facts.bundle is not None
    assert (facts.bundle.name, facts.bundle.version, facts.bundle.labels) == ("toy", "1.2.3", ("red", "green", "blue"))
    assert facts.bundle.golden == bundle.manifest.golden
    assert facts.bundle.decision == bundle.manifest.decision
    assert not facts.bundle.edgetpu
    assert facts.quantization.mode == "int8"


def test_a_file_for_the_edge_tpu_in_the_bundle_is_told(
    make_manifest: Callable[[], Manifest], bundle_entries: dict[str, bytes], tmp_path: Path
) -> None:
    path = write_bundle(tmp_path, make_manifest(), bundle_entries | {"model_edgetpu.tflite": b"compiled"})
    facts = describe(read_source(path))
    assert facts.bundle is not None
    assert facts.bundle.edgetpu
    assert facts.bundle.entries["model_edgetpu.tflite"] == 8


def test_constants_are_within_the_file(toy_tflite: bytes) -> None:
    facts = describe(Source(FILE, FILE, toy_tflite, read_graphs(toy_tflite)))
    assert 0 < facts.totals.constant_bytes < len(toy_tflite)
    # Three labels by three colours; its bias is zero, and left out.
    dense_row = next(row for row in facts.ops if row.name == "FULLY_CONNECTED")
    assert (dense_row.macs, dense_row.parameters) == (9, 9)


@settings(max_examples=200)
@given(st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=12))
def test_a_damaged_file_is_described_or_refused(toy_tflite: bytes, flips: list[tuple[float, int]]) -> None:
    damaged = bytearray(toy_tflite)
    for place, value in flips:
        damaged[int(place * len(damaged))] = value
    content = bytes(damaged)
    with suppress(InspectError):
        describe(Source(FILE, FILE, content, read_graphs(content)), tensors=True)
