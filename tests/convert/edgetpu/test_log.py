"""The compiler's output, read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagui.convert.edgetpu.diagnose import cause
from sagui.convert.edgetpu.errors import EdgeTpuError
from sagui.convert.edgetpu.log import CompilerLog, LoggedOps, parse_log

# In the form of version 16.0.
LOG = """\
Edge TPU Compiler version 16.0.384591198
Started a compilation timeout timer of 180 seconds.

Model compiled successfully in 1524 ms.

Input model: detector.tflite
Input size: 4.24MiB
Output model: detector_edgetpu.tflite
Output size: 5.57MiB
On-chip memory used for caching model parameters: 4.21MiB
On-chip memory remaining for caching model parameters: 511.50KiB
Off-chip memory used for streaming uncached model parameters: 0.00B
Number of Edge TPU subgraphs: 1
Total number of operations: 8
Operation log: detector_edgetpu.log

Model successfully compiled but not all operations are supported by the Edge TPU. A percentage of the model will instead
Number of operations that will run on Edge TPU: 5
Number of operations that will run on CPU: 3
See the operation log file for individual operation details.

Operator                       Count      Status

CUSTOM                         1          Operation is working on an unsupported data type
CONV_2D                        5          Mapped to Edge TPU
CONV_2D                        2          More than one subgraph is not supported
Compilation child process completed within timeout period.
Compilation succeeded!
"""


def test_all_that_it_says_is_read() -> None:
    assert parse_log(LOG) == CompilerLog(
        compiler="16.0.384591198",
        ops=(
            LoggedOps(op="CUSTOM", count=1, status="Operation is working on an unsupported data type"),
            LoggedOps(op="CONV_2D", count=5, status="Mapped to Edge TPU"),
            LoggedOps(op="CONV_2D", count=2, status="More than one subgraph is not supported"),
        ),
        on_tpu=5,
        on_cpu=3,
        subgraphs=1,
        on_chip_used_bytes=round(4.21 * 2**20),
        on_chip_remaining_bytes=523_776,
        off_chip_bytes=0,
    )


def test_version_2_said_what_was_available() -> None:
    old = LOG.replace("16.0.384591198", "2.0.267685300").replace(
        "On-chip memory remaining for caching model parameters: 511.50KiB",
        "On-chip memory available for caching model parameters: 6.91MiB",
    )
    assert parse_log(old).on_chip_remaining_bytes == round(6.91 * 2**20) - round(4.21 * 2**20)


def test_windows_line_ends_do_not_matter() -> None:
    assert parse_log(LOG.replace("\n", "\r\n")).ops[1].on_tpu


@pytest.mark.parametrize(
    ("gone", "reason"),
    [
        ("Edge TPU Compiler version", "version"),
        ("Total number of operations", "how many operations"),
        ("Number of Edge TPU subgraphs", "how many subgraphs"),
        ("On-chip memory used", "On-chip memory used"),
        ("On-chip memory remaining", "On-chip memory available"),
        ("Off-chip memory used", "Off-chip memory used"),
        ("Operator  ", "does not list"),
    ],
)
def test_what_is_missing_is_named(gone: str, reason: str) -> None:
    kept = "\n".join(line for line in LOG.splitlines() if not line.startswith(gone))
    with pytest.raises(EdgeTpuError, match=reason):
        parse_log(kept)


def test_numbers_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(EdgeTpuError, match="lists 8 operations, its summary 9"):
        parse_log(LOG.replace("operations: 8", "operations: 9"))


def test_an_empty_table_is_refused() -> None:
    with pytest.raises(EdgeTpuError, match="empty"):
        parse_log(LOG[: LOG.index("CUSTOM")])


@given(st.text())
def test_any_text_is_refused_in_one_line_or_read(text: str) -> None:
    with pytest.raises(EdgeTpuError) as caught:
        parse_log(text)
    assert "\n" not in str(caught.value)


@given(
    st.lists(
        st.tuples(
            st.from_regex(r"[A-Z][A-Z0-9_]{0,20}", fullmatch=True),
            st.integers(1, 999),
            st.sampled_from(["Mapped to Edge TPU", "Operation not supported"]),
        ),
        min_size=1,
    )
)
def test_every_row_is_counted(rows: list[tuple[str, int, str]]) -> None:
    table = "".join(f"{op:31}{count:<11}{status}\n" for op, count, status in rows)
    total = sum(count for _, count, _ in rows)
    start, end = LOG.index("CUSTOM"), LOG.index("Compilation child")
    log = parse_log((LOG[:start] + table + LOG[end:]).replace("operations: 8", f"operations: {total}"))
    assert [(row.op, row.count, row.status) for row in log.ops] == rows
    assert log.on_tpu == sum(count for _, count, status in rows if status == "Mapped to Edge TPU")
    assert log.on_tpu + log.on_cpu == total


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("ERROR: Didn't find op for builtin opcode 'EXP' version '2'. An older\n\nInvalid model", "version 2 of EXP"),
        ("ERROR: Op builtin_code out of range: 151. Are you using", "number 151"),
        ("Invalid model: x.tflite\nModel not quantized", "--quantize int8"),
        ("ERROR: Encountered unresolved custom op: Atan.\nNode 1 failed to prepare.", "custom op Atan"),
        (
            "a delegate that only supports static-sized tensors with a graph that has dynamic-sized tensors",
            "batch of 1",
        ),
        ("Compilation failed due to large activation tensors in model.", "input.size"),
        ("\nInternal compiler error. Aborting! ", "try again"),
        ("Invalid model: x.tflite\nModel could not be parsed", "cannot read the model"),
        ("ERROR: Something new.\nCompilation failed!", "it says: ERROR: Something new."),
        (LOG, ""),
        ("", ""),
    ],
)
def test_its_trouble_is_told_with_what_mends_it(said: str, told: str) -> None:
    found = cause(said)
    assert told in found if told else found == ""
    assert "\n" not in found
