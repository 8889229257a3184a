"""Shows what an evaluation found in a terminal."""

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from sagui.bundle.metrics import Proportion
from sagui.convert.evaluation.findings import Confusion, Findings

_SHOWN_CLASSES = 30
_SHOWN_CONFUSIONS = 10


def write_terminal(console: Console, findings: Findings) -> None:
    """Writes tables and notes."""
    table = Table.grid(padding=(0, 2))
    for what, value in summary(findings):
        table.add_row(escape(what), escape(value))
    console.print(table)
    console.print(_recall(findings.recall))
    if findings.confusions:
        console.print(_confusions(findings.confusions))
    for note in findings.notes:
        console.print(note, markup=False, highlight=False)


def summary(findings: Findings) -> Iterator[tuple[str, str]]:
    """The numbers over all photos, each with its name."""
    subject, latency, decision = findings.subject, findings.latency, findings.decision
    yield "model", f"{subject.model} {subject.version}".strip()
    yield "photos", f"{findings.accuracy.n:,} of {subject.data} ({_set(subject.part)})"
    yield "accuracy", share(findings.accuracy)
    if findings.top:
        yield f"top-{findings.top.k} accuracy", share(findings.top.accuracy)
    yield "macro F1", f"{findings.macro_f1:.3f}"
    yield "calibration error", f"{100 * findings.calibration_error:.1f} points"
    if decision:
        yield "called unknown", f"{share(decision.unknown)}, with a score under {decision.threshold:g}"
        yield "accuracy of the others", share(decision.accuracy)
    fit, infer = latency.preprocess_ms, latency.infer_ms
    yield "a photo takes", f"{fit + infer:.1f} ms on average: {fit:.1f} to fit it, {infer:.1f} in the network"
    yield "runtime", f"{findings.runtime}, {_counted(subject.threads, 'thread')}, engine {subject.engine}"


def share(proportion: Proportion) -> str:
    """A share with its interval."""
    if not proportion.n:
        return "no photos"
    return f"{proportion.value:.1%} (95 % interval {proportion.low:.1%} to {proportion.high:.1%})"


def _set(part: str) -> str:
    return "all" if part == "all" else f"the {part} set"


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _recall(recall: dict[str, Proportion]) -> Table:
    """Each class; the worst ones where there are many."""
    table = Table("class", "recall", "95 % interval", "photos")
    for column in table.columns[1:]:
        column.justify = "right"
    rows = list(recall.items())
    if len(rows) > _SHOWN_CLASSES:
        rows = sorted((row for row in rows if row[1].n), key=lambda row: row[1].value)[:_SHOWN_CLASSES]
        table.caption = f"the worst {len(rows)} of {len(recall)} classes; --json tells all"
    for label, one in rows:
        numbers = (f"{one.value:.1%}", f"{one.low:.1%} to {one.high:.1%}") if one.n else ("", "")
        table.add_row(escape(label), *numbers, f"{one.n:,}")
    return table


def _confusions(confusions: Sequence[Confusion]) -> Table:
    table = Table("class", "called", "photos")
    table.columns[2].justify = "right"
    for one in confusions[:_SHOWN_CONFUSIONS]:
        table.add_row(escape(one.truth), escape(one.named), f"{one.photos:,}")
    if len(confusions) > _SHOWN_CONFUSIONS:
        table.caption = f"and {len(confusions) - _SHOWN_CONFUSIONS} more pairs"
    return table
