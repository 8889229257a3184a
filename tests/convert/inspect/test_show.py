"""What a terminal shows of a model."""

import io
from pathlib import Path

import msgspec
import pytest
from rich.console import Console

from sagui.convert.graph import Graph, Op, Tensor
from sagui.convert.inspect.build import describe
from sagui.convert.inspect.facts import FileFacts, MetadataFacts, ModelFacts
from sagui.convert.inspect.show import write_terminal
from sagui.convert.inspect.source import Source, read_source

FILE = FileFacts(path="model.tflite", bytes=100, sha256="0" * 64)


def shown(facts: ModelFacts, width: int = 200) -> str:
    console = Console(file=io.StringIO(), width=width, force_terminal=False)
    write_terminal(console, facts)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert isinstance(text, str)
    return text


def of(*ops: Op, tensors: tuple[Tensor, ...] = (Tensor("x", (1, 4), "float32"),)) -> ModelFacts:
    return describe(Source(FILE, FILE, b"no metadata", (Graph(tensors, ops, (0,), (0,)),)))


def test_a_bundle_is_shown_whole(toy_bundle: Path) -> None:
    text = shown(describe(read_source(toy_bundle), tensors=True))
    for part in ("toy 1.2.3", "3: red; green; blue", "'unknown' below 0.5", "no compiled file in the bundle"):
        assert part in text
    for part in (
        "FULLY_CONNECTED",
        "1 x 16 x 16 x 3",
        "uint8",
        "weights and activations in int8",
        "min_runtime_version",
    ):
        assert part in text
    assert "3: " in text.split("number", 1)[1]


def test_a_narrow_terminal_shows_every_op(toy_bundle: Path) -> None:
    text = shown(describe(read_source(toy_bundle)), width=80)
    assert max(map(len, text.splitlines())) <= 80
    assert all(op in text for op in ("FULLY_CONNECTED", "SOFTMAX", "MEAN"))


def test_what_is_not_counted_is_said() -> None:
    text = shown(of(Op("LSTM", 1, (0,), (0,)), Op("ADD", 1, (0, 0), (0,))))
    assert "The MACs of LSTM are not counted." in text
    assert "not counted" in next(line for line in text.splitlines() if "LSTM" in line)
    assert "not counted" not in next(line for line in text.splitlines() if "ADD" in line)


def test_custom_ops_say_what_they_need() -> None:
    assert "FlexErf (1) needs full TensorFlow" in shown(of(Op("CUSTOM", 1, (0,), (0,), custom="FlexErf")))


def test_a_file_that_computes_nothing_is_shown() -> None:
    assert "x" in shown(of())


@pytest.mark.parametrize("name", ["[red]alarm[/red]", "\x1b[31malarm\x1b[0m", "two\nlines", "[/nothing]"])
def test_names_in_a_file_are_harmless(name: str) -> None:
    facts = of(Op("CUSTOM", 1, (0,), (0,), custom=name), tensors=(Tensor(name, (1,), "float32"),))
    said = dict.fromkeys(("name", "version", "description", "author", "license", "writer", "min_runtime"), name)
    metadata = MetadataFacts(**said, entries=(name,), mean=(), std=(), labels=(name,))
    text = shown(msgspec.structs.replace(facts, metadata=metadata))
    assert "\x1b" not in text
    assert "two\nlines" not in text
    if name.startswith("["):
        assert text.count(name) >= 12


def test_many_labels_are_cut_short() -> None:
    labels = tuple(f"label{number}" for number in range(1000))
    facts = of()
    said = msgspec.structs.replace(facts.metadata, labels=labels, mean=(127.5,), std=(128.0,))
    text = shown(msgspec.structs.replace(facts, metadata=said))
    assert "1,000: label0; " in text
    assert "label999" in text
    assert "label500" not in text
    assert "(pixel - 127.5) / 128" in text
