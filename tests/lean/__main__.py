"""Runs the tests of the device where tflite-runtime is the only runtime: no TensorFlow, no LiteRT, numpy 1.

``python -m tests.lean [PYTEST ARGUMENT...]``
"""

import os
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from tests.conftest import convert_toy
from tests.interop.environments import ProgramMissingError, clean_environment, find_python
from tests.lean.environments import ROOT, TFLITE_RUNTIME, source_path

PATHS = ("tests/core", "tests/device")


def main(arguments: list[str]) -> int:
    """Gives pytest's exit status."""
    if sys.version_info >= (3, 12):
        return _cannot("tflite-runtime has no wheel for Python 3.12 or later: run it with 3.11")
    try:
        python = find_python(TFLITE_RUNTIME)
    except ProgramMissingError as error:
        return _cannot(str(error))
    with tempfile.TemporaryDirectory(prefix="sagui-models-") as folder:
        _hand_over(Path(folder))
        environment = clean_environment() | {
            "PYTHONPATH": source_path(Path(folder)),
            "SAGUI_TEST_MODELS": folder,
        }
        pytest = (python, "-m", "pytest", "-p", "tests.lean.plugin", "-p", "no:cacheprovider")
        named = any((ROOT / argument.partition("::")[0]).exists() for argument in arguments)
        command = [*pytest, *arguments, *(() if named else PATHS)]
        return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


def _hand_over(folder: Path) -> None:
    """Writes what only this environment can make: a model, and the schema with which tests change models."""
    with tempfile.TemporaryDirectory() as work:
        (folder / "toy.tflite").write_bytes(convert_toy(Path(work)))
    schema = find_spec("ai_edge_litert.schema_py_generated")
    assert schema is not None
    assert schema.origin is not None
    beside = folder / "ai_edge_litert"
    beside.mkdir()
    (beside / "schema_py_generated.py").write_bytes(Path(schema.origin).read_bytes())


def _cannot(reason: str) -> int:
    required = bool(os.environ.get("SAGUI_REQUIRE_PROGRAMS"))
    sys.stderr.write(f"{'failed' if required else 'skipped'}: {reason}\n")
    return 1 if required else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
