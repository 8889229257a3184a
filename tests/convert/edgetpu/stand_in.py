"""Behaves like `edgetpu_compiler` 16.0 as people published it, its failures included.

Beside it lie `behaviour.txt`, which failure to show, and `compiled.tflite`, what it "compiles" to.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

HOME = Path(__file__).parent
VERSION = "Edge TPU Compiler version 16.0.384591198"

WHOLE = """\
QUANTIZE                       2          Mapped to Edge TPU
CONV_2D                        3          Mapped to Edge TPU
FULLY_CONNECTED                1          Mapped to Edge TPU
"""
PARTIAL = """\
CONV_2D                        2          Mapped to Edge TPU
CONV_2D                        1          More than one subgraph is not supported
GATHER                         1          Operation not supported
QUANTIZE                       1          Operation is otherwise supported, but not mapped due to some unspecified limitation
QUANTIZE                       1          Mapped to Edge TPU
"""  # noqa: E501 (as it prints them)
NONE = """\
CONV_2D                        6          Operation is working on an unsupported data type
"""
SUMMARY = """\

Model compiled successfully in 63 ms.

Input model: model.tflite
Input size: 25.99KiB
Output model: model_edgetpu.tflite
Output size: 99.94KiB
On-chip memory used for caching model parameters: {used}
On-chip memory remaining for caching model parameters: 7.50MiB
Off-chip memory used for streaming uncached model parameters: 0.00B
Number of Edge TPU subgraphs: {parts}
Total number of operations: {total}
Operation log: model_edgetpu.log
{some}
See the operation log file for individual operation details.
"""
SOME = """
Model successfully compiled but not all operations are supported by the Edge TPU. A percentage of the model will instead
run on the CPU, which is slower.
Number of operations that will run on Edge TPU: 3
Number of operations that will run on CPU: 3
"""
END = "Compilation child process completed within timeout period.\nCompilation {}! "
UNREADABLE = "ERROR: Registration failed.\n\nInvalid model: model.tflite\nModel could not be parsed"


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> int:
    arguments = sys.argv[1:]
    (HOME / "arguments.txt").write_text("\n".join(arguments))
    behaviour = (HOME / "behaviour.txt").read_text()
    out = Path(arguments[arguments.index("-o") + 1])
    model = Path(arguments[-1])
    say(VERSION)
    say("Started a compilation timeout timer of 180 seconds.")
    if not model.read_bytes():
        say(f"Invalid model: {model}\nModel could not be parsed")
        return 1
    if behaviour in FAILURES:
        return FAILURES[behaviour]()
    return compile_model(behaviour, out / f"{model.stem}_edgetpu.tflite", model)


def compile_model(behaviour: str, written: Path, model: Path) -> int:
    table = {"partial": PARTIAL, "none": NONE}.get(behaviour, WHOLE)
    content = {
        "empty": b"",
        "parent": model.read_bytes(),
        "cut": (HOME / "compiled.tflite").read_bytes()[:40],
        "text": b"this is no model",
    }.get(behaviour, (HOME / "compiled.tflite").read_bytes())
    if behaviour != "nothing":
        written.write_bytes(content)
    listed = f"{VERSION}\nInput: model.tflite\nOutput: model_edgetpu.tflite\n\nOperator  Count  Status\n\n{table}"
    written.with_suffix(".log").write_text("" if behaviour == "no-table" else listed)
    if behaviour == "garbled":
        say("\x00\xff garbage \x1b[31m")
        return 0
    total = 7 if behaviour == "contradiction" else 6
    say(
        SUMMARY.format(
            total=total,
            parts=0 if behaviour == "none" else 1,
            used="lots" if behaviour == "no-size" else "60.00KiB",
            some=SOME if table == PARTIAL else "",
        )
    )
    if behaviour not in {"table-in-file", "no-table"}:
        say(f"Operator                       Count      Status\n\n{table}")
    say(END.format("succeeded"))
    return 3 if behaviour == "status-3" else 0


def old_op() -> int:
    say(
        "ERROR: Didn't find op for builtin opcode 'CONV_2D' version '6'. An older version of this builtin might be "
        "supported. Are you using an old TFLite binary with a newer model?\n"
    )
    say(UNREADABLE)
    return 0


def not_quantized() -> int:
    say("Invalid model: model.tflite\nModel not quantized")
    return 0


def internal() -> int:
    say("\nInternal compiler error. Aborting! ")
    return 1


def dynamic() -> int:
    say(
        "ERROR: Attempting to use a delegate that only supports static-sized tensors with a graph that has "
        "dynamic-sized tensors.\nCompilation failed: Model failed in Tflite interpreter. Please ensure model can be "
        "loaded/run in Tflite interpreter."
    )
    say(END.format("failed"))
    return 1


def custom() -> int:
    say("ERROR: Encountered unresolved custom op: Atan.\nERROR: Node number 1 (Atan) failed to prepare.\n")
    say(END.format("failed"))
    return 1


def silent_failure() -> int:
    say(END.format("failed"))
    return 1


def crash() -> int:
    os.kill(os.getpid(), signal.SIGSEGV)
    return 0


def hang() -> int:
    child = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(600)"])
    (HOME / "child.txt").write_text(str(child.pid))
    time.sleep(600)
    return 0


def orphan() -> int:
    """Ends at once, but leaves a child that holds its output open."""
    child = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(600)"])
    (HOME / "child.txt").write_text(str(child.pid))
    return internal()


FAILURES = {
    "old-op": old_op,
    "not-quantized": not_quantized,
    "internal": internal,
    "dynamic": dynamic,
    "custom": custom,
    "silent-failure": silent_failure,
    "crash": crash,
    "hang": hang,
    "orphan": orphan,
}

if __name__ == "__main__":
    sys.exit(main())
