"""Reads TFLite Metadata: what a model file of any maker says about its input and its labels.

The format: https://ai.google.dev/edge/litert/models/metadata. A flatbuffer in the model's buffer named
``TFLITE_METADATA`` describes the tensors; label files are appended to the model as a zip.
"""

import io
import struct
import zipfile
from dataclasses import dataclass
from typing import Any

import flatbuffers.number_types as N  # noqa: N812 (the package's own habit)
from flatbuffers.table import Table

_BUFFER_NAME = b"TFLITE_METADATA"
_AXIS_LABELS = 2
_NORMALIZATION = 1
_MAX_LABELS_BYTES = 16 << 20


@dataclass(frozen=True)
class ModelMetadata:
    """What sagui uses of it.

    Attributes:
        mean: Of the input's normalization ``(pixel - mean) / std``, a number per channel or one for all.
        std: See ``mean``.
        labels: One per output, or None when the file carries none.
    """

    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    labels: tuple[str, ...] | None = None


def read_metadata(model: bytes) -> ModelMetadata:
    """Reads what a TFLite file says about itself; a file that says nothing gives empty metadata."""
    try:
        described = _described(model)
        if described is None:
            return ModelMetadata()
        subgraph = _tables(described, 3)[0]
        mean, std = _normalization(subgraph)
        return ModelMetadata(mean, std, _labels(model, subgraph))
    except (struct.error, IndexError, ValueError, zipfile.BadZipFile, KeyError):
        # Damaged metadata is no reason to refuse a model that runs: it is as if it had none.
        return ModelMetadata()


def _described(model: bytes) -> Table | None:
    root = Table(model, struct.unpack_from("<I", model, 0)[0])
    buffers = _tables(root, 4)
    for entry in _tables(root, 6):
        if _text(entry, 0) == _BUFFER_NAME:
            content = _bytes(buffers[_number(entry, 1, N.Uint32Flags)])
            return Table(content, struct.unpack_from("<I", content, 0)[0])
    return None


def _normalization(subgraph: Table) -> tuple[tuple[float, ...], tuple[float, ...]]:
    for unit in _tables(_tables(subgraph, 2)[0], 4):
        if _number(unit, 0, N.Uint8Flags) == _NORMALIZATION:
            options = _child(unit, 1)
            return _floats(options, 0), _floats(options, 1)
    return (), ()


def _labels(model: bytes, subgraph: Table) -> tuple[str, ...] | None:
    outputs = _tables(subgraph, 3)
    names = [
        (_text(file, 0) or b"").decode()
        for file in _tables(outputs[0], 6)
        if _number(file, 2, N.Int8Flags) == _AXIS_LABELS
    ]
    if not names:
        return None
    with zipfile.ZipFile(io.BytesIO(model)) as archive:
        if archive.getinfo(names[0]).file_size > _MAX_LABELS_BYTES:
            return None
        return tuple(archive.read(names[0]).decode().splitlines())


# A flatbuffer table finds field number n through its vtable, at byte 4 + 2 n.


def _offset(table: Table, field: int) -> int:
    return int(table.Offset(4 + 2 * field))


def _tables(table: Table, field: int) -> list[Table]:
    offset = _offset(table, field)
    if not offset:
        return []
    start = table.Vector(offset)
    return [Table(table.Bytes, table.Indirect(start + 4 * i)) for i in range(table.VectorLen(offset))]


def _child(table: Table, field: int) -> Table:
    return Table(table.Bytes, table.Indirect(table.Pos + _offset(table, field)))


def _text(table: Table, field: int) -> bytes | None:
    offset = _offset(table, field)
    return bytes(table.String(table.Pos + offset)) if offset else None


def _number(table: Table, field: int, flags: Any) -> int:  # noqa: ANN401 (flatbuffers has no types)
    offset = _offset(table, field)
    return int(table.Get(flags, table.Pos + offset)) if offset else 0


def _floats(table: Table, field: int) -> tuple[float, ...]:
    offset = _offset(table, field)
    if not offset:
        return ()
    start = table.Vector(offset)
    return tuple(float(table.Get(N.Float32Flags, start + 4 * i)) for i in range(table.VectorLen(offset)))


def _bytes(table: Table) -> bytes:
    offset = _offset(table, 0)
    start = table.Vector(offset)
    return bytes(table.Bytes[start : start + table.VectorLen(offset)])
