"""Tries recipes on the same photos; the test photos stay unseen."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter

import keras
import msgspec

from sagui.bundle.manifest import InputSpec
from sagui.errors import SaguiError
from sagui.progress import SILENT, Advance, Progress
from sagui.train.audit import Audited, audit
from sagui.train.cross_validate import Job, run_fold
from sagui.train.datasets import Dataset
from sagui.train.engine import LOCAL, Engine
from sagui.train.errors import DatasetError, RecipeError, TrainError
from sagui.train.freeze_ahead import freeze_ahead, same_trunk
from sagui.train.pipeline import resolve_for
from sagui.train.prepare import Prepared, input_spec, prepare_photos
from sagui.train.recipe.choices import Recipe
from sagui.train.recipe.explain import recipe_digest
from sagui.train.split import Split
from sagui.train.sweep.journal import About, Journal, Notes, Score
from sagui.train.sweep.plan import Trial
from sagui.train.sweep.ranking import Contestant, Standing, ranking

_REASON_LETTERS = 500


@dataclass(frozen=True)
class Options:
    """What a person may choose about a sweep beside its recipes.

    Attributes:
        overwrite: Whether a sweep that is there may be replaced.
        resume: Whether an interrupted one goes on.
        engine: Runs the trainings.
    """

    overwrite: bool = False
    resume: bool = False
    engine: Engine = LOCAL


@dataclass(frozen=True)
class Bench:
    """What every training of a sweep is given.

    Attributes:
        photos: What the audit left, by what they are brought to.
        splits: What to learn from and what to measure on, for each fold; no test photo is in them.
        labels: The classes' names.
        cache: Where pixels and frozen features are.
    """

    photos: Mapping[InputSpec, Audited]
    splits: tuple[Split, ...]
    labels: tuple[str, ...]
    cache: Path


@dataclass(frozen=True)
class Turn:
    """One training: a recipe on one fold."""

    recipe: Recipe
    digest: str
    fold: int


@dataclass(frozen=True)
class Findings:
    """What a sweep found.

    Attributes:
        standings: The best trial first.
        folds: How many folds measured each; 0 where the validation photos did.
        photos: How many photos the choice stands on.
        unseen: How many test photos there are, that no trial has seen.
    """

    standings: tuple[Standing, ...]
    folds: int
    photos: int
    unseen: int


def try_recipes(
    dataset: Dataset,
    trials: Sequence[Trial],
    out: Path,
    cache: Path,
    options: Options | None = None,
    progress: Progress = SILENT,
) -> Findings:
    """Learns by each recipe from the training photos, and measures it on the validation photos or by folds.

    A trial that fails is recorded with its reason; the others go on.

    Args:
        dataset: The photos.
        trials: All split them alike.
        out: The folder of the sweep; what was found is in it after each training.
        cache: Where pixels and frozen features are kept for the next time.
        options: What else was chosen.
        progress: Told of every training.

    Raises:
        TrainError: The photos, a recipe or the folder will not do.
    """
    options = options or Options()
    journal = Journal(out)
    journal.check_free(resume=options.resume, overwrite=options.overwrite)
    contestants = _contestants(dataset, trials)
    first = contestants[0].recipe
    cache = cache.absolute()
    ready = prepare_photos(dataset, first, cache, progress)
    _say(dataset, ready, progress)
    bench = Bench(
        _photos(dataset, ready, contestants, cache, progress), _splits(dataset, ready, first), dataset.labels, cache
    )
    with journal.open(_about(dataset, ready, first), resume=options.resume) as notes:
        scores = _try(contestants, bench, notes, options.engine, progress)
    standings = ranking(contestants, scores)
    measured = {at for parts in bench.splits for at in parts.test}
    return Findings(standings, first.split.folds, len(measured), len(ready.parts.test))


def _contestants(dataset: Dataset, trials: Sequence[Trial]) -> tuple[Contestant, ...]:
    """Fills in every recipe; of those that are then the same, the first is kept."""
    found: dict[str, Contestant] = {}
    for trial in trials:
        try:
            recipe = resolve_for(dataset, trial.recipe)
        except RecipeError as error:
            raise RecipeError(f"trial {trial.number} ({trial}): {error}") from error
        digest = recipe_digest(recipe)
        found.setdefault(digest, Contestant(trial, recipe, digest))
    return tuple(found.values())


def _photos(
    dataset: Dataset, ready: Prepared, contestants: Sequence[Contestant], cache: Path, progress: Progress
) -> dict[InputSpec, Audited]:
    """The photos as each recipe's network takes them.

    Raises:
        DatasetError: They change while they are looked at.
    """
    specs = {input_spec(one.recipe): None for one in contestants}
    first, *others = specs
    found = {first: ready.photos} | {spec: audit(dataset, spec, cache, progress) for spec in others}
    if any(photos.keys != ready.photos.keys for photos in found.values()):
        raise DatasetError(f"{dataset.source}: photos changed while they were looked at; begin again")
    return found


def _splits(dataset: Dataset, ready: Prepared, recipe: Recipe) -> tuple[Split, ...]:
    if recipe.split.folds:
        return tuple(ready.folds(dataset, recipe))
    # What measures here are the validation photos.
    return (replace(ready.parts, test=ready.parts.validation),)


def _about(dataset: Dataset, ready: Prepared, recipe: Recipe) -> About:
    content = msgspec.json.encode((ready.split_record(), recipe.split, recipe.seed, dataset.labels))
    return About(dataset=dataset.source, photos=hashlib.sha256(content).hexdigest())


def _say(dataset: Dataset, ready: Prepared, progress: Progress) -> None:
    parts = ready.parts
    progress.say(
        f"  {dataset.title}: {len(ready.photos.photos)} photos, {len(dataset.labels)} classes; {len(parts.train)} to "
        f"learn from, {len(parts.validation)} to validate; {len(parts.test)} to test, which no trial sees"
    )
    for note in ready.notes:
        progress.say(f"  {note}")


def _try(
    contestants: Sequence[Contestant], bench: Bench, notes: Notes, engine: Engine, progress: Progress
) -> dict[tuple[str, int], Score]:
    """Runs what was not run before."""
    known = {(score.recipe, score.fold): score for score in notes.known}
    folds = range(len(bench.splits))
    every = {(one.digest, fold): one for one in contestants for fold in folds}
    scores = {turn: known[turn] for turn in every if turn in known}
    todo = [Turn(one.recipe, one.digest, fold) for (_, fold), one in every.items() if (one.digest, fold) not in known]
    if scores:
        progress.say(f"  {len(scores)} of {len(every)} trainings were done before")
    _freeze(todo, bench, engine, progress)
    numbers = {one.digest: one.trial.number for one in contestants}
    failed: set[str] = set()
    # What is left of a trial that failed is passed over.
    turns = (turn for turn in todo if turn.digest not in failed)
    with progress.task(f"Try {len(contestants)} recipes", len(every)) as advance:
        advance(len(scores))
        for turn, result in engine.as_done(try_recipe, bench, turns):
            score = result if isinstance(result, Score) else _failure(turn, result)
            notes.add(score)
            scores[turn.digest, turn.fold] = score
            failed |= {turn.digest} if score.reason else set()
            _tell(numbers[turn.digest], score, advance, progress)
    return scores


def _freeze(todo: Sequence[Turn], bench: Bench, engine: Engine, progress: Progress) -> None:
    positions = sorted({at for parts in bench.splits for at in (*parts.train, *parts.validation, *parts.test)})
    for recipe in {same_trunk(turn.recipe): turn.recipe for turn in todo}.values():
        photos = bench.photos[input_spec(recipe)]
        try:
            freeze_ahead(photos, positions, len(bench.labels), recipe, bench.cache, engine, progress)
        except TrainError:
            # It stops those trials alone that need these features: they meet it again, and record it.
            continue


def try_recipe(bench: Bench, turn: Turn) -> Score:
    """Learns by one recipe on one fold, and measures it.

    Whatever goes wrong is the trial's own: it is recorded.
    """
    start = perf_counter()
    recipe = turn.recipe
    job = Job(bench.photos[input_spec(recipe)], bench.labels, recipe, bench.cache)
    try:
        share = run_fold(job, bench.splits[turn.fold])
    except Exception as error:  # noqa: BLE001 (one trial must not end the others)
        return _failure(turn, error)
    finally:
        # Networks of trials that are over would fill the memory.
        keras.utils.clear_session()
    seconds = round(perf_counter() - start, 2)
    return Score(recipe=turn.digest, fold=turn.fold, accuracy=share.value, n=share.n, seconds=seconds)


def _failure(turn: Turn, error: Exception) -> Score:
    text = " ".join(str(error).split())
    reason = text if isinstance(error, SaguiError) else f"{type(error).__name__}: {text}"
    return Score(recipe=turn.digest, fold=turn.fold, reason=reason[:_REASON_LETTERS])


def _tell(number: int, score: Score, advance: Advance, progress: Progress) -> None:
    if score.reason:
        progress.say(f"  trial {number} failed: {score.reason}")
    advance(1, f"trial {number}: {score.accuracy:.1%} right" if not score.reason else f"trial {number} failed")
