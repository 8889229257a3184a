"""Everything a person looks at after a training: the report and its pictures."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from sagui.bundle.replace import write_bytes
from sagui.train.augment.picture import picture_of_16
from sagui.train.judge import Judged
from sagui.train.learn import Learned
from sagui.train.prepare import Prepared
from sagui.train.recipe.explain import to_toml
from sagui.train.report.charts import plot_confusion, plot_curves
from sagui.train.report.explain import explained, feature_map_pictures
from sagui.train.report.facts import Facts, Mistake, Picture
from sagui.train.report.layers import layer_rows
from sagui.train.report.mistakes import worst_mistakes
from sagui.train.report.page import write_report
from sagui.train.run import Run

AUGMENTED = "augmented.png"
_ROWS = 4
_EXAMPLES = 3


def present(folder: Path, run: Run, learned: Learned, judged: Judged, ready: Prepared) -> None:
    """Writes ``report.html``, ``curves.png``, ``confusion.png`` and ``augmented.png`` into a run's folder.

    Raises:
        OSError: The disk is full or cannot be written.
    """
    examples = list(_pixels(ready, _one_of_each(ready, _ROWS)))
    augmented = picture_of_16(examples, run.recipe.augmentation, run.recipe.seed)
    write_bytes(folder / AUGMENTED, augmented)
    plot_curves(learned.history, folder / "curves.png")
    plot_confusion(judged.quality, run.labels, folder / "confusion.png")
    write_report(
        folder,
        Facts(
            title=run.dataset.title,
            backbone=run.recipe.backbone.name,
            created=run.created,
            task=run.task,
            labels=run.labels,
            quality=judged.quality,
            validation=judged.validation_measure.accuracy,
            history=learned.history,
            recipe=to_toml(run.recipe),
            sizes={part: len(photos) for part, photos in run.split.items()},
            notes=run.dataset.notes,
            layers=layer_rows(learned.model),
            pictures=(Picture("Augmentation", _ABOUT_AUGMENTED, augmented),),
            feature_maps=feature_map_pictures(learned.model, _pixels(ready, ready.parts.test[:_EXAMPLES])),
            mistakes=_mistakes(learned.model, run, judged, ready),
            unknowns=judged.unknowns,
            folds=run.metrics.folds,
            versions=run.versions,
            seconds=run.seconds,
        ),
    )


_ABOUT_AUGMENTED = (
    "Four photos, each as it is and in three copies such as the network learned from. A person must still name all of "
    "them right: what changes the meaning does not belong into augmentation."
)


def _mistakes(model: keras.Model, run: Run, judged: Judged, ready: Prepared) -> tuple[Mistake, ...]:
    multi_label = judged.quality.multi_label
    thresholds = multi_label.thresholds if multi_label else ()
    wrong = worst_mistakes(judged.test, run.labels, run.task, thresholds)
    photos = _pixels(ready, [ready.parts.test[one.position] for one in wrong])
    return explained(model, wrong, photos)


def _one_of_each(ready: Prepared, count: int) -> list[int]:
    """Training photos, of as many classes as there are."""
    return list(_in_turn(ready))[:count]


def _in_turn(ready: Prepared) -> Iterator[int]:
    photos = ready.photos.photos
    seen: set[tuple[int, ...]] = set()
    later = []
    for at in ready.parts.train:
        if photos[at].labels in seen:
            later.append(at)
        else:
            seen.add(photos[at].labels)
            yield at
    yield from later


def _pixels(ready: Prepared, positions: Sequence[int]) -> npt.NDArray[Any]:
    return np.asarray(ready.photos.pixels.take([ready.photos.keys[at] for at in positions]))
