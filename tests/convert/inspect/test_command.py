"""`sagui inspect`, as a person types it."""

import hashlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import flatbuffers
import msgspec
import pytest
from ai_edge_litert import schema_py_generated as schema
from click.testing import CliRunner, Result

from sagui.bundle import Manifest, write_bundle
from sagui.bundle.errors import BundleError
from sagui.convert.errors import InspectError
from sagui.convert.inspect.command import inspect_model
from sagui.convert.inspect.facts import ModelFacts
from sagui.convert.inspect.look import inspect_file


@pytest.fixture
def toy_file(toy_tflite: bytes, tmp_path: Path) -> Path:
    path = tmp_path / "toy.tflite"
    path.write_bytes(toy_tflite)
    return path


def typed(*arguments: object) -> Result:
    return CliRunner().invoke(inspect_model, [str(argument) for argument in arguments])


def test_a_plain_file_is_shown(toy_file: Path) -> None:
    done = typed(toy_file)
    assert done.exit_code == 0, done.output
    assert "FULLY_CONNECTED" in done.output
    assert "bundle" not in done.output


def test_the_json_is_one_object_and_nothing_else(toy_bundle: Path) -> None:
    done = typed(toy_bundle, "--json")
    assert done.exit_code == 0, done.output
    facts = msgspec.json.decode(done.stdout, type=ModelFacts)
    assert facts == inspect_file(toy_bundle)
    assert facts.schema == 1
    assert facts.file.sha256 == hashlib.sha256(toy_bundle.read_bytes()).hexdigest()
    assert (facts.tensors, facts.edgetpu) == (None, None)


def test_tensors_come_on_request(toy_file: Path) -> None:
    facts = msgspec.json.decode(typed(toy_file, "--json", "--tensors").stdout, type=ModelFacts)
    assert facts.tensors
    assert facts.bundle is None
    assert facts.file == facts.model
    assert "zero point" in typed(toy_file, "--tensors").output


def test_the_edge_tpu_comes_on_request(toy_bundle: Path) -> None:
    facts = msgspec.json.decode(typed(toy_bundle, "--json", "--edgetpu").stdout, type=ModelFacts)
    assert facts.edgetpu is not None
    plain, more = typed(toy_bundle), typed(toy_bundle, "--edgetpu")
    assert more.exit_code == 0, more.output
    assert len(more.output) > len(plain.output)


def refusal(path: Path) -> str:
    with pytest.raises((InspectError, BundleError)) as caught:
        inspect_file(path)
    message = str(caught.value)
    assert str(path) in message
    assert "\n" not in message
    return message


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    assert "No such file" in refusal(tmp_path / "missing.tflite")
    assert "a folder; name a bundle" in refusal(tmp_path)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not a TFLite file"),
        (b"hello, world", "not a TFLite file"),
        (b"\xff\xff\xff\x7fTFL3" + bytes(40), "damaged"),
        (b"PK\x03\x04 no zip", "not a bundle"),
    ],
)
def test_what_is_no_model_is_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(content)
    assert reason in refusal(path)


def test_a_file_cut_short_is_refused(toy_tflite: bytes, tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(toy_tflite[: len(toy_tflite) // 2])
    assert "damaged" in refusal(path)


def test_a_damaged_bundle_is_refused(toy_bundle: Path, tmp_path: Path) -> None:
    content = bytearray(toy_bundle.read_bytes())
    content[content.index(b"TFL3") + 100] ^= 0xFF
    path = tmp_path / "damaged.sagui"
    path.write_bytes(content)
    assert "model.tflite" in refusal(path)
    assert typed(path).exit_code == 1


def test_a_model_that_is_damaged_inside_a_sound_bundle_is_refused(
    make_manifest: Callable[[], Manifest], bundle_entries: dict[str, bytes], tmp_path: Path
) -> None:
    path = write_bundle(tmp_path, make_manifest(), bundle_entries | {"model.tflite": b"no model"})
    assert "entry 'model.tflite': not a TFLite file" in refusal(path)


def test_an_op_that_does_not_fit_its_tensors_is_refused(toy_tflite: bytes, tmp_path: Path) -> None:
    content = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(toy_tflite, 0))
    for tensor in content.subgraphs[0].tensors:
        tensor.shape = []
    builder = flatbuffers.Builder(len(toy_tflite))
    builder.Finish(content.Pack(builder), file_identifier=b"TFL3")
    path = tmp_path / "model.tflite"
    path.write_bytes(bytes(builder.Output()))
    assert "the tensors of a FULLY_CONNECTED do not fit it" in refusal(path)


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from click.testing import CliRunner; from sagui.convert.inspect.command import inspect_model; "
        "assert CliRunner().invoke(inspect_model, ['--help']).exit_code == 0; print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {name.partition(".")[0] for name in done.stdout.split()} & {
        "tensorflow",
        "keras",
        "rich",
        "numpy",
        "cv2",
    }


def test_inspecting_needs_no_tensorflow(toy_file: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from sagui.convert.inspect.look import inspect_file; "
        f"inspect_file(Path({str(toy_file)!r})); print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {name.partition(".")[0] for name in done.stdout.split()} & {"tensorflow", "keras", "cv2", "rich"}
