"""What a report keeps of the Edge TPU."""

import msgspec

from sagui.convert.edgetpu.compiler import Compiled
from sagui.convert.edgetpu.log import CompilerLog
from sagui.convert.edgetpu.preflight import Preflight
from sagui.convert.edgetpu.table import differences


class EdgeTpuReport(msgspec.Struct, frozen=True, kw_only=True):
    """What was expected of the compiler, and what it did.

    Attributes:
        expected: Told without it.
        log: What it said; None where it was not run.
        differences: Where the two do not agree, a sentence each.
        failure: Why it failed; empty where it did not.
    """

    expected: Preflight
    log: CompilerLog | None = None
    differences: tuple[str, ...] = ()
    failure: str = ""


def make_report(expected: Preflight, compiled: Compiled | None, failure: str = "") -> EdgeTpuReport:
    """Sets both side by side.

    Args:
        expected: Of the model that was compiled.
        compiled: What became of it; None where there is no compiler, or where it failed.
        failure: Why it failed.
    """
    if compiled is None:
        return EdgeTpuReport(expected=expected, failure=failure)
    return EdgeTpuReport(expected=expected, log=compiled.log, differences=differences(expected, compiled.log))
