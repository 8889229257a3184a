"""The whole of training, as a story."""

import csv
import dataclasses
import platform
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from time import perf_counter

import keras

from sagui.bundle.manifest import InputSpec
from sagui.progress import SILENT, Progress
from sagui.train.audit import Audited, audit
from sagui.train.backbones.registry import Backbone, find_backbone
from sagui.train.datasets import Dataset
from sagui.train.evaluate import evaluate
from sagui.train.fit import Epoch, fit
from sagui.train.plots import plot_confusion, plot_curves
from sagui.train.recipe import Recipe, check, recipe_digest
from sagui.train.run import MODEL, DatasetRecord, Part, Run, RunMetrics, SplitPhoto, check_free, new_folder, write_run
from sagui.train.split import Split, split

_VERSIONS = ("sagui", "keras", "tensorflow", "numpy", "opencv-python-headless")


class Stopwatch:
    """How long each step took."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Times a step."""
        start = perf_counter()
        yield
        self.seconds[name] = round(perf_counter() - start, 2)


def train(
    dataset: Dataset,
    recipe: Recipe,
    out: Path,
    cache: Path,
    *,
    overwrite: bool = False,
    progress: Progress = SILENT,
) -> Run:
    """Learns to name photos, and writes a run folder.

    Args:
        dataset: The photos.
        recipe: How to learn.
        out: The folder to write.
        cache: Where pixels and frozen features are kept for the next time.
        overwrite: Whether a run in ``out`` may be replaced.
        progress: Told of every step.

    Raises:
        TrainError: The photos, the recipe, the weights or the folder will not do; nothing half-written is left.
    """
    check_free(out, overwrite=overwrite)
    recipe = check(recipe)
    watch = Stopwatch()
    spec = InputSpec(height=recipe.image_size, width=recipe.image_size, fit=recipe.fit)
    keras.utils.set_random_seed(recipe.seed)

    with watch.step("audit"):
        photos = audit(dataset, spec, cache, progress)
        parts = split(photos.photos, dataset.labels, recipe.test_share, recipe.validation_share, recipe.seed)
        _say(dataset, photos, parts, progress)
    with watch.step("weights"):
        backbone = find_backbone(recipe.backbone)
        network = _network(backbone, recipe, spec, progress)
    with watch.step("fit"):
        fitted = fit(network, backbone.block_end, photos, parts, dataset.labels, recipe, cache, progress)
    with watch.step("evaluate"):
        validation = evaluate(fitted.model, photos, parts.validation, dataset.labels, "validation", progress)
        test = evaluate(fitted.model, photos, parts.test, dataset.labels, "test", progress)

    metrics = RunMetrics(validation=validation, test=test)
    run = _run(dataset, photos, parts, recipe, spec, backbone, metrics, watch)
    with new_folder(out, overwrite=overwrite) as folder:
        fitted.model.save(folder / MODEL)
        _write_history(folder / "history.csv", fitted.history)
        plot_curves(fitted.history, folder / "curves.png")
        plot_confusion(test, dataset.labels, folder / "confusion.png")
        write_run(folder, run)
    return run


def _run(
    dataset: Dataset,
    photos: Audited,
    parts: Split,
    recipe: Recipe,
    spec: InputSpec,
    backbone: Backbone,
    metrics: RunMetrics,
    watch: Stopwatch,
) -> Run:
    source = {"imagenet": f"ImageNet ({backbone.source})", "none": "random"}.get(recipe.weights, recipe.weights)
    return Run(
        created=datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        labels=dataset.labels,
        input=spec,
        dataset=_record(dataset, photos),
        recipe=recipe,
        recipe_digest=recipe_digest(recipe),
        weights_source=source,
        split=_split_record(photos, parts),
        metrics=metrics,
        versions={name: version(name) for name in _VERSIONS} | {"python": platform.python_version()},
        seconds=watch.seconds,
    )


def _network(backbone: Backbone, recipe: Recipe, spec: InputSpec, progress: Progress) -> keras.Model:
    with progress.task(f"Build {backbone.name}, weights: {recipe.weights}"):
        network = backbone.build((spec.height, spec.width, spec.channels))
        if recipe.weights != "none":
            backbone.load(network, None if recipe.weights == "imagenet" else Path(recipe.weights))
    return network


def _say(dataset: Dataset, photos: Audited, parts: Split, progress: Progress) -> None:
    sizes = f"{len(parts.train)} to learn from, {len(parts.validation)} to validate, {len(parts.test)} to test"
    progress.say(f"  {dataset.title}: {len(photos.photos)} photos, {len(dataset.labels)} classes; {sizes}")
    for name, reason in photos.unreadable.items():
        progress.say(f"  left out {name}: {reason}")
    if photos.duplicates:
        progress.say(f"  left out {len(photos.duplicates)} copies of photos that are there already")
    for name in photos.contradictions:
        progress.say(f"  left out {name}: the same photo is in another class")


def _record(dataset: Dataset, photos: Audited) -> DatasetRecord:
    return DatasetRecord(
        source=dataset.source,
        title=dataset.title,
        root=str(dataset.root),
        fingerprint=photos.fingerprint(),
        unreadable=photos.unreadable,
        duplicates=photos.duplicates,
        contradictions=photos.contradictions,
    )


def _split_record(photos: Audited, parts: Split) -> dict[Part, tuple[SplitPhoto, ...]]:
    def part(positions: Sequence[int]) -> tuple[SplitPhoto, ...]:
        return tuple(
            SplitPhoto(name=photos.photos[at].name, label=photos.photos[at].label, sha256=photos.keys[at])
            for at in positions
        )

    return {"train": part(parts.train), "validation": part(parts.validation), "test": part(parts.test)}


def _write_history(path: Path, history: Sequence[Epoch]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [field.name for field in dataclasses.fields(Epoch)])
        writer.writeheader()
        writer.writerows(dataclasses.asdict(row) for row in history)
