"""What a TFLite file says of itself, written and read again."""

import struct
import zipfile
from io import BytesIO

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from hypothesis import given
from hypothesis import strategies as st

from sagui.convert.errors import ConvertError
from sagui.convert.graph import read_graph
from sagui.convert.metadata import LABELS_FILE, About, add_metadata
from sagui.infer.metadata import ModelMetadata, read_metadata

LABELS = ("red", "green", "blue")
WEIGHTS = bytes(range(256)) * 3


def some_model(outputs: int = 3, channels: int = 3) -> bytes:
    """A file with an image input, a row of scores and weights; nothing is computed between them."""

    def tensor(name: str, shape: tuple[int, ...], kind: int, buffer: int) -> schema.TensorT:
        made = schema.TensorT()
        made.name, made.shape, made.type, made.buffer = name, list(shape), kind, buffer
        return made

    def buffer(content: bytes) -> schema.BufferT:
        made = schema.BufferT()
        made.data = np.frombuffer(content, np.uint8) if content else None
        return made

    main = schema.SubGraphT()
    main.tensors = [
        tensor("photo", (1, 16, 24, channels), schema.TensorType.UINT8, 1),
        tensor("scores", (1, outputs), schema.TensorType.UINT8, 1),
        tensor("weights", (3, 256), schema.TensorType.INT8, 2),
    ]
    main.inputs, main.outputs, main.operators = [0], [1], []
    model = schema.ModelT()
    model.version, model.subgraphs, model.operatorCodes = 3, [main], []
    model.buffers = [buffer(b""), buffer(b""), buffer(WEIGHTS)]
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


MODEL = some_model()
DESCRIBED = add_metadata(MODEL, "shapes", "1.2.3", LABELS, About("Names shapes.", "Ana", "MIT"))

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
lines = texts.filter(lambda text: text.splitlines() == [text])


@given(st.lists(lines, min_size=1, max_size=8), texts, texts, st.builds(About, texts, texts, texts))
def test_what_is_written_is_read(labels: list[str], name: str, version: str, about: About) -> None:
    described = add_metadata(some_model(len(labels)), name, version, labels, about)
    assert read_metadata(described) == ModelMetadata(
        mean=(0.0,),
        std=(1.0,),
        labels=tuple(labels),
        name=name,
        version=version,
        description=about.description,
        author=about.author,
        license=about.license,
    )


@given(lines, texts)
def test_the_same_gives_the_same_bytes(label: str, author: str) -> None:
    labels, about = (label, "b", "c"), About(author=author)
    once = add_metadata(MODEL, "shapes", "1.0.0", labels, about)
    assert once == add_metadata(MODEL, "shapes", "1.0.0", labels, about)
    assert once == add_metadata(once, "shapes", "1.0.0", labels, about)


def test_new_metadata_replace_old_ones() -> None:
    again = add_metadata(DESCRIBED, "colours", "2.0.0", ("a", "b", "c"))
    found = read_metadata(again)
    assert (found.name, found.version, found.labels, found.author) == ("colours", "2.0.0", ("a", "b", "c"), "")
    assert read_graph(again).metadata == ("TFLITE_METADATA",)
    assert b"Names shapes." not in again
    with zipfile.ZipFile(BytesIO(again)) as archive:
        assert archive.namelist() == [LABELS_FILE]


@pytest.mark.parametrize("label", ["", "two\nlines", "two\rlines", "line\u2028separator", "next\x85line"])
def test_a_label_that_is_not_one_line_is_refused(label: str) -> None:
    with pytest.raises(ConvertError, match="a TFLite file keeps one label a line; rename the class"):
        add_metadata(MODEL, "shapes", "1.0.0", ("red", label, "blue"))


@pytest.mark.parametrize(
    ("labels", "about"), [(("red", "gr\udcfcn", "blue"), About()), (LABELS, About(author="J\udcfcrgen"))]
)
def test_what_is_no_unicode_is_refused(labels: tuple[str, ...], about: About) -> None:
    with pytest.raises(ConvertError, match=r"is no Unicode text: surrogates not allowed"):
        add_metadata(MODEL, "shapes", "1.0.0", labels, about)


def test_a_label_for_each_output_and_no_other() -> None:
    with pytest.raises(ConvertError, match="2 labels for a network with 3 outputs"):
        add_metadata(MODEL, "shapes", "1.0.0", ("red", "green"))


def test_weights_stay_as_they_are_on_borders_of_16_bytes() -> None:
    # The whole file may begin anywhere in memory; what counts is the distance from its start.
    for about in (About(), About("a"), About("ab", "c"), About("abc", "de", "f" * 17)):
        described = add_metadata(MODEL, "shapes", "1.0.0", LABELS, about)
        assert described.count(WEIGHTS) == 1
        assert described.index(WEIGHTS) % 16 == 0


def test_the_graph_is_untouched() -> None:
    before, after = read_graph(MODEL), read_graph(DESCRIBED)
    assert (after.tensors, after.ops, after.inputs, after.outputs) == (
        before.tensors,
        before.ops,
        before.inputs,
        before.outputs,
    )


def test_a_grey_photo_is_called_grey() -> None:
    assert b"The photo, grey, 0 to 255." in add_metadata(some_model(channels=1), "shapes", "1.0.0", LABELS)
    assert b"The photo, RGB, 0 to 255." in DESCRIBED


def test_labels_of_other_writers_may_end_their_lines_otherwise() -> None:
    for content in (b"red\r\ngreen\r\nblue", b"red\rgreen\rblue\r", b"red\ngreen\nblue\n"):
        start = DESCRIBED.index(b"PK\x03\x04")
        whole = BytesIO(DESCRIBED[:start])
        with zipfile.ZipFile(whole, "a") as archive:
            archive.writestr(LABELS_FILE, content)
        assert read_metadata(whole.getvalue()).labels == LABELS


def test_a_character_that_python_breaks_lines_at_may_stand_in_a_label() -> None:
    start = DESCRIBED.index(b"PK\x03\x04")
    whole = BytesIO(DESCRIBED[:start])
    with zipfile.ZipFile(whole, "a") as archive:
        archive.writestr(LABELS_FILE, "re\u2028d\ngre\x0cen\nblue\n")
    assert read_metadata(whole.getvalue()).labels == ("re\u2028d", "gre\x0cen", "blue")


@given(st.integers(0, len(DESCRIBED) - 4), st.binary(min_size=1, max_size=4))
def test_damaged_metadata_are_as_good_as_none(at: int, damage: bytes) -> None:
    damaged = DESCRIBED[:at] + damage + DESCRIBED[at + len(damage) :]
    assert isinstance(read_metadata(damaged), ModelMetadata)


@given(st.integers(8, len(DESCRIBED)))
def test_a_file_that_is_cut_short_is_as_good_as_without(length: int) -> None:
    assert isinstance(read_metadata(DESCRIBED[:length]), ModelMetadata)


@given(st.binary(max_size=200))
def test_anything_can_be_asked(content: bytes) -> None:
    assert isinstance(read_metadata(content), ModelMetadata)


@given(st.integers(0, 2**32 - 1))
def test_an_offset_into_nowhere_is_damage(offset: int) -> None:
    assert isinstance(read_metadata(struct.pack("<I", offset) + MODEL[4:]), ModelMetadata)
