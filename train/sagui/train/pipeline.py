"""The whole of training, as a story."""

import csv
import dataclasses
import hashlib
import platform
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter

from msgspec import structs

from sagui.bundle.metrics import Proportion
from sagui.bundle.replace import write_bytes
from sagui.progress import SILENT, Progress
from sagui.train.backbones.registry import find_backbone
from sagui.train.checkpoint import Saved
from sagui.train.cross_validate import Job, cross_validate, mean_and_spread
from sagui.train.datasets import Dataset
from sagui.train.engine import LOCAL, Engine
from sagui.train.errors import DatasetError, RecipeError
from sagui.train.fit import Place
from sagui.train.freeze_ahead import freeze_ahead
from sagui.train.judge import Judged, judge, read_unknowns
from sagui.train.learn import Learned, learn
from sagui.train.networks import resolved
from sagui.train.predictions import save_predictions
from sagui.train.prepare import Prepared, input_spec, prepare_photos
from sagui.train.present import present
from sagui.train.recipe.choices import Recipe
from sagui.train.recipe.explain import recipe_digest, to_toml
from sagui.train.run import (
    MODEL,
    PREDICTIONS,
    RECIPE,
    DatasetRecord,
    Run,
    RunMetrics,
    check_free,
    new_folder,
    write_run,
)
from sagui.train.unfinished import About, Unfinished
from sagui.train.watch import Epoch

EVENTS = "tensorboard"
_VERSIONS = ("sagui", "keras", "tensorflow", "numpy", "opencv-python-headless")


@dataclass(frozen=True)
class Options:
    """What a person may choose about a training beside its recipe.

    Attributes:
        overwrite: Whether a run that is there may be replaced.
        resume: Whether an interrupted training goes on.
        unknowns: A folder of photos of things that are none of the classes, to see what becomes of them.
        engine: Runs what is independent.
    """

    overwrite: bool = False
    resume: bool = False
    unknowns: Path | None = None
    engine: Engine = LOCAL


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
    options: Options | None = None,
    progress: Progress = SILENT,
) -> Run:
    """Learns to name photos, and writes a run folder.

    Args:
        dataset: The photos.
        recipe: How to learn.
        out: The folder to write.
        cache: Where pixels and frozen features are kept for the next time.
        options: What else was chosen.
        progress: Told of every step.

    Raises:
        TrainError: The photos, the recipe, the weights or the folder will not do; nothing half-written is left.
    """
    options = options or Options()
    check_free(out, overwrite=options.overwrite)
    unfinished = Unfinished(out.resolve())
    unfinished.check_free(resume=options.resume, overwrite=options.overwrite)
    recipe = resolve_for(dataset, recipe)
    if options.unknowns:
        read_unknowns(options.unknowns)
    watch = Stopwatch()
    with watch.step("audit"):
        ready = prepare_photos(dataset, recipe, cache, progress)
        _say(dataset, ready, progress)
    about = _about(dataset, ready, recipe)
    saved, folds = unfinished.resume(about) if options.resume else (None, ())
    with watch.step("cross-validation"):
        if saved is None:
            folds = _cross_validate(dataset, ready, recipe, cache, options, progress)
    with watch.step("fit"):
        place = _place(unfinished, structs.replace(about, folds=folds), saved, cache, options, progress)
        learned = _learn(dataset, ready, recipe, place, progress)
    with watch.step("evaluate"):
        judged = judge(learned.model, dataset, ready, recipe, cache, options.unknowns, options.engine, progress)
    with watch.step("write"), new_folder(out, overwrite=options.overwrite) as folder:
        run = _run(dataset, ready, recipe, learned, judged, folds, watch)
        _write(folder, run, learned, judged, ready, progress)
        _keep_events(unfinished, folder)
    unfinished.end()
    return run


def resolve_for(dataset: Dataset, recipe: Recipe) -> Recipe:
    """Fills in what a recipe leaves open, for these photos.

    Raises:
        RecipeError: A choice does not exist, or choices do not go together.
        DatasetError: The photos have several labels each, and the recipe has one.
    """
    full = resolved(recipe, dataset.task)
    if full.training.tensorboard and find_spec("tensorboard") is None:
        raise RecipeError(
            "training.tensorboard = true needs TensorBoard: pip install 'sagui[tensorboard]', or leave it out"
        )
    if full.task == "single-label" and dataset.task == "multi-label":
        raise DatasetError(
            f"{dataset.source}: photos have several labels each, and the recipe says task = single-label; leave task "
            "out, or give each photo one label"
        )
    return full


def _cross_validate(
    dataset: Dataset, ready: Prepared, recipe: Recipe, cache: Path, options: Options, progress: Progress
) -> tuple[Proportion, ...]:
    if not recipe.split.folds:
        return ()
    if options.engine.remote:
        # Folds that run side by side would each compute all of them.
        learned = sorted((*ready.parts.train, *ready.parts.validation))
        freeze_ahead(ready.photos, learned, len(dataset.labels), recipe, cache, options.engine, progress)
    job = Job(ready.photos, dataset.labels, recipe, cache)
    folds = cross_validate(job, ready.folds(dataset, recipe), options.engine, progress)
    mean, spread = mean_and_spread(folds)
    progress.say(f"  {len(folds)} folds: {mean:.1%} right in the mean, standard deviation {100 * spread:.1f} points")
    return folds


def _about(dataset: Dataset, ready: Prepared, recipe: Recipe) -> About:
    weights = hashlib.sha256(repr([photo.weight for photo in ready.photos.photos]).encode())
    if recipe.backbone.weights not in ("imagenet", "none"):
        weights.update(Path(str(recipe.backbone.weights)).read_bytes())
    return About(recipe=recipe, split=ready.split_record(), labels=dataset.labels, weights=weights.hexdigest())


def _place(
    unfinished: Unfinished, about: About, saved: Saved | None, cache: Path, options: Options, progress: Progress
) -> Place:
    if saved is None:
        if options.resume:
            progress.say("  nothing to go on with: training from the beginning")
        unfinished.end()
    else:
        progress.say(f"  going on after epoch {saved.epoch} ({saved.phase})")
    return Place(cache, options.engine, unfinished.checkpoints(about), saved, unfinished.folder / EVENTS)


def _learn(dataset: Dataset, ready: Prepared, recipe: Recipe, place: Place, progress: Progress) -> Learned:
    try:
        return learn(ready.photos, ready.parts, dataset.labels, recipe, place, progress)
    except KeyboardInterrupt:
        progress.say("  interrupted; the same command with --resume goes on after the last whole epoch")
        raise


def _say(dataset: Dataset, ready: Prepared, progress: Progress) -> None:
    parts = ready.parts
    sizes = f"{len(parts.train)} to learn from, {len(parts.validation)} to validate, {len(parts.test)} to test"
    progress.say(f"  {dataset.title}: {len(ready.photos.photos)} photos, {len(dataset.labels)} classes; {sizes}")
    for note in ready.notes:
        progress.say(f"  {note}")


def _run(
    dataset: Dataset,
    ready: Prepared,
    recipe: Recipe,
    learned: Learned,
    judged: Judged,
    folds: tuple[Proportion, ...],
    watch: Stopwatch,
) -> Run:
    backbone = find_backbone(recipe.backbone.name)
    weights = recipe.backbone.weights or ""
    return Run(
        created=datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        task=recipe.task or "single-label",
        labels=dataset.labels,
        input=input_spec(recipe),
        dataset=_record(dataset, ready),
        recipe=recipe,
        recipe_digest=recipe_digest(recipe),
        weights_source={"imagenet": f"ImageNet ({backbone.source})", "none": "random"}.get(weights, weights),
        parameters=learned.model.count_params(),
        split=ready.split_record(),
        metrics=RunMetrics(
            validation=judged.validation_measure,
            test=judged.test_measure,
            quality=judged.quality,
            folds=folds,
            unknowns=judged.unknowns,
        ),
        versions={name: version(name) for name in _VERSIONS} | {"python": platform.python_version()},
        seconds=watch.seconds,
    )


def _record(dataset: Dataset, ready: Prepared) -> DatasetRecord:
    photos = ready.photos
    return DatasetRecord(
        source=dataset.source,
        title=dataset.title,
        root=str(dataset.root),
        fingerprint=photos.fingerprint(),
        unreadable=photos.unreadable,
        duplicates=photos.duplicates,
        contradictions=photos.contradictions,
        notes=ready.notes,
        leaks=ready.leaks,
    )


def _write(folder: Path, run: Run, learned: Learned, judged: Judged, ready: Prepared, progress: Progress) -> None:
    learned.model.save(folder / MODEL)
    write_history(folder / "history.csv", learned.history)
    write_bytes(folder / RECIPE, to_toml(run.recipe).encode())
    save_predictions(folder / PREDICTIONS, judged.validation, judged.test)
    with progress.task("Write the report"):
        present(folder, run, learned, judged, ready)
    write_run(folder, run)


def _keep_events(unfinished: Unfinished, folder: Path) -> None:
    events = unfinished.folder / EVENTS
    if events.exists():
        shutil.copytree(events, folder / EVENTS)


def write_history(path: Path, history: Sequence[Epoch]) -> None:
    """Writes ``history.csv``: a row for each epoch."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [field.name for field in dataclasses.fields(Epoch)])
        writer.writeheader()
        writer.writerows(dataclasses.asdict(row) for row in history)
