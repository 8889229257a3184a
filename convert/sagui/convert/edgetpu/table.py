"""The same table for what is expected and for what the compiler did. Pure rules, no I/O."""

from collections import Counter
from dataclasses import dataclass

from sagui.convert.edgetpu.log import CompilerLog
from sagui.convert.edgetpu.preflight import Preflight, Verdict


@dataclass(frozen=True)
class Row:
    """Ops of a kind that fare alike.

    Attributes:
        op: The kind.
        count: How many.
        on_tpu: Where they run.
        why: Why they run on the CPU.
        macs_share: Of the network's multiply-accumulates; None where they are not known.
    """

    op: str
    count: int
    on_tpu: bool
    why: str = ""
    macs_share: float | None = None


def rows_of_preflight(expected: Preflight) -> tuple[Row, ...]:
    """Puts ops of a kind that fare alike together, first those on the Edge TPU."""
    counts, macs = Counter[tuple[str, bool, str]](), Counter[tuple[str, bool, str]]()
    for verdict in expected.verdicts:
        counts[_fate(verdict)] += 1
        macs[_fate(verdict)] += verdict.macs
    rows = (
        Row(op, count, on_tpu, why, macs[op, on_tpu, why] / expected.macs if expected.macs else None)
        for (op, on_tpu, why), count in counts.items()
    )
    return tuple(sorted(rows, key=_order))


def rows_of_log(log: CompilerLog) -> tuple[Row, ...]:
    """Gives the compiler's rows, first those on the Edge TPU."""
    rows = (Row(ops.op, ops.count, ops.on_tpu, "" if ops.on_tpu else ops.status) for ops in log.ops)
    return tuple(sorted(rows, key=_order))


def differences(expected: Preflight, log: CompilerLog) -> tuple[str, ...]:
    """Says where the compiler did other than expected, a sentence for each kind of op."""
    foreseen = Counter(verdict.op for verdict in expected.verdicts if verdict.on_tpu)
    done: Counter[str] = Counter()
    for ops in log.ops:
        done[ops.op] += ops.count if ops.on_tpu else 0
    return tuple(
        f"{op}: {foreseen[op]} were expected on the Edge TPU, the compiler put {done[op]} there"
        for op in sorted(foreseen | done)
        if foreseen[op] != done[op]
    )


def _fate(verdict: Verdict) -> tuple[str, bool, str]:
    return verdict.op, verdict.on_tpu, verdict.why


def _order(row: Row) -> tuple[bool, int, str, str]:
    return not row.on_tpu, -row.count, row.op, row.why
