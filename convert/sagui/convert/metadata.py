"""Writes TFLite Metadata into a model, so that other tools know its input and its labels.

The format: https://ai.google.dev/edge/litert/models/metadata (schema 1.5). A flatbuffer that describes the tensors
goes into a buffer of the model; the labels are appended as a zip, which readers find from the end of the file.
"""

import io
import zipfile
from collections.abc import Sequence
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from sagui.bundle.archive import pack

LABELS_FILE = "labels.txt"

_BUFFER_NAME = "TFLITE_METADATA"
_IDENTIFIER = b"M001"
_PARSER_VERSION = "1.0.0"
_AXIS_LABELS = 2
_IMAGE_PROPERTIES, _FEATURE_PROPERTIES = 2, 1
_NORMALIZATION = 1
_RGB = 1
_ALIGNMENT = 16


def add_metadata(model: bytes, name: str, version: str, labels: Sequence[str]) -> bytes:
    """Gives a TFLite file that says what it is.

    Args:
        model: A file with one image input that takes pixels 0-255, and one output.
        name: What it is called.
        version: Which one it is.
        labels: One for each output.
    """
    content = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(model, 0))
    buffer = schema.BufferT()
    buffer.data = np.frombuffer(_describe(name, version), np.uint8)
    entry = schema.MetadataT()
    entry.name = _BUFFER_NAME
    entry.buffer = len(content.buffers)
    content.buffers.append(buffer)
    content.metadata = [old for old in content.metadata or [] if _text(old.name) != _BUFFER_NAME] + [entry]
    builder = _AlignedBuilder(len(model))
    builder.Finish(content.Pack(builder), file_identifier=b"TFL3")
    return _append_zip(bytes(builder.Output()), {LABELS_FILE: "".join(f"{label}\n" for label in labels).encode()})


class _AlignedBuilder(flatbuffers.Builder):  # type: ignore[misc]  # flatbuffers ships no types
    """Keeps weights on 16-byte borders, as the converter does and vector instructions like it."""

    def StartVector(self, elemSize: int, numElems: int, alignment: int) -> Any:  # noqa: N802, N803, ANN401
        wanted = _ALIGNMENT if elemSize == 1 else alignment
        return super().StartVector(elemSize, numElems, wanted)


def _text(name: bytes | str) -> str:
    return name.decode() if isinstance(name, bytes) else name


def _append_zip(model: bytes, files: dict[str, bytes]) -> bytes:
    # Offsets inside the zip must count from the start of the whole file; zipfile does that when it appends.
    whole = io.BytesIO(model)
    packed = zipfile.ZipFile(io.BytesIO(pack(files)))
    with zipfile.ZipFile(whole, "a", zipfile.ZIP_STORED) as archive:
        for info in packed.infolist():
            archive.writestr(info, packed.read(info))
    return whole.getvalue()


def _describe(name: str, version: str) -> bytes:
    build = flatbuffers.Builder(1024)
    inputs = _vector(build, [_input(build)])
    outputs = _vector(build, [_output(build)])
    subgraph = _table(build, 10, {2: inputs, 3: outputs})
    root = _table(
        build,
        8,
        {
            0: build.CreateString(name),
            2: build.CreateString(version),
            3: _vector(build, [subgraph]),
            7: build.CreateString(_PARSER_VERSION),
        },
    )
    build.Finish(root, file_identifier=_IDENTIFIER)
    return bytes(build.Output())


def _input(build: Any) -> int:  # noqa: ANN401 (flatbuffers ships no types)
    mean, std = _floats(build, [0.0]), _floats(build, [1.0])
    unit = _union(build, 2, _NORMALIZATION, _table(build, 2, {0: mean, 1: std}))
    build.StartObject(2)
    build.PrependInt8Slot(0, _RGB, 0)
    content = _union(build, 3, _IMAGE_PROPERTIES, build.EndObject())
    low, high = _floats(build, [0.0]), _floats(build, [255.0])
    return _table(
        build,
        7,
        {
            0: build.CreateString("photo"),
            1: build.CreateString("The photo, RGB, 0 to 255."),
            3: content,
            4: _vector(build, [unit]),
            5: _table(build, 2, {0: high, 1: low}),
        },
    )


def _output(build: Any) -> int:  # noqa: ANN401
    file_name = build.CreateString(LABELS_FILE)
    build.StartObject(4)
    build.PrependUOffsetTRelativeSlot(0, file_name, 0)
    build.PrependInt8Slot(2, _AXIS_LABELS, 0)
    labels = _vector(build, [build.EndObject()])
    low, high = _floats(build, [0.0]), _floats(build, [1.0])
    return _table(
        build,
        7,
        {
            0: build.CreateString("probability"),
            1: build.CreateString("Probability of each label."),
            3: _union(build, 3, _FEATURE_PROPERTIES, _table(build, 0, {})),
            5: _table(build, 2, {0: high, 1: low}),
            6: labels,
        },
    )


def _table(build: Any, size: int, offsets: dict[int, int]) -> int:  # noqa: ANN401
    build.StartObject(size)
    for field, offset in offsets.items():
        build.PrependUOffsetTRelativeSlot(field, offset, 0)
    return int(build.EndObject())


def _union(build: Any, size: int, kind: int, offset: int) -> int:  # noqa: ANN401
    """A table whose first two fields are a union: which kind, and where."""
    build.StartObject(size)
    build.PrependUint8Slot(0, kind, 0)
    build.PrependUOffsetTRelativeSlot(1, offset, 0)
    return int(build.EndObject())


def _vector(build: Any, offsets: list[int]) -> int:  # noqa: ANN401
    build.StartVector(4, len(offsets), 4)
    for offset in reversed(offsets):
        build.PrependUOffsetTRelative(offset)
    return int(build.EndVector())


def _floats(build: Any, numbers: list[float]) -> int:  # noqa: ANN401
    return int(build.CreateNumpyVector(np.array(numbers, np.float32)))
