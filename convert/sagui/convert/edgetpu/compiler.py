"""Runs `edgetpu_compiler`, and believes only what it can check."""

import shutil
import tempfile
from dataclasses import dataclass
from math import ceil
from pathlib import Path

from sagui.convert.edgetpu.advice import PROGRAM
from sagui.convert.edgetpu.diagnose import cause
from sagui.convert.edgetpu.errors import EdgeTpuError
from sagui.convert.edgetpu.log import CompilerLog, parse_log
from sagui.convert.edgetpu.process import Ended, run
from sagui.convert.edgetpu.refusals import COMPILED
from sagui.convert.errors import InspectError
from sagui.convert.graph import read_graph
from sagui.progress import SILENT, Progress

TIMEOUT_S = 180.0
"""What compiler 16.0 allows itself; EfficientNet-Lite takes it seconds."""

_MODEL, _OUTPUT, _TABLE = "model.tflite", "model_edgetpu.tflite", "model_edgetpu.log"
_SAID = "output.txt"
_LONGEST_LOG_BYTES = 2**20
_LARGEST_MODEL_BYTES = 2**30


@dataclass(frozen=True)
class Compiled:
    """An Edge TPU model.

    Attributes:
        model: The content of `model_edgetpu.tflite`.
        log: What the compiler said of it.
    """

    model: bytes
    log: CompilerLog


def find_compiler() -> Path | None:
    """Looks for the compiler on the PATH."""
    found = shutil.which(PROGRAM)
    return Path(found) if found else None


def compile_for_edgetpu(
    model: bytes,
    *,
    program: Path | None = None,
    timeout_s: float = TIMEOUT_S,
    progress: Progress = SILENT,
) -> Compiled:
    """Compiles a model for the Edge TPU.

    Args:
        model: A TFLite file, quantized to 8 bits.
        program: The compiler; None looks for it on the PATH.
        timeout_s: When it is ended.
        progress: Told that something goes on.

    Raises:
        EdgeTpuError: There is no compiler, it did not end in time, or what it wrote is not an Edge TPU model with a
            log that fits it. The message names a file with all that it said.
    """
    program = program or find_compiler()
    if program is None:
        raise EdgeTpuError(f"{PROGRAM} is not on the PATH: docs/edgetpu.md has the commands that install it")
    with tempfile.TemporaryDirectory(prefix="sagui-edgetpu-") as scratch, progress.task("Compile for the Edge TPU"):
        folder = Path(scratch)
        (folder / _MODEL).write_bytes(model)
        # Relative names, so that a container with this folder mounted can stand in for the program.
        command = [str(program.absolute()), "-s", "-o", ".", *_more_time(timeout_s), _MODEL]
        try:
            ended = run(command, folder, folder / _SAID, timeout_s)
        except OSError as error:
            raise EdgeTpuError(f"{program} cannot be started: {error.strerror}; is it a program for x86-64?") from error
        said = _read_text(folder / _SAID)
        try:
            return _compiled(folder, said, ended, timeout_s)
        except EdgeTpuError as error:
            kept = _keep(command, ended, said, _read_text(folder / _TABLE))
            raise EdgeTpuError(f"{program.name} failed: {error}", kept) from error


def _more_time(timeout_s: float) -> list[str]:
    """Versions before 16.0 have no time limit of their own, nor the option."""
    return ["--timeout_sec", str(ceil(timeout_s))] if timeout_s > TIMEOUT_S else []


def _compiled(folder: Path, said: str, ended: Ended, timeout_s: float) -> Compiled:
    if ended.status is None:
        raise EdgeTpuError(f"it had not ended after {timeout_s:g} s: allow more, or try a smaller model")
    # It has ended with status 0 and nothing written, and has crashed after it wrote: neither is enough alone.
    if ended.status != 0:
        raise EdgeTpuError(f"it {ended.text}: {cause(said) or 'it does not say why; try again'}")
    model = _read_model(folder / _OUTPUT, said)
    table = said if "Operator" in said else f"{said}\n{_read_text(folder / _TABLE)}"
    try:
        log = parse_log(table)
    except EdgeTpuError as error:
        raise EdgeTpuError(f"its log cannot be read: {error}; use version 16.0") from error
    if not log.on_tpu:
        raise EdgeTpuError("its log says that no operation runs on the Edge TPU: see sagui inspect --edgetpu for why")
    return Compiled(model, log)


def _read_model(path: Path, said: str) -> bytes:
    trouble = cause(said)
    if not path.is_file():
        raise EdgeTpuError(f"it wrote no model: {trouble or 'it does not say why; try again'}")
    if path.stat().st_size > _LARGEST_MODEL_BYTES:
        raise EdgeTpuError("it wrote a model of over 1 GiB: try a smaller network")
    content = path.read_bytes()
    if not content:
        raise EdgeTpuError(f"it wrote an empty model: {trouble or 'is the disk full?'}")
    try:
        graph = read_graph(content)
    except InspectError as error:
        raise EdgeTpuError(f"what it wrote is {error}: try again") from error
    if not any(op.name == COMPILED for op in graph.ops):
        raise EdgeTpuError(
            f"what it wrote does not use the Edge TPU: {trouble or 'see sagui inspect --edgetpu for what does not map'}"
        )
    return content


def _read_text(path: Path) -> str:
    if not path.is_file():
        return ""
    with path.open("rb") as reading:
        return reading.read(_LONGEST_LOG_BYTES).decode(errors="replace")


def _keep(command: list[str], ended: Ended, said: str, table: str) -> Path:
    with tempfile.NamedTemporaryFile(
        "w", prefix="sagui-edgetpu-", suffix=".log", delete=False, encoding="utf-8"
    ) as kept:
        kept.write(f"{' '.join(command)}\n{ended.text}\n\n{said}\n\n{table}\n")
    return Path(kept.name)
