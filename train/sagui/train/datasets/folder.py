"""A folder with a folder of photos for each class."""

from pathlib import Path

from sagui.train.datasets.port import Dataset, Photo
from sagui.train.errors import DatasetError

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp"})


def read_folder(root: Path) -> Dataset:
    """Reads class folders: ``ROOT/CLASS/photo.jpg``, at any depth below the class.

    Hidden files, and files that are no photos by their suffix, are left out.

    Raises:
        DatasetError: There is no such folder, it holds no photos, or only one class.
    """
    if not root.is_dir():
        raise DatasetError(f"{root}: no such folder; give a folder with one folder of photos for each class, or elpv")
    found = {folder.name: _photos(folder) for folder in sorted(root.iterdir()) if _is_class(folder)}
    classes = {name: paths for name, paths in found.items() if paths}
    if not classes:
        raise DatasetError(
            f"{root}: no photos ({', '.join(sorted(SUFFIXES))}) in folders below it; "
            "make one folder for each class and put its photos there"
        )
    if len(classes) == 1:
        only = next(iter(classes))
        raise DatasetError(f"{root}: only one class, {only!r}; add a folder of photos for at least one more")
    photos = tuple(
        Photo(path.relative_to(root).as_posix(), number, name)
        for number, (name, paths) in enumerate(classes.items())
        for path in paths
    )
    return Dataset(str(root), root.resolve().name, root.resolve(), tuple(classes), photos)


def _is_class(folder: Path) -> bool:
    return folder.is_dir() and not folder.name.startswith(".")


def _photos(folder: Path) -> list[Path]:
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file()
    )
