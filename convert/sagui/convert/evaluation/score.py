"""Photos through a model, in batches, wherever they run."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sagui.convert.errors import ConvertError
from sagui.convert.evaluation.model import SharedModel
from sagui.convert.evaluation.samples import Reader, Sample
from sagui.infer.classify import Classifier
from sagui.infer.errors import ModelError, PhotoError
from sagui.infer.preprocess import decode_photo
from sagui.progress import SILENT, Progress
from sagui.train.engine import LOCAL, Engine
from sagui.train.engine.port import single_threaded

BATCH = 16
"""Photos that a process scores at a time; no more are in its memory than one of them."""


class Answer(NamedTuple):
    """What the model says of one photo.

    Attributes:
        truth: The number of its class.
        named: The number of what the model calls it.
        score: The best score, calibrated.
        in_top: Whether its class is among the best answers.
        preprocess_ms: Time to fit it to the input.
        infer_ms: Time to run the network.
    """

    truth: int
    named: int
    score: float
    in_top: bool
    preprocess_ms: float
    infer_ms: float


@dataclass(frozen=True)
class Scored:
    """What the model says of some photos.

    Attributes:
        answers: One for each photo that can be read.
        unreadable: The others by name, with the reason.
        runtimes: Names and versions of what ran it.
    """

    answers: tuple[Answer, ...]
    unreadable: dict[str, str]
    runtimes: frozenset[str]


@dataclass(frozen=True)
class Work:
    """What every batch needs.

    Attributes:
        model: The model.
        reader: Reads the photos.
        answers: For each output of the model, the number of what it means.
        top: Among how many of the best answers a class is looked for.
    """

    model: SharedModel
    reader: Reader
    answers: tuple[int, ...]
    top: int = 1


@single_threaded
def score_batch(work: Work, samples: Sequence[Sample]) -> Scored:
    """Scores some photos, one by one, as a device does.

    Raises:
        ModelError: The model fails on a photo.
        SaguiError: A photo is gone, or not the one that it was.
    """
    classifier = work.model.load().classifier
    answers, unreadable = [], {}
    for sample in samples:
        try:
            photo = decode_photo(work.reader.read(sample))
        except PhotoError as error:
            unreadable[sample.name] = str(error)
        else:
            answers.append(_answer(classifier, photo, sample, work))
    return Scored(tuple(answers), unreadable, frozenset({classifier.runtime.name}))


def _answer(classifier: Classifier, photo: npt.NDArray[np.uint8], sample: Sample, work: Work) -> Answer:
    seen = classifier.classify(photo)
    if not np.isfinite(seen.scores).all():
        raise ModelError(
            f"the model gives scores that are no numbers (NaN) to {sample.name}: convert or train it again"
        )
    best = np.argsort(-seen.scores, kind="stable")[: work.top]
    named = [work.answers[output] for output in best]
    return Answer(
        sample.truth,
        named[0],
        float(seen.scores[best[0]]),
        sample.truth in named,
        seen.preprocess_ms,
        seen.infer_ms,
    )


def score(work: Work, samples: Sequence[Sample], engine: Engine = LOCAL, progress: Progress = SILENT) -> Scored:
    """Scores photos.

    Args:
        work: The model and what goes with it.
        samples: The photos.
        engine: Runs the batches.
        progress: Told of each batch.

    Raises:
        ConvertError: None of the photos can be read.
        ModelError: The model fails on a photo.
        TrainError: The engine fails, or a photo of a run is not the one that it was.
    """
    parts = []
    with progress.task(f"Evaluate {work.model.name}", len(samples)) as advance:
        for part in engine.map(score_batch, work, _batches(samples)):
            parts.append(part)
            advance(len(part.answers) + len(part.unreadable))
    scored = _together(parts)
    if not scored.answers:
        name, reason = next(iter(scored.unreadable.items()))
        raise ConvertError(f"none of the {len(samples)} photos can be read; {name}: {reason}")
    return scored


def _batches(samples: Sequence[Sample]) -> Iterator[Sequence[Sample]]:
    for start in range(0, len(samples), BATCH):
        yield samples[start : start + BATCH]


def _together(parts: Iterable[Scored]) -> Scored:
    answers: list[Answer] = []
    unreadable: dict[str, str] = {}
    runtimes: set[str] = set()
    for part in parts:
        answers += part.answers
        unreadable |= part.unreadable
        runtimes |= part.runtimes
    return Scored(tuple(answers), unreadable, frozenset(runtimes))
