"""Reads the flatbuffer of a TFLite file (schema version 3, tensorflow/lite/schema/schema.fbs)."""

import struct
from collections.abc import Mapping
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from sagui.convert.errors import InspectError
from sagui.convert.graph.values import Graph, Op, Scales, Tensor

_MAGIC = slice(4, 8)
_VERSION = 3
_MIN_RUNTIME = "min_runtime_version"
_MIN_RUNTIME_BYTES = 64


def _names_of(enumeration: type) -> dict[int, str]:
    return {number: name for name, number in vars(enumeration).items() if isinstance(number, int)}


_DTYPES = {number: name.lower() for number, name in _names_of(schema.TensorType).items()}
_KINDS = _names_of(schema.BuiltinOperator)
# Before version 3a of the schema, op codes had one byte, which now holds this where the number is larger.
_LARGER = 127


def read_graph(model: bytes) -> Graph:
    """Reads what a TFLite file computes: its main subgraph.

    Args:
        model: The file's content.

    Raises:
        InspectError: It is no TFLite file, or a damaged one.
    """
    return read_graphs(model)[0]


def read_graphs(model: bytes) -> tuple[Graph, ...]:
    """Reads every subgraph of a TFLite file, the main one first.

    The others are the bodies of conditions and loops, or what other signatures run.

    Args:
        model: The file's content.

    Raises:
        InspectError: It is no TFLite file, or a damaged one.
    """
    if len(model) < _MAGIC.stop or model[_MAGIC] != b"TFL3":
        raise InspectError("not a TFLite file: it does not have TFL3 at byte 4")
    try:
        content = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(model, 0))
        graphs = tuple(_graph(content, subgraph, len(model)) for subgraph in _list(content.subgraphs))
    except (struct.error, IndexError, ValueError, TypeError, AttributeError, OverflowError) as error:
        raise InspectError(
            f"a damaged TFLite file: copy or convert it again ({type(error).__name__}: {error})"
        ) from error
    if content.version != _VERSION:
        raise InspectError(f"a TFLite file of schema version {content.version}; sagui reads version {_VERSION}")
    if not graphs:
        raise InspectError("a damaged TFLite file: it computes nothing")
    for graph in graphs:
        _check_numbers(graph)
    return graphs


def _check_numbers(graph: Graph) -> None:
    """Refuses a graph that names tensors it does not have."""
    named = [("the graph", number, 0) for number in (*graph.inputs, *graph.outputs)]
    for place, op in enumerate(graph.ops):
        named += [(f"op {place} ({op.name})", number, -1) for number in (*op.inputs, *op.outputs)]
    for who, number, lowest in named:
        if not lowest <= number < len(graph.tensors):
            raise InspectError(f"a damaged TFLite file: {who} names tensor {number} of {len(graph.tensors)}")


def _graph(model: Any, subgraph: Any, file_bytes: int) -> Graph:  # noqa: ANN401 (flatbuffers has no types)
    return Graph(
        tensors=tuple(_tensor(tensor, model.buffers) for tensor in _list(subgraph.tensors)),
        ops=tuple(_op(op, model.operatorCodes) for op in _list(subgraph.operators)),
        inputs=_numbers(subgraph.inputs),
        outputs=_numbers(subgraph.outputs),
        subgraphs=len(model.subgraphs),
        description=_text(model.description),
        metadata=tuple(_text(entry.name) for entry in _list(model.metadata)),
        file_bytes=file_bytes,
        min_runtime=_min_runtime(model),
    )


def _min_runtime(model: Any) -> str:  # noqa: ANN401
    for entry in _list(model.metadata):
        if _text(entry.name) == _MIN_RUNTIME:
            content = bytes(_list(model.buffers[entry.buffer].data)[:_MIN_RUNTIME_BYTES])
            return content.rstrip(b"\0").decode(errors="replace")
    return ""


def _tensor(tensor: Any, buffers: Any) -> Tensor:  # noqa: ANN401
    shape, signature = _numbers(tensor.shape), _numbers(tensor.shapeSignature)
    return Tensor(
        name=_text(tensor.name),
        # Some writers put the -1 of an open size into the shape, too.
        shape=tuple(1 if size < 0 else size for size in shape),
        dtype=_DTYPES.get(tensor.type, f"type {tensor.type}"),
        scales=_scales(tensor.quantization),
        # A file may leave out the buffers of tensors that are computed.
        constant_bytes=_stored_bytes(buffers[tensor.buffer]) if tensor.buffer < len(buffers) else 0,
        dynamic=any(size < 0 for size in (*shape, *signature)),
        buffer=int(tensor.buffer),
    )


def _stored_bytes(buffer: Any) -> int:  # noqa: ANN401
    # Files over 2 GB keep values behind the flatbuffer, at an offset.
    return int(buffer.size or 0) or len(_list(buffer.data))


def _scales(quantization: Any) -> Scales | None:  # noqa: ANN401
    if quantization is None or not len(_list(quantization.scale)):
        return None
    scales = tuple(float(scale) for scale in quantization.scale)
    zero_points = _numbers(quantization.zeroPoint) or (0,)
    if len(zero_points) == 1:
        zero_points *= len(scales)
    if len(zero_points) != len(scales):
        raise ValueError(f"{len(zero_points)} zero points for {len(scales)} scales")
    return Scales(scales, zero_points, int(quantization.quantizedDimension))


def _op(op: Any, codes: Any) -> Op:  # noqa: ANN401
    code = codes[op.opcodeIndex]
    number = code.builtinCode if code.deprecatedBuiltinCode == _LARGER else code.deprecatedBuiltinCode
    # Some writers fill in the new field alone.
    number = max(number, code.builtinCode)
    return Op(
        kind=_KINDS.get(number, f"op {number}"),
        version=int(code.version),
        inputs=_numbers(op.inputs),
        outputs=_numbers(op.outputs),
        custom=_text(code.customCode),
        options=_options(op.builtinOptions),
    )


def _options(options: Any) -> Mapping[str, Any]:  # noqa: ANN401
    if options is None:
        return {}
    return {name: value.tolist() if isinstance(value, np.ndarray) else value for name, value in vars(options).items()}


def _numbers(values: Any) -> tuple[int, ...]:  # noqa: ANN401
    return tuple(int(value) for value in _list(values))


def _list(values: Any) -> Any:  # noqa: ANN401
    return [] if values is None else values


def _text(value: bytes | str | None) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else value or ""
