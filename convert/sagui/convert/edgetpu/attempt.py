"""The Edge TPU's part of a conversion: what is expected, and the compiler's work where it is installed."""

from sagui.convert.edgetpu.advice import install_advice
from sagui.convert.edgetpu.compiler import Compiled, compile_for_edgetpu, find_compiler
from sagui.convert.edgetpu.errors import EdgeTpuError
from sagui.convert.edgetpu.preflight import preflight
from sagui.convert.edgetpu.report import EdgeTpuReport, make_report
from sagui.convert.graph import read_graph
from sagui.progress import Progress


def attempt(model: bytes, progress: Progress, *, asked: bool) -> tuple[EdgeTpuReport, bytes | None]:
    """Compiles a file for the Edge TPU if it can be, and tells what happened.

    A device without the compiled file runs the other one on its CPU: a failure is said and is no reason to stop.

    Args:
        model: In full int8, with its metadata.
        progress: Told what happened.
        asked: Whether somebody asked for the Edge TPU; then it is also said what is missing.

    Returns:
        What is known, and the compiled file; None where there is none.
    """
    expected, compiled, failure = preflight(read_graph(model)), None, ""
    program = find_compiler()
    if program is not None and not expected.refused:
        compiled, failure = _compile(model, progress)
    report = make_report(expected, compiled, failure)
    for sentence in report.differences:
        progress.say(f"  {sentence}")
    if asked:
        for reason in expected.refused:
            progress.say(f"  no Edge TPU model: {reason}")
        if program is None:
            progress.say(install_advice())
    return report, compiled.model if compiled else None


def _compile(model: bytes, progress: Progress) -> tuple[Compiled | None, str]:
    try:
        return compile_for_edgetpu(model, progress=progress), ""
    except EdgeTpuError as error:
        progress.say(f"  no Edge TPU model: {error}")
        # What is written down must be the same each time, and the log's name is not.
        return None, error.reason
