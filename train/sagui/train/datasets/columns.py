"""What the cells of a table of photos mean. Pure rules, no I/O."""

import csv
import io
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from sagui.train.datasets.classes import PARTS, part_called
from sagui.train.datasets.port import Part, Task
from sagui.train.errors import DatasetError

COLUMNS = ("path", "label", "labels", "weight", "group", "split")
SEPARATOR = "|"
"""Stands between the labels of a photo that has several."""

_OFTEN_CALLED = {
    "path": ("file", "filename", "file_name", "filepath", "file_path", "image", "image_path", "img", "photo"),
    "label": ("class", "class_name", "category", "target", "y"),
    "labels": ("classes", "categories", "tags"),
}


@dataclass(frozen=True)
class Row:
    """A row, checked by itself.

    Attributes:
        line: Where it starts, from 1.
        path: As it was written.
        labels: A single one as it was written, several without the space around them.
    """

    line: int
    path: str
    labels: tuple[str, ...]
    group: str = ""
    weight: float = 1.0
    part: Part | None = None


@dataclass(frozen=True)
class Header:
    """Which column stands where.

    Attributes:
        names: Every column, as it was written.
        places: The position of each column that is known.
        ignored: The columns that are not.
    """

    names: tuple[str, ...]
    places: dict[str, int]
    ignored: tuple[str, ...]

    @property
    def task(self) -> Task:
        """Several labels for a photo if the column is called so."""
        return "multi-label" if "labels" in self.places else "single-label"


def read_rows(text: str, delimiter: str, table: str) -> tuple[Header, list[Row]]:
    """Reads a table's header and rows.

    Args:
        text: The whole table.
        delimiter: What stands between cells.
        table: Its name, for messages.

    Raises:
        DatasetError: A column is missing, or a cell is wrong; the message names line, column, value and fix.
    """
    lines = _cells(text, delimiter, table)
    _, names = next(lines, (1, []))
    if not names:
        raise DatasetError(f"{table}: the table is empty; its first line names the columns: path,label")
    header = read_header(names, table)
    return header, [_row(cells, line, header, table) for line, cells in lines]


def _cells(text: str, delimiter: str, table: str) -> Iterator[tuple[int, list[str]]]:
    """Gives the number and the cells of each line that is not blank."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    try:
        for cells in reader:
            if any(map(str.strip, cells)):
                yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        raise DatasetError(
            f"{table}, line {line}: cannot be read: {error}; put cells with quotes in them in quotes, and double those"
        ) from error


def read_header(names: Sequence[str], table: str) -> Header:
    """Finds the known columns, in any case and order.

    Raises:
        DatasetError: A column is missing or there twice.
    """
    places: dict[str, int] = {}
    ignored: list[str] = []
    for position, written in enumerate(names):
        name = written.strip().lower()
        if name not in COLUMNS:
            ignored.append(written.strip())
        elif name in places:
            raise DatasetError(f"{table}, line 1: column {name!r} is there twice; remove one")
        else:
            places[name] = position
    _check_header(places, ignored, table)
    return Header(tuple(name.strip() for name in names), places, tuple(ignored))


def _check_header(places: dict[str, int], unknown: Sequence[str], table: str) -> None:
    if "label" in places and "labels" in places:
        raise DatasetError(
            f"{table}, line 1: columns 'label' and 'labels' are both there; keep 'label' for one label a photo, or "
            f"'labels' for several with {SEPARATOR} between them"
        )
    for needed in (("path",), ("label", "labels")):
        if not places.keys() & set(needed):
            hints = [f"rename {near!r} to {name!r}" for name in needed for near in _meant(name, unknown)]
            raise DatasetError(
                f"{table}, line 1: no column {' or '.join(map(repr, needed))} among "
                f"{', '.join(map(repr, (*places, *unknown)))}; {(hints or ['name the columns in the first line'])[0]}"
            )


def _meant(name: str, unknown: Sequence[str]) -> list[str]:
    """The unknown columns that were probably meant to be a known one."""
    often = [written for written in unknown if written.lower() in _OFTEN_CALLED[name]]
    near = get_close_matches(name, [written.lower() for written in unknown])
    return often + [written for written in unknown if written.lower() in near]


def _row(cells: Sequence[str], line: int, header: Header, table: str) -> Row:
    if len(cells) != len(header.names):
        raise DatasetError(
            f"{table}, line {line}: {len(cells)} cells, but the first line names {len(header.names)} columns "
            f"({', '.join(header.names)}); add or remove cells, and put cells with the separator in them in quotes"
        )
    cell = {name: cells[place] for name, place in header.places.items()}
    try:
        return Row(
            line,
            _path(cell["path"]),
            _labels(cell["labels"]) if header.task == "multi-label" else _label(cell["label"]),
            cell.get("group", "").strip(),
            _weight(cell.get("weight", "")),
            _part(cell.get("split", "")),
        )
    except DatasetError as error:
        raise DatasetError(f"{table}, line {line}, {error}") from error


def _path(cell: str) -> str:
    if not cell.strip() or "\0" in cell:
        raise DatasetError(f"column 'path': {cell!r} is no path; write where the photo lies, from the table's folder")
    return cell


def _label(cell: str) -> tuple[str]:
    if not cell.strip():
        raise DatasetError("column 'label': it is empty; write what the photo shows, or remove the line")
    if SEPARATOR in cell:
        raise DatasetError(
            f"column 'label': {cell!r} holds {SEPARATOR}; call the column 'labels' if photos have several, or rename "
            "the label"
        )
    return (cell,)


def _labels(cell: str) -> tuple[str, ...]:
    labels = [label.strip() for label in cell.split(SEPARATOR)] if cell.strip() else []
    if not all(labels):
        raise DatasetError(
            f"column 'labels': {cell!r} holds an empty label; write one on each side of every {SEPARATOR}, or nothing "
            "for a photo without any"
        )
    return tuple(labels)


def _weight(cell: str) -> float:
    if not cell.strip():
        return 1.0
    try:
        weight = float(cell)
    except ValueError:
        weight = math.nan
    if not (math.isfinite(weight) and weight > 0):
        raise DatasetError(
            f"column 'weight': {cell!r} is no positive number; write one such as 0.5, nothing for 1, or remove the "
            "line of a photo that is not to count"
        )
    return weight


def _part(cell: str) -> Part | None:
    part = part_called(cell)
    if part is None and cell.strip():
        near = get_close_matches(cell.strip().lower(), PARTS, 1, 0.5)
        hint = f" (did you mean {near[0]}?)" if near else ""
        raise DatasetError(
            f"column 'split': {cell!r} is no set{hint}; write train, validation (or val), test, or nothing to let "
            "sagui choose"
        )
    return part
