"""Finds the photos below a folder, and remembers what it passed over."""

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp"})
OTHER_SUFFIXES = frozenset({".gif", ".tif", ".tiff", ".heic", ".heif", ".avif", ".jp2", ".dng", ".cr2", ".nef"})
"""Of photos too, but of kinds that sagui does not read."""


@dataclass
class PassedOver:
    """What a person may take for photos of the dataset, and which are none.

    Attributes:
        other: Photos of kinds that are not read, by suffix.
        broken: Links that lead nowhere.
    """

    other: Counter[str] = field(default_factory=Counter)
    broken: list[Path] = field(default_factory=list)


def is_hidden(path: Path) -> bool:
    """Whether a file or folder is hidden, as those that systems make for themselves are."""
    return path.name.startswith(".")


def folders_in(folder: Path) -> list[Path]:
    """The folders in a folder, in order, without hidden ones."""
    return sorted(path for path in folder.iterdir() if path.is_dir() and not is_hidden(path))


def loose_photos(folder: Path) -> int:
    """How many photos lie directly in a folder."""
    return sum(path.suffix.lower() in SUFFIXES and not is_hidden(path) and path.is_file() for path in folder.iterdir())


def photos_below(folder: Path, above: tuple[Path, ...], passed_over: PassedOver) -> list[Path]:
    """Every photo at any depth below a folder, in order, without hidden files and folders.

    Links are followed, but each folder is walked once, so a link that leads back up does no harm.

    Args:
        folder: Where to start.
        above: Folders that links must not lead back to.
        passed_over: Gets what was left out.

    Raises:
        OSError: A folder cannot be read.
    """
    walked = {_identity(path) for path in above}
    return [path for path in _files(folder, walked) if _is_photo(path, passed_over)]


def _files(folder: Path, walked: set[tuple[int, int]]) -> Iterator[Path]:
    identity = _identity(folder)
    if identity in walked:
        return
    walked.add(identity)
    with os.scandir(folder) as entries:
        ordered = sorted(entries, key=lambda entry: entry.name)
    for entry in ordered:
        path = folder / entry.name
        if is_hidden(path):
            continue
        if entry.is_dir(follow_symlinks=False) or (entry.is_symlink() and path.is_dir()):
            yield from _files(path, walked)
        else:
            yield path


def _identity(folder: Path) -> tuple[int, int]:
    status = folder.stat()
    return status.st_dev, status.st_ino


def _is_photo(path: Path, passed_over: PassedOver) -> bool:
    suffix = path.suffix.lower()
    if suffix in OTHER_SUFFIXES:
        passed_over.other[suffix] += 1
    if suffix not in SUFFIXES:
        return False
    if not path.is_file():
        passed_over.broken.append(path)
        return False
    return True
