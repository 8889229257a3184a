"""What an evaluation found, in numbers. Pure rules, no I/O."""

from collections import Counter
from collections.abc import Iterator, Sequence
from statistics import fmean

import msgspec
import numpy as np
import numpy.typing as npt
from sklearn.metrics import f1_score

from sagui.bundle.manifest import Decision
from sagui.bundle.metrics import Proportion, proportion
from sagui.convert.evaluation.match import Matching
from sagui.convert.evaluation.score import Answer, Scored
from sagui.train.calibration import expected_error, reliability

_NAMED = 10


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """What was evaluated, and on what.

    Attributes:
        sha256: Of the model's file.
        threads: CPU threads of the network.
        engine: Where the photos were scored.
        data: The photos.
        part: The set of the split they are of.
    """

    model: str
    version: str
    sha256: str
    threads: int
    engine: str
    data: str
    part: str


class Confusion(msgspec.Struct, frozen=True, kw_only=True):
    """So many photos of one class that are called something else."""

    truth: str
    named: str
    photos: int


class Top(msgspec.Struct, frozen=True, kw_only=True):
    """The share of photos whose class is among the ``k`` best answers."""

    k: int
    accuracy: Proportion


class Latency(msgspec.Struct, frozen=True, kw_only=True):
    """Mean time for a photo, without reading it from the disk.

    Attributes:
        preprocess_ms: To fit it to the input.
        infer_ms: To run the network.
    """

    preprocess_ms: float
    infer_ms: float


class Naming(msgspec.Struct, frozen=True, kw_only=True):
    """What the threshold of a bundle does.

    Attributes:
        threshold: Below this score a photo is called unknown.
        unknown: The share of photos that are.
        accuracy: Of the others.
    """

    threshold: float
    unknown: Proportion
    accuracy: Proportion


class Findings(msgspec.Struct, frozen=True, kw_only=True):
    """How good a model file is, on photos, on a runtime.

    Attributes:
        runtime: Name and version of what ran it; several if several machines did.
        accuracy: Share of the photos named right.
        top: Left out where it says nothing.
        macro_f1: Mean over the classes that have photos.
        recall: Per class, the share of its photos named right; 0 of 0 where it has none.
        confusions: The most frequent first.
        calibration_error: How far score and accuracy are apart, on average: see `sagui.train.calibration`.
        decision: For bundles.
        unreadable: Name and reason of each photo that was left out.
        skipped: Photos of each class that the model has no label for; they were left out.
        notes: What a person should know, a sentence each.
    """

    schema: int = 1
    subject: Subject
    runtime: str
    accuracy: Proportion
    top: Top | None
    macro_f1: float
    recall: dict[str, Proportion]
    confusions: tuple[Confusion, ...]
    calibration_error: float
    latency: Latency
    decision: Naming | None
    unreadable: dict[str, str]
    skipped: dict[str, int]
    notes: tuple[str, ...] = ()


def find(
    subject: Subject,
    scored: Scored,
    matching: Matching,
    top: int,
    decision: Decision | None = None,
    skipped: dict[str, int] | None = None,
    notes: Sequence[str] = (),
) -> Findings:
    """Makes numbers of what a model says.

    Args:
        subject: What is evaluated.
        scored: What it says of each photo; of one at least.
        matching: What its answers mean.
        top: Among how many of the best answers a class was looked for.
        decision: Of a bundle.
        skipped: Photos of classes that the model cannot name.
        notes: What else a person should know.
    """
    answers, skipped = scored.answers, skipped or {}
    truth, named = np.array([one.truth for one in answers]), np.array([one.named for one in answers])
    right = truth == named
    # A quantized softmax may give a little more than 1.
    sureness = np.minimum([one.score for one in answers], 1.0)
    return Findings(
        subject=subject,
        runtime=", ".join(sorted(scored.runtimes)),
        accuracy=_share(right),
        top=Top(k=top, accuracy=_share(np.array([one.in_top for one in answers]))) if top > 1 else None,
        macro_f1=float(f1_score(truth, named, labels=np.unique(truth), average="macro", zero_division=0)),
        recall={matching.names[number]: _share(right[truth == number]) for number in sorted(matching.known)},
        confusions=_confusions(answers, matching.names),
        calibration_error=expected_error(reliability(sureness, right)),
        latency=Latency(
            preprocess_ms=fmean(one.preprocess_ms for one in answers), infer_ms=fmean(one.infer_ms for one in answers)
        ),
        decision=_naming(sureness, right, decision.threshold) if decision else None,
        unreadable=scored.unreadable,
        skipped=skipped,
        notes=(*notes, *_left_out(scored.unreadable, skipped)),
    )


def _share(hits: npt.NDArray[np.bool_]) -> Proportion:
    return proportion(int(hits.sum()), len(hits))


def _confusions(answers: Sequence[Answer], names: Sequence[str]) -> tuple[Confusion, ...]:
    counts = Counter((one.truth, one.named) for one in answers if one.truth != one.named)
    # Equal counts in the order of the classes, so that the same photos give the same list in any order.
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return tuple(Confusion(truth=names[truth], named=names[named], photos=n) for (truth, named), n in ordered)


def _naming(sureness: npt.NDArray[np.float64], right: npt.NDArray[np.bool_], threshold: float) -> Naming:
    sure = sureness >= threshold
    return Naming(threshold=threshold, unknown=_share(~sure), accuracy=_share(right[sure]))


def _left_out(unreadable: dict[str, str], skipped: dict[str, int]) -> Iterator[str]:
    if unreadable:
        shown = "; ".join(f"{name}: {reason}" for name, reason in list(unreadable.items())[:_NAMED])
        more = f"; and {len(unreadable) - _NAMED} more" if len(unreadable) > _NAMED else ""
        yield f"Left out, cannot be read ({len(unreadable)}): {shown}{more}."
    if skipped:
        shown = ", ".join(f"{name} ({photos})" for name, photos in list(skipped.items())[:_NAMED])
        more = f" and {len(skipped) - _NAMED} more classes" if len(skipped) > _NAMED else ""
        yield f"Left out, the model has no label for them ({sum(skipped.values())} photos): {shown}{more}."
