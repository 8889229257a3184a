"""What a finished run is: a folder, and how it is written and read.

This module is all that conversion sees of training; it imports neither Keras nor TensorFlow.
"""

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import msgspec

from sagui.bundle.manifest import InputSpec, Label
from sagui.bundle.metrics import Measure, Proportion
from sagui.bundle.replace import write_bytes
from sagui.train.datasets import port
from sagui.train.errors import RunError
from sagui.train.quality import Quality
from sagui.train.recipe.choices import Recipe, Task
from sagui.train.replace_folder import replacing_folder
from sagui.train.unknowns import UnknownsQuality

SCHEMA = 2
RUN = "run.json"
MODEL = "model.keras"
PREDICTIONS = "predictions.npz"
RECIPE = "recipe.toml"

Part = port.Part


class SplitPhoto(msgspec.Struct, frozen=True, kw_only=True):
    """A photo of the split, by name and content."""

    name: str
    labels: tuple[int, ...]
    sha256: str

    @property
    def label(self) -> int:
        """The number of its class, where each photo has one."""
        (label,) = self.labels
        return label


class DatasetRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The photos a run learned from.

    Attributes:
        unreadable: Name and reason of each photo that was left out.
        duplicates: Photos left out because the same file was there before.
        contradictions: Photos left out because the same file was there under another class.
        notes: What was found in them, and what was done about it, a sentence each.
        leaks: Pairs of photos that look nearly the same and are in different sets.
    """

    source: str
    title: str
    root: str
    fingerprint: str
    unreadable: dict[str, str] = {}
    duplicates: tuple[str, ...] = ()
    contradictions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    leaks: tuple[tuple[str, str], ...] = ()


class RunMetrics(msgspec.Struct, frozen=True, kw_only=True):
    """What the network reached, on photos it did not learn from.

    Attributes:
        folds: The accuracy on the held-out photos of each fold, where there was a cross-validation.
    """

    validation: Measure
    test: Measure
    quality: Quality
    folds: tuple[Proportion, ...] = ()
    unknowns: UnknownsQuality | None = None


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """``run.json``.

    Attributes:
        recipe: With everything filled in: the same again gives the same weights on the same machine.
        parameters: Numbers that the network consists of.
        seconds: How long each step took.
    """

    schema: Annotated[int, msgspec.Meta(ge=1)] = SCHEMA
    created: str
    task: Task
    labels: tuple[Label, ...]
    input: InputSpec
    dataset: DatasetRecord
    recipe: Recipe
    recipe_digest: str
    weights_source: str
    parameters: int
    split: dict[Part, tuple[SplitPhoto, ...]]
    metrics: RunMetrics
    versions: dict[str, str]
    seconds: dict[str, float]


def write_run(folder: Path, run: Run) -> None:
    """Writes ``run.json``."""
    write_bytes(folder / RUN, msgspec.json.format(msgspec.json.encode(run), indent=2) + b"\n")


def read_run(folder: Path) -> Run:
    """Reads ``run.json``.

    Raises:
        RunError: The folder is no finished run; the message says what is missing or wrong.
    """
    path = folder / RUN
    try:
        run = msgspec.json.decode(path.read_bytes(), type=Run)
    except OSError as error:
        raise RunError(
            f"{folder}: not a finished run (no {RUN}): {error.strerror}; make one with: sagui train DATA --out {folder}"
        ) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RunError(f"{path}: not a run of this sagui: {error}; train again") from error
    if run.schema != SCHEMA:
        raise RunError(f"{path}: schema {run.schema}, this sagui reads {SCHEMA}; train again or use the other sagui")
    if not (folder / MODEL).is_file():
        raise RunError(f"{folder}: {MODEL} is missing; train again")
    return run


def read_photo_file(run: Run, photo: SplitPhoto, root: Path | None = None) -> bytes:
    """Reads a photo of the split, and makes sure that it is still the same.

    Args:
        run: The run.
        photo: One of its split.
        root: Where the photos lie now, if they were moved.

    Raises:
        RunError: The photo is gone or has changed.
    """
    path = (root or Path(run.dataset.root)) / photo.name
    try:
        content = path.read_bytes()
    except OSError as error:
        raise RunError(
            f"{path}: a photo of the run cannot be read: {error.strerror}; if the photos were moved, say where to "
            "with --data DIR"
        ) from error
    if hashlib.sha256(content).hexdigest() != photo.sha256:
        raise RunError(f"{path}: the photo has changed since the training; train again")
    return content


@contextmanager
def new_folder(out: Path, *, overwrite: bool = False) -> Iterator[Path]:
    """Gives a folder beside ``out``, and renames it to ``out`` when the block ends well.

    Raises:
        RunError: ``out`` is there already, or cannot be written. Nothing half-written is left.
    """
    out = out.resolve()
    check_free(out, overwrite=overwrite)
    try:
        with replacing_folder(out) as folder:
            yield folder
    except OSError as error:
        raise RunError(f"{out}: cannot be written: {error.strerror or error}; nothing was kept") from error


def _check_writable(out: Path) -> None:
    """Looks at the nearest folder that is there: nothing is made before there is something to keep."""
    there = next(parent for parent in out.parents if parent.exists())
    if not there.is_dir():
        raise RunError(f"{out}: cannot be written: {there} is not a folder; choose another folder with --out")
    try:
        with tempfile.TemporaryFile(dir=there):
            pass
    except OSError as error:
        raise RunError(f"{out}: cannot be written: {error.strerror}; choose another folder with --out") from error


def check_free(out: Path, *, overwrite: bool) -> None:
    """Makes sure that a run can be written, before hours are spent on it.

    Raises:
        RunError: Something is there that is not to be replaced.
    """
    out = out.resolve()
    if out == Path.cwd():
        raise RunError(
            f"{out} is the folder you are in, and a run replaces its folder whole; choose another with --out"
        )
    if not out.name:
        raise RunError(f"{out} cannot be a run; choose a folder with --out")
    if above := next((parent for parent in out.parents if (parent / RUN).is_file()), None):
        raise RunError(f"{out} is inside the run {above}, which is replaced whole; choose another folder with --out")
    _check_writable(out)
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    if not overwrite:
        raise RunError(f"{out} exists; choose another folder with --out, or replace it with --overwrite")
    if not (out / RUN).is_file():
        raise RunError(f"{out} is not a run, so it is not replaced; choose another folder with --out")
