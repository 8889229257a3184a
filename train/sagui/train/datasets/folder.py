"""A folder with a folder of photos for each class, whole or already split into train, val and test."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sagui.train.datasets.classes import are_sets, check_sets, class_names, part_called
from sagui.train.datasets.port import Dataset, Part, Photo
from sagui.train.datasets.walk import SUFFIXES, PassedOver, folders_in, loose_photos, photos_below
from sagui.train.errors import DatasetError

TABLE = "labels.csv"
"""The table that may lie beside class folders and know more than they do."""

_NAMED = 10


@dataclass(frozen=True)
class _Found:
    """A photo, the folder of its class, and the set that folder is in."""

    path: Path
    folder: Path
    part: Part | None


@dataclass
class _LeftOut(PassedOver):
    empty: list[Path] = field(default_factory=list)
    loose: int = 0


def read_folder(root: Path) -> Dataset:
    """Reads class folders: ``ROOT/CLASS/photo.jpg``, at any depth below the class.

    When the folders in ROOT are called train and val (or valid, validation) or test, and no other is there, they hold
    the class folders, and each photo keeps the set it is in. Hidden files and folders are left out, and so are files
    that are no photos by their suffix. Links are followed, but no folder is walked twice for one class.

    Raises:
        DatasetError: There is no such folder, it holds no photos or only one class, a class is missing in a set, two
            classes differ only by case or space, or the folder cannot be read.
    """
    if not root.is_dir():
        raise DatasetError(f"{root}: no such folder; give a folder with one folder of photos for each class")
    left_out = _LeftOut()
    try:
        found = list(_search(root, left_out))
    except OSError as error:
        raise DatasetError(
            f"{error.filename or root}: cannot be read: {error.strerror}; make it readable, or move it away"
        ) from error
    _check_names(root, found)
    classes = _classes(root, found, left_out)
    labels = tuple(sorted(classes.values()))
    numbers = {label: number for number, label in enumerate(labels)}
    photos = tuple(_photo(one, root, classes[one.folder.name], numbers) for one in found)
    check_sets(photos, labels, str(root))
    return Dataset(str(root), root.resolve().name, root.resolve(), labels, photos, tuple(_notes(root, left_out)))


def _search(root: Path, left_out: _LeftOut) -> Iterator[_Found]:
    sets = _sets(root)
    for part, base in sets:
        for folder in folders_in(base):
            paths = photos_below(folder, (root, base), left_out)
            if not paths:
                left_out.empty.append(folder)
            yield from (_Found(path, folder, part) for path in paths)
    left_out.loose = sum(map(loose_photos, {root, *(base for _, base in sets)}))


def _sets(root: Path) -> list[tuple[Part | None, Path]]:
    """The folders that hold class folders, and the set each is."""
    folders = folders_in(root)
    if not are_sets(folder.name for folder in folders):
        return [(None, root)]
    sets: dict[Part, Path] = {}
    for folder in folders:
        part = part_called(folder.name)
        if part is None:
            raise DatasetError(
                f"{folder}: lies beside folders that are sets of a split; move it away, or rename those if they are "
                "classes"
            )
        if part in sets:
            raise DatasetError(f"{sets[part]} and {folder} are both the {part} set; make one folder of them")
        sets[part] = folder
    return list(sets.items())


def _check_names(root: Path, found: Sequence[_Found]) -> None:
    """Names are written into reports and tables, which are UTF-8."""
    strange = [name for name in (str(one.path.relative_to(root)) for one in found) if not _is_utf8(name)]
    if strange:
        shown = ", ".join(os.fsencode(name).decode("utf-8", "backslashreplace") for name in strange[:_NAMED])
        raise DatasetError(f"{root}: {len(strange)} names are not UTF-8: {shown}{_more(strange)}; rename them")


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _classes(root: Path, found: Sequence[_Found], left_out: _LeftOut) -> dict[str, str]:
    """The class of each folder name."""
    beside = f"; photos of other kinds are there, convert them: {_kinds(left_out)}" if left_out.other else ""
    beside += f"; or give the table that is there: {root / TABLE}" if (root / TABLE).is_file() else ""
    if not found:
        raise DatasetError(
            f"{root}: no photos ({', '.join(sorted(SUFFIXES))}) in folders below it; "
            f"make one folder for each class and put its photos there{beside}"
        )
    places: dict[str, str] = {}
    for one in found:
        places.setdefault(one.folder.name, f"folder {one.folder}")
    if len(places) == 1:
        raise DatasetError(
            f"{root}: only one class, {next(iter(places))!r}; add a folder of photos for at least one more{beside}"
        )
    return class_names(places)


def _photo(found: _Found, root: Path, label: str, numbers: dict[str, int]) -> Photo:
    return Photo(found.path.relative_to(root).as_posix(), (numbers[label],), label, part=found.part)


def _notes(root: Path, left_out: _LeftOut) -> Iterator[str]:
    if left_out.empty:
        names = ", ".join(str(folder.relative_to(root)) for folder in left_out.empty[:_NAMED])
        yield f"{root}: folders without photos are no classes: {names}{_more(left_out.empty)}."
    if left_out.loose:
        yield f"{root}: {left_out.loose} photos lie in no class folder and were left out."
    if left_out.other:
        yield f"{root}: photos of other kinds were left out ({_kinds(left_out)}); convert them to .jpg or .png."
    if left_out.broken:
        names = ", ".join(path.relative_to(root).as_posix() for path in left_out.broken[:_NAMED])
        yield f"{root}: links that lead nowhere were left out: {names}{_more(left_out.broken)}."
    if (root / TABLE).is_file():
        yield f"{root / TABLE} was not read; give it instead of the folder if its weights, groups or sets matter."


def _kinds(left_out: _LeftOut) -> str:
    return ", ".join(f"{count} {suffix}" for suffix, count in sorted(left_out.other.items()))


def _more(named: Sequence[object]) -> str:
    return f" and {len(named) - _NAMED} more" if len(named) > _NAMED else ""
