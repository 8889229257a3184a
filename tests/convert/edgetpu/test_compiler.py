"""The compiler, played by a stand-in with all its failures."""

import os
import re
import signal
import time
from io import StringIO
from pathlib import Path

import msgspec
import pytest
from rich.console import Console
from tests.convert.edgetpu.conftest import COMPILED, MODEL, StandIn

from sagui.convert.edgetpu.advice import CONTAINER, DEBIAN, DOCKERFILE, install_advice
from sagui.convert.edgetpu.compiler import compile_for_edgetpu, find_compiler
from sagui.convert.edgetpu.errors import EdgeTpuError
from sagui.convert.edgetpu.preflight import preflight
from sagui.convert.edgetpu.report import EdgeTpuReport, make_report
from sagui.convert.edgetpu.show import write_compiled
from sagui.convert.errors import ConvertError
from sagui.convert.graph import Graph, Op, Scales, Tensor, read_graph

ROOT = Path(__file__).parents[3]


def refusal(program: Path, timeout_s: float = 30.0, model: bytes = MODEL) -> str:
    """The one line that says what went wrong; the log it names holds what the program said."""
    with pytest.raises(EdgeTpuError) as caught:
        compile_for_edgetpu(model, program=program, timeout_s=timeout_s)
    message = str(caught.value)
    assert "\n" not in message
    named = re.search(r"all it said is in (\S+)$", message)
    assert named is not None
    assert "Edge TPU Compiler version 16.0" in Path(named[1]).read_text()
    return message


def test_a_model_is_compiled_and_its_log_read(stand_in: StandIn) -> None:
    program = stand_in("whole")
    compiled = compile_for_edgetpu(MODEL, program=program)
    assert compiled.model == COMPILED
    assert (compiled.log.on_tpu, compiled.log.on_cpu, compiled.log.subgraphs) == (6, 0, 1)
    assert compiled.log.compiler == "16.0.384591198"
    assert compiled.log.on_chip_used_bytes == 60 * 1024
    assert (program.parent / "arguments.txt").read_text().split() == ["-s", "-o", ".", "model.tflite"]


def test_nothing_is_left_behind(stand_in: StandIn, tmp_path: Path) -> None:
    compile_for_edgetpu(MODEL, program=stand_in("whole"))
    assert [path.name for path in tmp_path.iterdir()] == ["bin"]


def test_what_stays_on_the_cpu_comes_with_the_compilers_reason(stand_in: StandIn) -> None:
    log = compile_for_edgetpu(MODEL, program=stand_in("partial")).log
    assert (log.on_tpu, log.on_cpu) == (3, 3)
    assert ("GATHER", "Operation not supported") in {(row.op, row.status) for row in log.ops}
    console = Console(file=StringIO(), width=200)
    write_compiled(console, log)
    assert isinstance(console.file, StringIO)
    shown = console.file.getvalue()
    assert "3 of 6 ops run on the Edge TPU" in shown
    assert re.search(r"GATHER .* CPU .* Operation not supported", shown)


def test_the_table_may_be_in_its_file_alone(stand_in: StandIn) -> None:
    assert compile_for_edgetpu(MODEL, program=stand_in("table-in-file")).log.on_tpu == 6


def test_more_time_than_the_compiler_allows_itself_is_asked_for(stand_in: StandIn) -> None:
    program = stand_in("whole")
    compile_for_edgetpu(MODEL, program=program, timeout_s=200.5)
    assert "--timeout_sec\n201\n" in (program.parent / "arguments.txt").read_text()


@pytest.mark.parametrize(
    ("behaviour", "told"),
    [
        ("old-op", r"wrote no model: it does not know version 6 of CONV_2D"),
        ("not-quantized", r"wrote no model: the model is not quantized"),
        ("internal", r"ended with status 1: it crashed inside"),
        ("dynamic", r"only known when it runs"),
        ("custom", r"custom op Atan"),
        ("silent-failure", r"it says: Compilation failed!"),
        ("crash", r"ended by signal 11 \(SIGSEGV\)"),
        ("status-3", r"ended with status 3"),
        ("nothing", r"wrote no model: it does not say why"),
        ("empty", r"wrote an empty model"),
        ("cut", r"what it wrote is a damaged TFLite file"),
        ("text", r"what it wrote is not a TFLite file"),
        ("parent", r"what it wrote does not use the Edge TPU"),
        ("garbled", r"its log cannot be read"),
        ("no-table", r"its log cannot be read: it does not list the operations"),
        ("no-size", r"its log cannot be read: it does not say: On-chip memory used"),
        ("contradiction", r"its table lists 6 operations, its summary 7"),
        ("none", r"no operation runs on the Edge TPU"),
    ],
)
def test_a_failure_is_one_line_with_a_remedy_and_a_log(stand_in: StandIn, behaviour: str, told: str) -> None:
    assert re.search(told, refusal(stand_in(behaviour)))


def test_a_hanging_compiler_is_ended_with_its_children(stand_in: StandIn) -> None:
    program = stand_in("hang")
    assert "had not ended after 5 s" in refusal(program, timeout_s=5.0)
    assert gone(int((program.parent / "child.txt").read_text()))


def test_a_child_that_outlives_the_compiler_is_ended(stand_in: StandIn) -> None:
    program = stand_in("orphan")
    assert "crashed inside" in refusal(program)
    assert gone(int((program.parent / "child.txt").read_text()))


def gone(process: int) -> bool:
    """Whether a process ended, or ends within seconds: the signal was sent before."""
    for _ in range(100):
        try:
            if Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2].startswith("Z"):
                return True
        except (FileNotFoundError, ProcessLookupError):
            return True
        time.sleep(0.05)
    os.kill(process, signal.SIGKILL)
    return False


def test_a_missing_compiler_is_named_with_where_the_commands_are(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_compiler() is None
    with pytest.raises(ConvertError, match=r"edgetpu_compiler is not on the PATH: docs/edgetpu.md"):
        compile_for_edgetpu(MODEL)


def test_the_compiler_is_found_on_the_path(stand_in: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    program = stand_in("whole")
    monkeypatch.setenv("PATH", str(program.parent))
    assert find_compiler() == program
    assert compile_for_edgetpu(MODEL).log.on_tpu == 6


def test_a_program_that_cannot_be_started_is_named(tmp_path: Path) -> None:
    program = tmp_path / "edgetpu_compiler"
    program.write_bytes(b"\x7fELF of another machine")
    program.chmod(0o755)
    with pytest.raises(EdgeTpuError, match=r"edgetpu_compiler cannot be started: .*x86-64"):
        compile_for_edgetpu(MODEL, program=program)
    with pytest.raises(EdgeTpuError, match="cannot be started"):
        compile_for_edgetpu(MODEL, program=tmp_path / "missing")


def test_the_compiled_file_is_recognized() -> None:
    assert preflight(read_graph(COMPILED)).compiled


def test_what_the_compiler_did_other_than_expected_is_said(stand_in: StandIn) -> None:
    compiled = compile_for_edgetpu(MODEL, program=stand_in("whole"))
    scale = Scales((1.0,), (0,))
    tensors = tuple(Tensor(f"t{number}", (1, 4), "int8", scale) for number in range(3))
    expected = preflight(Graph(tensors, (Op("QUANTIZE", 1, (0,), (1,)), Op("QUANTIZE", 1, (1,), (2,))), (0,), (2,)))
    report = make_report(expected, compiled)
    assert report.differences == (
        "CONV_2D: 0 were expected on the Edge TPU, the compiler put 3 there",
        "FULLY_CONNECTED: 0 were expected on the Edge TPU, the compiler put 1 there",
    )
    assert msgspec.json.decode(msgspec.json.encode(report), type=EdgeTpuReport) == report
    assert make_report(expected, None).log is None


def test_the_page_has_the_commands_that_the_code_gives() -> None:
    page = (ROOT / "docs" / "edgetpu.md").read_text()
    assert DEBIAN in page
    assert DOCKERFILE in page
    assert CONTAINER in page
    assert DEBIAN.splitlines()[1] in install_advice()
