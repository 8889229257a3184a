"""The whole of an evaluation, as a story."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from sagui.convert.errors import ConvertError
from sagui.convert.evaluation.findings import Findings, Subject, find
from sagui.convert.evaluation.match import Pairs, match
from sagui.convert.evaluation.model import SharedModel
from sagui.convert.evaluation.samples import Photos
from sagui.convert.evaluation.score import Work, score
from sagui.progress import SILENT, Progress
from sagui.train.engine import LOCAL, Engine

TOP = 5


@dataclass(frozen=True)
class Options:
    """What a person may choose about an evaluation.

    Attributes:
        top: Among how many of the best answers a class is looked for, too; `TOP` where the model has more, if it is
            left out.
        pairs: Classes and the labels that mean them; the others are matched by name.
        ignore_unknown: Leave out photos of classes that the model has no label for.
    """

    top: int | None = None
    pairs: Pairs = ()
    ignore_unknown: bool = False


def evaluate(
    model: SharedModel,
    photos: Photos,
    options: Options | None = None,
    engine: Engine = LOCAL,
    progress: Progress = SILENT,
) -> Findings:
    """Finds out how good a model file is.

    Args:
        model: A bundle, or any TFLite image classifier.
        photos: With their classes.
        options: How.
        engine: Where photos are scored.
        progress: Told of each batch.

    Raises:
        ConvertError: The model's labels and the photos' classes do not fit, or no photo can be read.
        InferError: The model does not run here, or fails on a photo.
        TrainError: The engine fails, or a photo of a run is not the one that it was.
    """
    options = options or Options()
    loaded = model.load()
    matching = match(photos.labels, loaded.classifier.labels, options.pairs, ignore_unknown=options.ignore_unknown)
    samples = [sample for sample in photos.samples if sample.truth in matching.known]
    if not samples:
        raise ConvertError(f"{photos.what}: no photo is left whose class the model has a label for")
    skipped = Counter(photos.labels[one.truth] for one in photos.samples if one.truth not in matching.known)
    top = _top(options.top, len(set(matching.answers)))
    scored = score(Work(model, photos.reader, matching.answers, top), samples, engine, progress)
    subject = Subject(
        model=loaded.name,
        version=loaded.version if model.bundle else "",
        sha256=model.digest,
        threads=model.threads,
        engine=engine.name,
        data=photos.what,
        part=photos.part,
    )
    return find(
        subject,
        scored,
        matching,
        top,
        decision=loaded.classifier.decision if model.bundle else None,
        skipped=dict(skipped),
        notes=(*loaded.notes, *photos.notes, *_acquainted(model, photos), *matching.notes),
    )


def _acquainted(model: SharedModel, photos: Photos) -> Iterator[str]:
    if model.learned_from and model.learned_from == photos.title:
        yield (
            f"The model was made with photos called {photos.title!r}, too: if it has learned from some of these, the "
            "numbers flatter it (--run RUN takes the test photos of its training alone)."
        )


def _top(asked: int | None, labels: int) -> int:
    """How many of the best answers are looked at; 1 where more would say nothing.

    Raises:
        ConvertError: A class would always be among those asked for.
    """
    if asked is None:
        return TOP if labels > TOP else 1
    if asked >= labels:
        raise ConvertError(f"--top {asked}: the model has {labels} labels, so every one is among them; ask for fewer")
    return asked
