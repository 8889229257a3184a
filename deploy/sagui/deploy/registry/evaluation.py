"""What a version's own evaluation says of it, beside that of the latest one published. Pure rules, no I/O."""

from dataclasses import dataclass

from sagui.bundle import Manifest
from sagui.bundle.metrics import Proportion


@dataclass(frozen=True)
class Evaluation:
    """What a person is told of a version.

    Attributes:
        lines: How accurate it is, and the latest one.
        warnings: Why it may be a mistake to publish it; it is published all the same.
    """

    lines: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def evaluate(new: Manifest, before: Manifest | None = None) -> Evaluation:
    """Says how a version did, by the metrics of the exported files that manifests carry.

    Args:
        new: Of the bundle that is published.
        before: Of the latest version until now; None for the first one.
    """
    lines = [f"accuracy of {_accuracy(new)}"]
    warnings = [
        f"the accuracy gate refused {_name(new)} when it was converted: {why}" for why in new.quantization.forced
    ]
    if before:
        other = "" if _data(new) == _data(before) else ", on another data set"
        lines.append(f"the latest before it, {_accuracy(before)}{other}")
        if is_clearly_worse(new.metrics.exported.accuracy, before.metrics.exported.accuracy):
            warnings.append(
                f"{_name(new)} is clearly worse than {_name(before)}: the whole interval lies below; "
                f"sagui registry prune {_name(new)} withdraws it"
            )
    return Evaluation(tuple(lines), tuple(warnings))


def is_clearly_worse(new: Proportion, before: Proportion) -> bool:
    """Whether even the best that the one may be is less than the worst that the other may be.

    Intervals that overlap say nothing either way: so a warning is rarely wrong, and a small loss goes unsaid.
    """
    return new.high < before.low


def _accuracy(manifest: Manifest) -> str:
    share = manifest.metrics.exported.accuracy
    if not share.n:
        return f"{_name(manifest)}: not measured"
    return (
        f"{_name(manifest)}: {share.value:.1%} of {share.n} test photos "
        f"(95 % interval {share.low:.1%} to {share.high:.1%})"
    )


def _name(manifest: Manifest) -> str:
    return f"{manifest.name}=={manifest.version}"


def _data(manifest: Manifest) -> str:
    return manifest.training.dataset_fingerprint
