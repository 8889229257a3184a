"""Reads TFLite Metadata: what a model file of any maker says about its input and its labels.

The format: https://ai.google.dev/edge/litert/models/metadata. A flatbuffer in the model's buffer named
``TFLITE_METADATA`` describes the tensors; label files are appended to the model as a zip.
"""

import io
import re
import struct
import zipfile
import zlib
from dataclasses import dataclass
from typing import Any

import flatbuffers.number_types as N  # noqa: N812 (the package's own habit)
from flatbuffers.table import Table

_BUFFER_NAME = b"TFLITE_METADATA"
_AXIS_LABELS = 2
_NORMALIZATION = 1
_MAX_LABELS_BYTES = 16 << 20
# What other readers know, too; the others of zipfile fail in ways of their own.
_COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
# What damaged bytes make of reading them; zipfile has no one family.
_DAMAGE = (
    struct.error,
    IndexError,
    ValueError,
    KeyError,
    TypeError,
    EOFError,
    RuntimeError,
    zipfile.BadZipFile,
    zlib.error,
)


@dataclass(frozen=True)
class ModelMetadata:
    """What sagui uses of it; a text that the file does not carry is empty.

    Attributes:
        mean: Of the input's normalization ``(pixel - mean) / std``, a number per channel or one for all.
        std: See ``mean``.
        labels: One per output, or None when the file carries none.
        name: What the model is called.
        version: Which one it is.
        description: What it is for.
        author: Who made it.
        license: Under which terms others may use it.
    """

    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    labels: tuple[str, ...] | None = None
    name: str = ""
    version: str = ""
    description: str = ""
    author: str = ""
    license: str = ""


def read_metadata(model: bytes) -> ModelMetadata:
    """Reads what a TFLite file says about itself; a file that says nothing gives empty metadata."""
    try:
        described = _described(model)
        if described is None:
            return ModelMetadata()
        subgraph = _tables(described, 3)[0]
        mean, std = _normalization(subgraph)
        name, description, version, author, licensed = (
            (_text(described, field) or b"").decode(errors="replace") for field in (0, 1, 2, 4, 5)
        )
        labels = _labels(model, subgraph)
        return ModelMetadata(mean, std, labels, name, version, description, author, licensed)
    except _DAMAGE:
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
        info = archive.getinfo(names[0])
        if info.file_size > _MAX_LABELS_BYTES or info.compress_type not in _COMPRESSIONS:
            return None
        # Not splitlines(): it also breaks at characters that a label may hold, as MediaPipe does not.
        lines = re.split(r"\r\n|\r|\n", archive.read(names[0]).decode())
    return tuple(lines if lines[-1] else lines[:-1])


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
