"""Shows what a sweep found: on a terminal, as a table for spreadsheets, and as a recipe to train by."""

import csv
import io
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import stdev

from msgspec.structs import replace
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from sagui.bundle.replace import write_bytes
from sagui.train.errors import RunError
from sagui.train.recipe.explain import to_toml
from sagui.train.sweep.ranking import Standing, rivals
from sagui.train.sweep.run import Findings

TABLE, BEST = "trials.csv", "best.toml"
_SHOWN = 10


def write_findings(folder: Path, findings: Findings) -> None:
    """Writes ``trials.csv``, and ``best.toml`` unless all trials failed.

    Raises:
        RunError: They cannot be written.
    """
    best = findings.standings[0]
    try:
        write_bytes(folder / TABLE, _csv(findings).encode())
        if not best.reason:
            write_bytes(folder / BEST, _best(findings).encode())
    except OSError as error:
        raise RunError(f"{folder}: cannot be written: {error.strerror}") from error


def write_terminal(console: Console, findings: Findings) -> None:
    """Writes a table of the best trials."""
    best = findings.standings[:_SHOWN]
    table = Table("trial", "accuracy", "spread" if findings.folds else "95 % interval", "seconds")
    for name in _short([path for path, _ in best[0].contestant.trial.changes]):
        table.add_column(escape(name), overflow="fold")
    for one in best:
        row = [str(one.contestant.trial.number), *_reached(one, findings), f"{one.seconds:.1f}"]
        table.add_row(*row, *(escape(str(value)) for _, value in one.contestant.trial.changes))
    console.print(table)
    if len(findings.standings) > len(best):
        console.print(f"and {len(findings.standings) - len(best)} more", highlight=False)


def sentences(findings: Findings, source: str, folder: Path) -> Iterator[str]:
    """What the result is worth, and what comes next.

    Args:
        findings: It.
        source: What a person called the photos.
        folder: The sweep's.
    """
    best, *others = findings.standings
    by = f"{findings.folds} folds of {findings.photos} photos" if findings.folds else f"{findings.photos} photos"
    failed = sum(bool(one.reason) for one in others)
    yield (
        f"Best of {len(findings.standings)}: trial {best.contestant.trial.number} ({best.contestant.trial}), "
        f"{best.accuracy:.1%} right on {by}{f'; {failed} failed' if failed else ''}."
    )
    if others:
        close = rivals(findings.standings)
        alike = f" {close} more lie within its 95 % interval, and may be as good." if close else ""
        yield (
            f"The choice stands on {findings.photos} photos, and being the best of several flatters a recipe a little: "
            f"some of its lead is luck (the winner's curse).{alike}"
        )
    yield (
        f"The {findings.unseen} test photos, which no trial has seen, judge it: "
        f"{shlex.join(['sagui', 'train', source, '--recipe', str(folder / BEST), '--out', 'RUN'])}"
    )


def _reached(one: Standing, findings: Findings) -> tuple[str, str]:
    if one.reason:
        return "failed", ""
    if findings.folds:
        return f"{one.accuracy:.1%}", f"{100 * _spread(one):.1f} points"
    return f"{one.accuracy:.1%}", f"{one.share.low:.1%} to {one.share.high:.1%}"


def _short(paths: Sequence[str]) -> list[str]:
    """Keys without their sections, where that tells them apart."""
    names = [path.rpartition(".")[2] for path in paths]
    return [name if names.count(name) == 1 else path for name, path in zip(names, paths, strict=True)]


def _spread(one: Standing) -> float:
    """Standard deviation of the folds' accuracies."""
    return stdev(score.accuracy for score in one.scores)


def _csv(findings: Findings) -> str:
    text = io.StringIO()
    keys = [path for path, _ in findings.standings[0].contestant.trial.changes]
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["trial", "accuracy", "low", "high", "spread", "photos", "seconds", *keys, "failed"])
    for one in findings.standings:
        writer.writerow(_row(one, findings.folds))
    return text.getvalue()


def _row(one: Standing, folds: int) -> list[object]:
    trial = one.contestant.trial
    values = [value for _, value in trial.changes]
    if one.reason:
        return [trial.number, "", "", "", "", "", "", *values, one.reason]
    share = one.share
    numbers = (one.accuracy, share.low, share.high)
    spread = f"{_spread(one):.4f}" if folds else ""
    shown = [f"{number:.4f}" for number in numbers]
    return [trial.number, *shown, spread, one.photos, round(one.seconds, 2), *values, ""]


def _best(findings: Findings) -> str:
    best = findings.standings[0]
    recipe = best.contestant.recipe
    about = [
        f"The best of {len(findings.standings)} recipes: {best.accuracy:.1%} right on {findings.photos} photos.",
        f"Chosen: {best.contestant.trial}.",
    ]
    if findings.folds:
        about.append(f"It was cross-validated with {findings.folds} folds, so split.folds is 0 here.")
        recipe = replace(recipe, split=replace(recipe.split, folds=0))
    return "".join(f"# {' '.join(line.split())}\n" for line in about) + "\n" + to_toml(recipe)
