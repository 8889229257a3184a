"""Writes a dataset out, wherever it came from: as class folders, with a table where those would lose something."""

import csv
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from sagui.progress import SILENT, Progress
from sagui.train.data.layout import RECORD, Layout, lay_out
from sagui.train.datasets import Dataset, Photo
from sagui.train.datasets.columns import SEPARATOR
from sagui.train.datasets.folder import TABLE
from sagui.train.errors import DatasetError
from sagui.train.replace_folder import replacing_folder


def export(
    dataset: Dataset, out: Path, *, overwrite: bool = False, link: bool = False, progress: Progress = SILENT
) -> int:
    """Writes every photo of a dataset into a folder that sagui and other tools can train on.

    One label each: ``OUT/CLASS/photo``, or ``OUT/train/CLASS/photo`` if every photo has its set. Several: all in
    ``OUT/photos``. ``OUT/labels.csv`` is written beside when folders would lose labels, weights, groups or sets.

    Args:
        dataset: The photos.
        out: The folder to write; it appears when all is written.
        overwrite: Replace an export that is there.
        link: Hard links instead of copies where the disk allows it. They cost no room, but who changes the one file
            changes the other.
        progress: Told of each photo.

    Returns:
        How many photos were written.

    Raises:
        DatasetError: A class cannot be a folder, a photo is gone, the folder is in the way, or the disk is full.
    """
    out = out.resolve()
    layout = lay_out(dataset)
    _check_free(dataset, out, overwrite=overwrite)
    with _replacing(out) as beside, progress.task("Write the photos", len(dataset.photos)) as advance:
        for photo, name in zip(dataset.photos, layout.names, strict=True):
            _place(dataset.path(photo), beside / name, link=link)
            advance()
        if layout.needs_table:
            write_table(dataset, layout.names, beside / TABLE)
        (beside / RECORD).write_bytes(_record(dataset, layout))
    return len(dataset.photos)


def write_table(dataset: Dataset, names: Sequence[str], path: Path) -> None:
    """Writes a dataset as the table that `read_table` reads.

    Args:
        dataset: The photos.
        names: Where each lies, from the table's folder.
        path: The file; its suffix chooses between commas and tabs.

    Raises:
        OSError: It cannot be written.
    """
    label = "labels" if dataset.task == "multi-label" else "label"
    optional = {
        "weight": any(photo.weight != 1.0 for photo in dataset.photos),
        "group": any(photo.group for photo in dataset.photos),
        "split": any(photo.part for photo in dataset.photos),
    }
    columns = ["path", label, *(name for name, used in optional.items() if used)]
    dialect = csv.excel_tab if path.suffix.lower() == ".tsv" else csv.excel
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore", dialect=dialect)
        writer.writeheader()
        for photo, name in zip(dataset.photos, names, strict=True):
            writer.writerow({"path": name, label: _labels(dataset, photo), **_more(photo)})


def _labels(dataset: Dataset, photo: Photo) -> str:
    return SEPARATOR.join(dataset.labels[number] for number in photo.labels)


def _more(photo: Photo) -> dict[str, str]:
    return {"weight": repr(photo.weight), "group": photo.group, "split": photo.part or ""}


def _record(dataset: Dataset, layout: Layout) -> bytes:
    record = {
        "source": dataset.source,
        "title": dataset.title,
        "task": dataset.task,
        "labels": dataset.labels,
        "photos": len(dataset.photos),
        "table": TABLE if layout.needs_table else None,
    }
    return msgspec.json.format(msgspec.json.encode(record), indent=2) + b"\n"


def _place(photo: Path, target: Path, *, link: bool) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    # A link to a link would break when the first is moved.
    source = photo.resolve()
    if not source.is_file():
        raise DatasetError(f"{photo}: the photo is gone; put it back, or remove it from the dataset")
    if link:
        try:
            os.link(source, target)
        except OSError:  # another disk, or a file system without links
            pass
        else:
            return
    shutil.copyfile(source, target)


def _check_free(dataset: Dataset, out: Path, *, overwrite: bool) -> None:
    if out == Path.cwd():
        raise DatasetError(f"{out} is the folder you are in, and an export replaces its folder whole; choose another")
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    if not overwrite:
        raise DatasetError(f"{out} exists; choose another folder, or replace it with --overwrite")
    if not (out / RECORD).is_file():
        raise DatasetError(f"{out} is no export (no {RECORD} in it), so it is not replaced; choose another folder")
    for photo in dataset.photos:
        if dataset.path(photo).resolve().is_relative_to(out):
            raise DatasetError(f"{out} holds photos of the dataset ({photo.name}); choose another folder")


@contextmanager
def _replacing(out: Path) -> Iterator[Path]:
    try:
        with replacing_folder(out) as folder:
            yield folder
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        raise DatasetError(f"{out}: cannot be written: {error.strerror or error}{where}; nothing was kept") from error
