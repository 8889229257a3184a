"""Writes TFLite Metadata into a model, so that other tools know its input and its labels.

The format: https://ai.google.dev/edge/litert/models/metadata (schema 1.5). A flatbuffer that describes the tensors
goes into a buffer of the model; the labels are appended as a zip, which readers find from the end of the file.
"""

import io
import zipfile
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from sagui.bundle.archive import pack
from sagui.convert.errors import ConvertError

LABELS_FILE = "labels.txt"

_BUFFER_NAME = "TFLITE_METADATA"
_IDENTIFIER = b"M001"
# The oldest reader that knows every field written here.
_PARSER_VERSION = "1.0.0"
_AXIS_LABELS = 2
_IMAGE_PROPERTIES, _FEATURE_PROPERTIES = 2, 1
_NORMALIZATION = 1
_RGB, _GREY = 1, 2
_ALIGNMENT = 16


@dataclass(frozen=True)
class About:
    """What people say of a model; what is empty is left out.

    Attributes:
        description: What it is for.
        author: Who made it.
        license: Under which terms others may use it, such as ``Apache-2.0``.
    """

    description: str = ""
    author: str = ""
    license: str = ""


UNSAID = About()


def add_metadata(model: bytes, name: str, version: str, labels: Sequence[str], about: About = UNSAID) -> bytes:
    """Gives a TFLite file that says what it is; the same arguments give the same bytes.

    Metadata that the file has is replaced. What it computes does not change.

    Args:
        model: A file with one image input that takes pixels 0-255, and one output.
        name: What it is called.
        version: Which one it is.
        labels: One for each output.
        about: For people.

    Raises:
        ConvertError: A text cannot be written, or there is not one label for each output.
    """
    _check_texts(labels, (name, version, *astuple(about)))
    content = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(model, 0))
    _bring_inside(content, model)
    main = content.subgraphs[0]
    outputs = int(main.tensors[main.outputs[0]].shape[-1])
    if outputs != len(labels):
        raise ConvertError(f"{len(labels)} labels for a network with {outputs} outputs; give one for each")
    _attach(content, _describe(name, version, about, [int(size) for size in main.tensors[main.inputs[0]].shape]))
    builder = _AlignedBuilder(len(model))
    builder.Finish(content.Pack(builder), file_identifier=b"TFL3")
    return _append_zip(bytes(builder.Output()), {LABELS_FILE: "".join(f"{label}\n" for label in labels).encode()})


def _check_texts(labels: Sequence[str], others: Sequence[str]) -> None:
    for label in labels:
        if label.splitlines() != [label]:
            raise ConvertError(f"label {label!r}: a TFLite file keeps one label a line; rename the class")
    for text in (*labels, *others):
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise ConvertError(f"{text!r} is no Unicode text: {error.reason}; write it otherwise") from error


def _bring_inside(content: Any, model: bytes) -> None:  # noqa: ANN401
    """Some writers keep values behind the flatbuffer, at places that change when it does."""
    for buffer in content.buffers:
        if buffer.offset and buffer.size:
            buffer.data = np.frombuffer(model, np.uint8, buffer.size, buffer.offset)
            buffer.offset = buffer.size = 0


def _attach(content: Any, described: bytes) -> None:  # noqa: ANN401 (flatbuffers has no types)
    entries = {_text(entry.name): entry for entry in content.metadata or []}
    if _BUFFER_NAME not in entries:
        entry = schema.MetadataT()
        entry.name = _BUFFER_NAME
        entry.buffer = len(content.buffers)
        content.buffers.append(schema.BufferT())
        entries[_BUFFER_NAME] = entry
    content.metadata = list(entries.values())
    content.buffers[entries[_BUFFER_NAME].buffer].data = np.frombuffer(described, np.uint8)


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


# The tables of metadata_schema.fbs, by the number of each field.


def _describe(name: str, version: str, about: About, shape: Sequence[int]) -> bytes:
    build = flatbuffers.Builder(1024)
    inputs = _vector(build, [_input(build, shape)])
    outputs = _vector(build, [_output(build)])
    texts = {0: name, 1: about.description, 2: version, 4: about.author, 5: about.license, 7: _PARSER_VERSION}
    fields = {field: build.CreateString(text) for field, text in texts.items() if text}
    fields[3] = _vector(build, [_table(build, 10, {2: inputs, 3: outputs})])
    build.Finish(_table(build, 8, fields), file_identifier=_IDENTIFIER)
    return bytes(build.Output())


def _input(build: Any, shape: Sequence[int]) -> int:  # noqa: ANN401 (flatbuffers ships no types)
    _, height, width, channels = shape
    # Normalization is inside the graph. MediaPipe refuses a float input of which it is not said.
    mean, std = _floats(build, [0.0]), _floats(build, [1.0])
    unit = _union(build, 2, _NORMALIZATION, _table(build, 2, {0: mean, 1: std}))
    content = _union(build, 3, _IMAGE_PROPERTIES, _image(build, height, width, _GREY if channels == 1 else _RGB))
    fields = {
        0: build.CreateString("photo"),
        1: build.CreateString(f"The photo, {'grey' if channels == 1 else 'RGB'}, 0 to 255."),
        3: content,
        4: _vector(build, [unit]),
        5: _range(build, 0.0, 255.0),
    }
    return _table(build, 7, fields)


def _image(build: Any, height: int, width: int, colour: int) -> int:  # noqa: ANN401
    build.StartObject(2)
    build.PrependUint32Slot(0, width, 0)
    build.PrependUint32Slot(1, height, 0)
    size = build.EndObject()
    build.StartObject(2)
    build.PrependInt8Slot(0, colour, 0)
    build.PrependUOffsetTRelativeSlot(1, size, 0)
    return int(build.EndObject())


def _output(build: Any) -> int:  # noqa: ANN401
    file_name, purpose = build.CreateString(LABELS_FILE), build.CreateString("A label a line, by output.")
    build.StartObject(5)
    build.PrependUOffsetTRelativeSlot(0, file_name, 0)
    build.PrependUOffsetTRelativeSlot(1, purpose, 0)
    build.PrependInt8Slot(2, _AXIS_LABELS, 0)
    labels = _vector(build, [build.EndObject()])
    fields = {
        0: build.CreateString("probability"),
        1: build.CreateString("Probability of each label."),
        3: _union(build, 3, _FEATURE_PROPERTIES, _table(build, 0, {})),
        5: _range(build, 0.0, 1.0),
        6: labels,
    }
    return _table(build, 7, fields)


def _range(build: Any, low: float, high: float) -> int:  # noqa: ANN401
    least, most = _floats(build, [low]), _floats(build, [high])
    return _table(build, 2, {0: most, 1: least})


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
