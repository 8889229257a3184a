"""The runtimes where tflite-runtime is the only one: no TensorFlow, no LiteRT, numpy 1."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.core.infer.delegates import build_delegate, compile_for_edgetpu
from tests.interop.environments import TFLITE_RUNTIME, ProgramMissingError, find_python, run_script

from sagui.bundle import Manifest, read_bundle, write_bundle
from sagui.bundle.manifest import GoldenSpec

SCRIPT = Path(__file__).with_name("lean_runtime.py")

pytestmark = pytest.mark.skipif(
    sys.version_info >= (3, 12), reason="tflite-runtime has no wheel for Python 3.12 or later"
)


@pytest.fixture(scope="module")
def lean_python() -> Path:
    """Its Python; without it, a skip on a user's machine and a failure in CI."""
    try:
        return find_python(TFLITE_RUNTIME)
    except ProgramMissingError as error:
        if os.environ.get("SAGUI_REQUIRE_PROGRAMS"):
            pytest.fail(str(error))
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def said(
    lean_python: Path,
    root: Path,
    toy_tflite: bytes,
    bundle_entries: dict[str, bytes],
    make_manifest: Callable[..., Manifest],
    program: Callable[[str], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("lean")
    entries = bundle_entries | {"model_edgetpu.tflite": compile_for_edgetpu(toy_tflite)}
    manifest = make_manifest(golden=GoldenSpec(count=3, tolerance=1, unit="steps"))
    bundle = write_bundle(folder, manifest, entries)
    outputs = read_bundle(bundle).golden().outputs
    libraries = [build_delegate(program("gcc"), folder / name) for name in ("libnpu.so", "libedgetpu.so.1")]
    arguments = (bundle, *libraries, outputs.max() - 1, outputs.min())
    return dict(json.loads(run_script(lean_python, SCRIPT, *arguments, PYTHONPATH=str(root / "core"))))


def test_nothing_else_is_there(said: dict[str, str]) -> None:
    assert said["found"] == ""


def test_the_cpu_proves_a_bundle(said: dict[str, str]) -> None:
    assert said["cpu"] == "tflite-runtime 2.14.0: 3 frames"


def test_a_delegate_that_works_is_used(said: dict[str, str]) -> None:
    assert said["nothing"] == "tflite-runtime 2.14.0 with libnpu.so (do=nothing)"


@pytest.mark.parametrize(
    ("what", "reason"),
    [
        ("refuse", "Failed to load delegate from"),
        ("fail", "this delegate fails to prepare"),
        ("abort", "ended by SIGABRT: the driver is older than the device"),
        ("fault", "ended by SIGSEGV"),
        ("hang", "no answer in 5 s"),
    ],
)
def test_a_delegate_that_does_not_work_costs_nothing(said: dict[str, str], what: str, reason: str) -> None:
    assert said[what].startswith(f"NoRuntimeError: libnpu.so (do={what}) does not work here (tflite-runtime: {reason}")


def test_an_edge_tpu_proves_a_bundle(said: dict[str, str]) -> None:
    assert said["edgetpu"].startswith("tflite-runtime 2.14.0 with libedgetpu.so.1 (do=run")
    assert said["edgetpu"].endswith(": 3 frames")


def test_auto_goes_on_without_an_edge_tpu(said: dict[str, str]) -> None:
    assert said["auto"] == "tflite-runtime 2.14.0: 3 frames"
