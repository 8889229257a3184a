"""Reads the flatbuffer of a TFLite file (schema version 3, tensorflow/lite/schema/schema.fbs)."""

import struct
from collections.abc import Mapping
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from sagui.convert.errors import InspectError
from sagui.convert.graph.values import Graph, Op, Scales, Tensor

_MAGIC = slice(4, 8)


def _names_of(enumeration: type) -> dict[int, str]:
    return {number: name for name, number in vars(enumeration).items() if isinstance(number, int)}


_DTYPES = {number: name.lower() for number, name in _names_of(schema.TensorType).items()}
_KINDS = _names_of(schema.BuiltinOperator)
# Before version 3a of the schema, op codes had one byte, which now holds this where the number is larger.
_LARGER = 127


def read_graph(model: bytes) -> Graph:
    """Reads what a TFLite file computes.

    Args:
        model: The file's content.

    Raises:
        InspectError: It is no TFLite file, or a damaged one.
    """
    if len(model) < _MAGIC.stop or model[_MAGIC] != b"TFL3":
        raise InspectError("not a TFLite file: it does not have TFL3 at byte 4")
    try:
        return _graph(schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(model, 0)), len(model))
    except (struct.error, IndexError, ValueError, TypeError, AttributeError, OverflowError) as error:
        raise InspectError(f"a damaged TFLite file: {type(error).__name__}: {error}") from error


def _graph(model: Any, file_bytes: int) -> Graph:  # noqa: ANN401 (flatbuffers has no types)
    main = model.subgraphs[0]
    return Graph(
        tensors=tuple(_tensor(tensor, model.buffers) for tensor in main.tensors),
        ops=tuple(_op(op, model.operatorCodes) for op in _list(main.operators)),
        inputs=_numbers(main.inputs),
        outputs=_numbers(main.outputs),
        subgraphs=len(model.subgraphs),
        description=_text(model.description),
        metadata=tuple(_text(entry.name) for entry in _list(model.metadata)),
        file_bytes=file_bytes,
    )


def _tensor(tensor: Any, buffers: Any) -> Tensor:  # noqa: ANN401
    signature = _numbers(tensor.shapeSignature)
    return Tensor(
        name=_text(tensor.name),
        shape=_numbers(tensor.shape),
        dtype=_DTYPES.get(tensor.type, f"type {tensor.type}"),
        scales=_scales(tensor.quantization),
        # A file may leave out the buffers of tensors that are computed.
        constant_bytes=_stored_bytes(buffers[tensor.buffer]) if tensor.buffer < len(buffers) else 0,
        dynamic=any(size < 0 for size in signature),
    )


def _stored_bytes(buffer: Any) -> int:  # noqa: ANN401
    # Files over 2 GB keep values behind the flatbuffer, at an offset.
    return int(buffer.size or 0) or len(_list(buffer.data))


def _scales(quantization: Any) -> Scales | None:  # noqa: ANN401
    if quantization is None or not len(_list(quantization.scale)):
        return None
    scales = tuple(float(scale) for scale in quantization.scale)
    zero_points = _numbers(quantization.zeroPoint) or (0,) * len(scales)
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
