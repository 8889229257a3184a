"""`sagui selftest`: golden frames on this machine, or the reason why not."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from tests.core.infer.delegates import badly_scaled, build_delegate, compile_for_edgetpu

from sagui.bundle import Manifest, encode_golden, read_bundle, write_bundle
from sagui.bundle.golden import Golden
from sagui.device.errors import DeviceError
from sagui.device.selftest import run_selftest
from sagui.device.selftest_command import selftest
from sagui.infer.errors import GoldenError, ModelError


def asked(*arguments: object) -> Result:
    return CliRunner().invoke(selftest, [str(argument) for argument in arguments])


def answer(*arguments: object) -> dict[str, Any]:
    done = asked(*arguments, "--json")
    return {"exit": done.exit_code} | dict(json.loads(done.output))


@pytest.fixture
def bundle_with(
    tmp_path: Path, bundle_entries: dict[str, bytes], make_manifest: Callable[..., Manifest]
) -> Callable[..., Path]:
    def make(**entries: bytes) -> Path:
        named = {name.replace("__", "."): content for name, content in entries.items()}
        return write_bundle(tmp_path, make_manifest(), bundle_entries | named)

    return make


def test_a_bundle_is_proven(toy_bundle: Path) -> None:
    passed = run_selftest(toy_bundle, threads=2)
    assert (passed.model, passed.version, passed.device, passed.threads) == ("toy", "1.2.3", "cpu", 2)
    assert (passed.frames, passed.difference, passed.tolerance, passed.unit) == (3, 0.0, 0.0, "steps")
    assert passed.runtime.startswith("litert ")
    assert passed.load_ms > passed.frame_ms > 0


def test_a_person_reads_what_was_found(toy_bundle: Path) -> None:
    done = asked(toy_bundle)
    assert done.exit_code == 0
    lines = done.output.splitlines()
    assert lines[0] == "toy 1.2.3: proven on this machine"
    assert [line.split()[0] for line in lines[1:]] == ["runtime", "device", "frames", "difference", "time"]
    assert "difference  0 steps at most; 0 allowed" in lines[4]


def test_a_program_reads_json(toy_bundle: Path) -> None:
    told = answer(toy_bundle)
    assert (told["exit"], told["ok"], told["frames"], told["difference"], told["device"]) == (0, True, 3, 0.0, "cpu")


def test_frames_that_are_not_reproduced_end_with_one(bundle_with: Callable[..., Path], toy_bundle: Path) -> None:
    golden = read_bundle(toy_bundle).golden()
    path = bundle_with(golden__npz=encode_golden(Golden(golden.frames, golden.outputs[::-1])))
    told = answer(path)
    assert (told["exit"], told["ok"]) == (1, False)
    assert "2 of 3 golden frames differ" in told["error"]
    done = asked(path)
    assert done.exit_code == 1
    assert isinstance(done.exception, GoldenError)


def test_a_model_that_crashes_the_runtime_is_told(bundle_with: Callable[..., Path], toy_tflite: bytes) -> None:
    told = answer(bundle_with(model__tflite=badly_scaled(toy_tflite)))
    assert told["exit"] == 1
    assert "does not survive this model (ended by SIG" in told["error"]


def test_a_plain_file_cannot_be_proven(tmp_path: Path, toy_tflite: bytes) -> None:
    path = tmp_path / "toy.tflite"
    path.write_bytes(toy_tflite)
    with pytest.raises(DeviceError, match=r"toy.tflite: a plain TFLite file has no golden frames"):
        run_selftest(path)
    with pytest.raises(ModelError, match=r"gone.sagui: cannot be read: No such file"):
        run_selftest(tmp_path / "gone.sagui")


def test_a_delegate_is_tested_with_its_options(
    bundle_with: Callable[..., Path],
    toy_tflite: bytes,
    program: Callable[[str], str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sagui.infer.load.CANDIDATES", ("litert",))  # TensorFlow takes seconds to crash
    library = build_delegate(program("gcc"), tmp_path / "libedgetpu.so.1")
    path = bundle_with(model_edgetpu__tflite=compile_for_edgetpu(toy_tflite))
    outputs = read_bundle(path).golden().outputs
    options = ["--device", library, "--option", "do=run", "--option", f"low={outputs.min()}"]
    told = answer(path, *options, "--option", f"high={outputs.max() - 1}")
    assert (told["exit"], told["difference"], told["tolerance"]) == (0, 1.0, 1.0)
    assert told["device"].startswith("libedgetpu.so.1 (do=run")
    off = answer(path, *options, "--option", f"high={outputs.max() - 2}")
    assert (off["exit"], off["ok"]) == (1, False)
    crashed = answer(path, "--device", library, "--option", "do=fault")
    assert crashed["exit"] == 1
    assert "litert: ended by SIGSEGV" in crashed["error"]


def test_why_an_edge_tpu_is_not_used_is_noted(bundle_with: Callable[..., Path], toy_tflite: bytes) -> None:
    path = bundle_with(model_edgetpu__tflite=compile_for_edgetpu(toy_tflite))
    done = asked(path, "--device", "auto")
    assert done.exit_code == 0
    assert done.output.splitlines()[-1].startswith("note: it runs on the CPU: libedgetpu.so.1 does not work here")


@pytest.mark.parametrize(
    ("arguments", "exit_code"), [(["--device", "tpu"], 1), (["--option", "fast"], 2), (["--option", "=1"], 2)]
)
def test_wrong_options_are_refused(toy_bundle: Path, arguments: list[str], exit_code: int) -> None:
    assert asked(toy_bundle, *arguments).exit_code == exit_code
