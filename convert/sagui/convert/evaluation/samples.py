"""Which photos are scored: those of a dataset, or of the split of a run."""

import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from msgspec.structs import replace

from sagui.convert.errors import ConvertError
from sagui.infer.errors import PhotoError
from sagui.train.datasets import Dataset, Part
from sagui.train.run import Run, SplitPhoto, read_photo_file, read_run

PartName = Literal["train", "validation", "test", "all"]
PARTS: tuple[PartName, ...] = ("train", "validation", "test", "all")


@dataclass(frozen=True)
class Sample:
    """A photo to score.

    Attributes:
        name: Its path below the folder of all.
        truth: The number of its class.
        sha256: Of its content, where a run remembers it.
    """

    name: str
    truth: int
    sha256: str = ""


class Reader(Protocol):
    """Reads photos, wherever they are scored."""

    def read(self, sample: Sample) -> bytes:
        """Reads one.

        Raises:
            PhotoError: It cannot be read; others may be.
            SaguiError: Nothing can be said without it.
        """


@dataclass(frozen=True)
class FolderReader:
    """Photos of a dataset."""

    root: Path

    def read(self, sample: Sample) -> bytes:
        """See `Reader.read`."""
        path = self.root / sample.name
        try:
            return path.read_bytes()
        except (FileNotFoundError, NotADirectoryError) as error:
            raise ConvertError(
                f"{path}: not seen by {socket.gethostname()}; put it back if it was moved, and let photos lie in a "
                "folder that all machines share if there are several"
            ) from error
        except OSError as error:
            raise PhotoError(f"cannot be read: {error.strerror}") from error


@dataclass(frozen=True)
class RunReader:
    """Photos of a run, which must still be the same.

    Attributes:
        run: Its split is not needed.
        root: Where the photos lie now, if they were moved.
    """

    run: Run
    root: Path | None

    def read(self, sample: Sample) -> bytes:
        """See `Reader.read`."""
        photo = SplitPhoto(name=sample.name, labels=(sample.truth,), sha256=sample.sha256)
        return read_photo_file(self.run, photo, self.root)


@dataclass(frozen=True)
class Photos:
    """Photos with their classes.

    Attributes:
        what: What they are, for people.
        part: The set they are of.
        labels: The classes, in the order of their numbers.
        samples: All of them.
        reader: Reads them.
        title: What the dataset is called, where it is not known which of its photos were learned from.
        notes: What a person should know of them, a sentence each.
    """

    what: str
    part: PartName
    labels: tuple[str, ...]
    samples: tuple[Sample, ...]
    reader: Reader
    title: str = ""
    notes: tuple[str, ...] = ()


def of_dataset(dataset: Dataset, part: PartName = "all") -> Photos:
    """The photos of a dataset.

    Args:
        dataset: It.
        part: A set of the split that the dataset brings along, or all.

    Raises:
        ConvertError: Its photos have several labels each, or none is in that set.
    """
    _check_single(dataset.task, dataset.source)
    chosen = [photo for photo in dataset.photos if part in ("all", photo.part)]
    if not chosen:
        raise ConvertError(_no_such_part(dataset, part))
    samples = tuple(Sample(photo.name, photo.label) for photo in chosen)
    learned = sum(photo.part == "train" for photo in chosen)
    notes = (*dataset.notes, *_learned(learned))
    reader = FolderReader(dataset.root.resolve())
    return Photos(dataset.source, part, dataset.labels, samples, reader, dataset.title, notes)


def of_run(folder: Path, part: PartName = "test", root: Path | None = None) -> Photos:
    """The photos of a run, in the split it made.

    Args:
        folder: What `sagui train` wrote.
        part: A set of the split, or all.
        root: Where the photos lie now, if they were moved.

    Raises:
        RunError: It is no finished run.
        ConvertError: Its photos have several labels each.
    """
    run = read_run(folder)
    _check_single(run.task, str(folder))
    parts: tuple[Part, ...] = ("train", "validation", "test") if part == "all" else (part,)
    samples = tuple(
        Sample(photo.name, photo.label, photo.sha256) for name in parts for photo in run.split.get(name, ())
    )
    reader = RunReader(replace(run, split={}), root.resolve() if root else None)
    notes = tuple(_learned(len(run.split["train"]) if "train" in parts else 0))
    return Photos(f"{run.dataset.title}, as {folder} split it", part, run.labels, samples, reader, notes=notes)


def _check_single(task: str, source: str) -> None:
    if task != "single-label":
        raise ConvertError(
            f"{source}: its photos have several labels each; evaluation needs photos with one (a column 'label', or "
            "class folders)"
        )


def _no_such_part(dataset: Dataset, part: PartName) -> str:
    parts = sorted({photo.part for photo in dataset.photos if photo.part})
    there = f"there are {' and '.join(parts)}" if parts else "its photos are not split into sets"
    return f"{dataset.source}: no photo is in the {part} set, {there}; leave --part out, or name a run with --run"


def _learned(photos: int) -> Iterator[str]:
    if photos:
        yield (
            f"{photos} of the photos are of the train set: a model that has learned from them does better on them than "
            "on new ones (--part test leaves them out)."
        )
