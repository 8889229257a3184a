"""Which folder and name each photo gets when a dataset is written out. Pure rules, no I/O."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from sagui.train.datasets import Dataset, Part, Photo
from sagui.train.datasets.classes import are_sets
from sagui.train.datasets.columns import SEPARATOR
from sagui.train.datasets.folder import TABLE
from sagui.train.datasets.walk import SUFFIXES
from sagui.train.errors import DatasetError

PHOTOS = "photos"
"""The folder of photos that may have several labels each."""

RECORD = "export.json"
"""Says where an export came from, and that the folder is one."""

_SET_FOLDERS: dict[Part, str] = {"train": "train", "validation": "val", "test": "test"}
_MAX_NAME_BYTES = 255


@dataclass(frozen=True)
class Layout:
    """Where photos go.

    Attributes:
        names: The new name of each photo, below the new root, in the dataset's order.
        needs_table: Whether folders alone would lose something: several labels, weights, groups, some of the sets.
    """

    names: tuple[str, ...]
    needs_table: bool


def lay_out(dataset: Dataset) -> Layout:
    """Gives every photo a place: ``CLASS/photo``, ``train/CLASS/photo``, or ``photos/photo`` if it has several labels.

    Files of one name in one folder are told apart by a number.

    Raises:
        DatasetError: A class has a name that no folder can have.
    """
    if dataset.task == "multi-label":
        _check_separator(dataset.labels)
        return Layout(_names(dataset.photos, [PHOTOS] * len(dataset.photos)), needs_table=True)
    _check_folders(dataset.labels)
    split = all(photo.part for photo in dataset.photos) and are_sets(photo.part or "" for photo in dataset.photos)
    folders = [_folder(photo, dataset.labels[photo.label], in_sets=split) for photo in dataset.photos]
    lost = not split and any(photo.part for photo in dataset.photos)
    return Layout(_names(dataset.photos, folders), lost or any(map(_knows_more, dataset.photos)))


def _knows_more(photo: Photo) -> bool:
    """Whether class folders would lose something of the photo, or the photo itself."""
    return bool(photo.group) or photo.weight != 1.0 or PurePosixPath(photo.name).suffix.lower() not in SUFFIXES


def _folder(photo: Photo, label: str, *, in_sets: bool) -> str:
    return f"{_SET_FOLDERS[photo.part]}/{label}" if in_sets and photo.part else label


def _check_folders(labels: Sequence[str]) -> None:
    for label in labels:
        if "/" in label or label.startswith(".") or len(label.encode()) > _MAX_NAME_BYTES or label in {TABLE, RECORD}:
            raise DatasetError(
                f"class {label!r} cannot be the name of a folder (a slash, a dot in front, too long, or called as a "
                "file that is written beside); rename the class in the dataset first"
            )
    if are_sets(labels):
        raise DatasetError(
            f"classes {', '.join(map(repr, labels))}: folders called so would be read as sets of a split; rename one"
        )


def _check_separator(labels: Sequence[str]) -> None:
    for label in labels:
        if SEPARATOR in label:
            raise DatasetError(f"class {label!r} holds {SEPARATOR}, which stands between labels; rename the class")


def _names(photos: Sequence[Photo], folders: Sequence[str]) -> tuple[str, ...]:
    """The file's own name in its new folder, numbered when it is taken; case does not tell files apart everywhere."""
    taken: set[str] = set()
    names = []
    for photo, folder in zip(photos, folders, strict=True):
        last = PurePosixPath(photo.name).name
        # A dot in front would hide it.
        own = PurePosixPath(f"photo{last}" if last.startswith(".") else last)
        name, number = own.name, 1
        while f"{folder}/{name}".lower() in taken:
            number += 1
            name = f"{own.stem}-{number}{own.suffix}"
        taken.add(f"{folder}/{name}".lower())
        names.append(f"{folder}/{name}")
    return tuple(names)
