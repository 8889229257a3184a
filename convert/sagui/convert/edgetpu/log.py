"""Reads what `edgetpu_compiler` says. Pure, no I/O.

Its output is for people, and not documented. The forms here are those of versions 2.0 to 16.0, as people published
them.
"""

import re

import msgspec

from sagui.convert.edgetpu.errors import EdgeTpuError

MAPPED = "Mapped to Edge TPU"
"""The status of an op that runs there; any other is the reason why not."""

_UNITS = {"B": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
_SIZE = rf"(\d+(?:\.\d+)?)({'|'.join(_UNITS)})\b"
_ROW = re.compile(r"^([A-Z][A-Z0-9_]*)[ \t]+(\d{1,9})[ \t]+(\S.*?)[ \t]*$", re.MULTILINE)
_HEADER = re.compile(r"^Operator\s+Count\s+Status\s*$", re.MULTILINE)
_VERSION = re.compile(r"Edge TPU Compiler version (\S{1,50})")


class LoggedOps(msgspec.Struct, frozen=True, kw_only=True):
    """Ops of a kind that fared alike.

    Attributes:
        op: The kind.
        count: How many.
        status: What the compiler says of them.
    """

    op: str
    count: int
    status: str

    @property
    def on_tpu(self) -> bool:
        """Whether they run on the Edge TPU."""
        return self.status == MAPPED


class CompilerLog(msgspec.Struct, frozen=True, kw_only=True):
    """What the compiler says it made.

    Attributes:
        compiler: Its version.
        ops: A row for each kind and status.
        on_tpu: Ops on the Edge TPU.
        on_cpu: Ops on the CPU.
        subgraphs: Parts that run on the Edge TPU.
        on_chip_used_bytes: Parameters that its memory keeps.
        on_chip_remaining_bytes: What is left of it.
        off_chip_bytes: Parameters that are sent anew for every photo.
    """

    compiler: str
    ops: tuple[LoggedOps, ...]
    on_tpu: int
    on_cpu: int
    subgraphs: int
    on_chip_used_bytes: int
    on_chip_remaining_bytes: int
    off_chip_bytes: int


def parse_log(text: str) -> CompilerLog:
    """Reads the compiler's output.

    Args:
        text: All it wrote, the operation table included (``-s``, or the log file beside the model).

    Raises:
        EdgeTpuError: Something that it always says is missing, or two of its numbers contradict each other.
    """
    text = text.replace("\r\n", "\n")
    ops = _table(text)
    total = _number(text, r"Total number of operations: *(\d{1,9})", "how many operations there are")
    on_tpu = sum(row.count for row in ops if row.on_tpu)
    on_cpu = sum(row.count for row in ops if not row.on_tpu)
    if on_tpu + on_cpu != total:
        raise EdgeTpuError(f"its table lists {on_tpu + on_cpu} operations, its summary {total}")
    version = _VERSION.search(text)
    if version is None:
        raise EdgeTpuError("it does not say its version")
    return CompilerLog(
        compiler=version[1],
        ops=ops,
        on_tpu=on_tpu,
        on_cpu=on_cpu,
        subgraphs=_number(text, r"Number of Edge TPU subgraphs: *(\d{1,9})", "how many subgraphs there are"),
        on_chip_used_bytes=_bytes(text, "On-chip memory used for caching model parameters"),
        on_chip_remaining_bytes=_remaining_bytes(text),
        off_chip_bytes=_bytes(text, "Off-chip memory used for streaming uncached model parameters"),
    )


def _table(text: str) -> tuple[LoggedOps, ...]:
    header = _HEADER.search(text)
    if header is None:
        raise EdgeTpuError("it does not list the operations")
    rows = _ROW.findall(text[header.end() :])
    if not rows:
        raise EdgeTpuError("its list of operations is empty")
    return tuple(LoggedOps(op=op, count=int(count), status=status) for op, count, status in rows)


def _number(text: str, pattern: str, what: str) -> int:
    found = re.search(pattern, text)
    if found is None:
        raise EdgeTpuError(f"it does not say {what}")
    return int(found[1])


def _remaining_bytes(text: str) -> int:
    if "On-chip memory remaining" in text:
        return _bytes(text, "On-chip memory remaining for caching model parameters")
    # Until version 2.0 it said what there was at first.
    available = _bytes(text, "On-chip memory available for caching model parameters")
    return max(available - _bytes(text, "On-chip memory used for caching model parameters"), 0)


def _bytes(text: str, label: str) -> int:
    found = re.search(rf"{label}: *{_SIZE}", text)
    if found is None:
        raise EdgeTpuError(f"it does not say: {label}")
    return round(float(found[1]) * _UNITS[found[2]])
