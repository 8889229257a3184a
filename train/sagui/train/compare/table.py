"""What is said of runs side by side. Pure rules, no I/O."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from sagui.bundle.metrics import Proportion
from sagui.train.compare.contestants import Contestant, paired_hits
from sagui.train.compare.paired import describe, mcnemar


@dataclass(frozen=True)
class Row:
    """A line of the table: what, and its value in each run."""

    what: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Comparison:
    """Runs side by side.

    Attributes:
        names: The runs.
        accuracies: Of each, on its test photos.
        measures: What they reached and what they cost.
        differences: The recipe's keys in which they differ.
        verdicts: Whether they differ from the first by more than chance, a sentence each.
    """

    names: tuple[str, ...]
    accuracies: tuple[Proportion, ...]
    measures: tuple[Row, ...]
    differences: tuple[Row, ...]
    verdicts: tuple[str, ...]


def compare_runs(runs: Sequence[Contestant]) -> Comparison:
    """Puts runs side by side.

    Args:
        runs: Two or more; the first is what the others are compared with.
    """
    return Comparison(
        names=tuple(run.name for run in runs),
        accuracies=tuple(run.run.metrics.quality.accuracy for run in runs),
        measures=measures(runs),
        differences=differences(runs),
        verdicts=verdicts(runs),
    )


def measures(runs: Sequence[Contestant]) -> tuple[Row, ...]:
    """What the runs reached and what they cost."""
    columns = [_measures(run) for run in runs]
    return tuple(Row(what, tuple(column[what] for column in columns)) for what in columns[0])


def differences(runs: Sequence[Contestant]) -> tuple[Row, ...]:
    """The recipe's keys in which the runs differ, and no others."""
    recipes = [dict(_flat(msgspec.to_builtins(run.run.recipe))) for run in runs]
    rows = (Row(key, tuple(_word(recipe.get(key)) for recipe in recipes)) for key in recipes[0])
    return tuple(row for row in rows if len(set(row.values)) > 1)


def verdicts(runs: Sequence[Contestant]) -> tuple[str, ...]:
    """Says of each run whether it differs from the first by more than chance."""
    first, *others = runs
    sentences = []
    for other in others:
        hits = paired_hits(first, other)
        if hits is None:
            sentences.append(
                f"{first.name} and {other.name} were tested on other photos, so they cannot be compared photo by "
                "photo: only if their intervals lie apart, one is surely better."
            )
        else:
            sentences.append(describe(mcnemar(*hits), first.name, other.name))
    if len(others) > 1:
        sentences.append(
            f"With {len(others)} comparisons at once, one of them may well reach p < 0.05 by chance alone."
        )
    return tuple(sentences)


def _measures(contestant: Contestant) -> dict[str, str]:
    run, quality = contestant.run, contestant.run.metrics.quality
    share = quality.accuracy
    return {
        "photos": f"{run.dataset.title} {run.dataset.fingerprint[:8]}",
        "backbone": run.recipe.backbone.name,
        "test photos": f"{share.n:,}",
        "accuracy": f"{share.value:.1%}",
        "95 % interval": f"{share.low:.1%} to {share.high:.1%}",
        "validation accuracy": f"{run.metrics.validation.accuracy.value:.1%}",
        "macro F1": f"{quality.macro.f1:.3f}",
        "ECE": f"{100 * quality.calibration.ece_before:.1f} points",
        "ECE, calibrated": f"{100 * quality.calibration.ece_after:.1f} points",
        "training": f"{sum(run.seconds.values()):,.0f} s",
        "parameters": f"{run.parameters:,}",
        "model.keras": f"{contestant.model_bytes / 1e6:,.1f} MB",
    }


def _flat(tree: dict[str, Any], section: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{key}.")
        else:
            yield f"{section}{key}", value


def _word(value: Any) -> str:  # noqa: ANN401 (a recipe holds values of many types)
    match value:
        case None:
            return "auto"
        case bool():
            return str(value).lower()
        case float():
            return f"{value:g}"
        case list() | tuple():
            return ", ".join(map(_word, value)) or "none"
        case _:
            return str(value)
