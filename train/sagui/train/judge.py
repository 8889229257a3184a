"""The end of a training: how good the network is, on photos it has never seen."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import numpy.typing as npt

from sagui.bundle.metrics import Measure, measure
from sagui.progress import SILENT, Progress
from sagui.train.audit import audit
from sagui.train.calibration import fit_temperature
from sagui.train.datasets import Dataset, Photo
from sagui.train.datasets.walk import PassedOver, photos_below
from sagui.train.engine import LOCAL, Engine
from sagui.train.errors import DatasetError
from sagui.train.predict import predict
from sagui.train.predictions import predictions_of
from sagui.train.prepare import Prepared, input_spec
from sagui.train.quality import Predictions, Quality, choose_thresholds, quality
from sagui.train.recipe.choices import Recipe
from sagui.train.unknowns import UnknownsQuality, judge_unknowns


@dataclass(frozen=True)
class Judged:
    """What a network reached.

    Attributes:
        validation: What it says of the validation photos,
        test: and of the test photos, asked once.
        validation_measure: How good that is,
        test_measure: likewise.
        quality: Everything else about the test photos.
        unknowns: How it does on things it has never seen, if there were some.
    """

    validation: Predictions
    test: Predictions
    validation_measure: Measure
    test_measure: Measure
    quality: Quality
    unknowns: UnknownsQuality | None


def judge(
    model: keras.Model,
    dataset: Dataset,
    ready: Prepared,
    recipe: Recipe,
    cache: Path,
    unknowns: Path | None = None,
    engine: Engine = LOCAL,
    progress: Progress = SILENT,
) -> Judged:
    """Measures a network; temperature and thresholds are chosen on the validation photos.

    Args:
        model: From photos to probabilities.
        dataset: The photos.
        ready: And how they are split.
        recipe: A resolved one.
        cache: Where pixels are kept.
        unknowns: A folder of photos of things that are none of the classes.
        engine: Runs the batches.
        progress: Told of each batch.

    Raises:
        DatasetError: The folder of unknowns holds no photos.
    """
    labels, task = dataset.labels, recipe.task or "single-label"
    photos, parts = ready.photos, ready.parts
    validation = predictions_of(model, photos, parts.validation, labels, "validation", engine, progress)
    test = predictions_of(model, photos, parts.test, labels, "test", engine, progress)
    temperature = fit_temperature(validation.scores, validation.truth, task)
    thresholds = choose_thresholds(validation.truth, validation.scores) if task == "multi-label" else ()
    strangers = _strangers_scores(model, unknowns, recipe, cache, engine, progress) if unknowns else None
    of_test = quality(test, labels, task, temperature, thresholds)
    return Judged(
        validation=validation,
        test=test,
        validation_measure=_measure(validation, labels, quality(validation, labels, task, temperature, thresholds)),
        test_measure=_measure(test, labels, of_test),
        quality=of_test,
        unknowns=None if strangers is None else judge_unknowns(test.scores, strangers, labels, temperature, task),
    )


def _measure(predictions: Predictions, labels: Sequence[str], found: Quality) -> Measure:
    if found.multi_label is None:
        return measure(predictions.truth.argmax(axis=1), predictions.scores.argmax(axis=1), labels)
    recall = {one.label: one.recall for one in found.per_class}
    return Measure(accuracy=found.accuracy, macro_f1=found.macro.f1, recall=recall, confusion=())


def _strangers_scores(
    model: keras.Model, folder: Path, recipe: Recipe, cache: Path, engine: Engine, progress: Progress
) -> npt.NDArray[np.float32]:
    photos = audit(read_unknowns(folder), input_spec(recipe), cache, progress)
    return predict(model, photos.pixels, photos.keys, "Evaluate on the unknown things", engine, progress)


def read_unknowns(folder: Path) -> Dataset:
    """Finds all photos below a folder, as a dataset without a class that counts.

    Raises:
        DatasetError: There are none.
    """
    try:
        paths = photos_below(folder, (), PassedOver())
    except OSError as error:
        raise DatasetError(f"{folder}: the photos of unknown things cannot be read: {error.strerror}") from error
    if not paths:
        raise DatasetError(f"{folder}: no photos of unknown things below it; put some there, or leave --unknowns out")
    photos = tuple(Photo(path.relative_to(folder).as_posix(), (0,), "unknown") for path in paths)
    return Dataset(str(folder), folder.name, folder.resolve(), ("unknown",), photos)
