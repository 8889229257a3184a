"""What a sweep has found so far, on disk after each training, so that an interrupted one goes on."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO

import msgspec

from sagui.train.errors import DatasetError, RunError

TRIALS = "trials.jsonl"
FILES = (TRIALS, "trials.csv", "best.toml")
"""What a sweep writes."""


class Score(msgspec.Struct, frozen=True, kw_only=True):
    """How one training of a trial ended.

    Attributes:
        recipe: The digest of its resolved recipe.
        fold: Which fold, from 0.
        accuracy: Share of the photos it did not learn from that were named right.
        n: How many those were.
        seconds: How long it took.
        reason: Why it failed; empty where it did not.
    """

    recipe: str
    fold: int
    accuracy: float = 0.0
    n: int = 0
    seconds: float = 0.0
    reason: str = ""


class About(msgspec.Struct, frozen=True, kw_only=True):
    """The first line: what all trials share.

    Attributes:
        dataset: What a person called the photos.
        photos: Names the photos and how they are split, by content.
    """

    dataset: str
    photos: str


class Journal:
    """The file ``trials.jsonl`` in the folder of a sweep."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._path = folder / TRIALS

    def check_free(self, *, resume: bool, overwrite: bool) -> None:
        """Makes sure that nothing is lost by accident, before hours are spent.

        Raises:
            RunError: Something is there, and nobody said what to do with it.
        """
        if resume and overwrite:
            raise RunError("--resume keeps the trials that are there and --overwrite does not; say one of them")
        if self._path.exists():
            if not resume and not overwrite:
                raise RunError(
                    f"{self.folder} holds a sweep; go on with --resume, start again with --overwrite, or choose "
                    "another folder with --out"
                )
        elif self.folder.exists() and (not self.folder.is_dir() or any(self.folder.iterdir())):
            raise RunError(f"{self.folder} is not a sweep, so it is left as it is; choose another folder with --out")

    @contextmanager
    def open(self, about: About, *, resume: bool) -> Iterator["Notes"]:
        """Opens it for writing; what another process began and did not end is kept if it is to go on.

        Raises:
            DatasetError: The photos have changed since.
            RunError: It cannot be read or written, or another process writes it.
        """
        with ExitStack() as stack:
            with _writing(self.folder):
                self.folder.mkdir(parents=True, exist_ok=True)
                file = stack.enter_context(self._path.open("a+b"))
                _lock(file, self._path)
                if not resume:
                    self._clear(file)
                known = _read(file, about, self._path)
            yield Notes(self.folder, file, known)

    def _clear(self, file: BinaryIO) -> None:
        file.truncate(0)
        for name in FILES:
            if name != TRIALS:
                (self.folder / name).unlink(missing_ok=True)


class Notes:
    """An open journal.

    Attributes:
        known: What was found before; a failure is tried again.
    """

    def __init__(self, folder: Path, file: BinaryIO, known: tuple[Score, ...]) -> None:
        self._folder, self._file, self.known = folder, file, known

    def add(self, score: Score) -> None:
        """Writes a line, and waits until it is on the disk.

        Raises:
            RunError: It cannot be written.
        """
        with _writing(self._folder):
            _append(self._file, score)


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise RunError(f"{folder}: cannot be written: {error.strerror}; mend it, and go on with --resume") from error


def _lock(file: BinaryIO, path: Path) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise RunError(f"{path}: another sweep writes it; wait for it, or choose another folder with --out") from error


def _read(file: BinaryIO, about: About, path: Path) -> tuple[Score, ...]:
    """Reads what is there, and cuts off a line that was not ended."""
    file.seek(0)
    first, *lines = file.read().split(b"\n")[:-1] or [b""]
    whole = sum(len(line) + 1 for line in (first, *lines)) if first else 0
    file.truncate(whole)
    if not first:
        _append(file, about)
        return ()
    try:
        before = msgspec.json.decode(first, type=About)
        known = tuple(msgspec.json.decode(line, type=Score) for line in lines)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RunError(f"{path}: cannot be read: {error}; start again with --overwrite") from error
    if before.photos != about.photos:
        raise DatasetError(
            f"{path}: the photos of {about.dataset}, or how they are split, are not those of the interrupted sweep "
            f"({before.dataset}); put them back, or start again with --overwrite"
        )
    return tuple(score for score in known if not score.reason)


def _append(file: BinaryIO, line: msgspec.Struct) -> None:
    file.write(msgspec.json.encode(line) + b"\n")
    file.flush()
    os.fsync(file.fileno())
