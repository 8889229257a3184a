"""A table of photos: CSV or TSV, a photo a line."""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from sagui.progress import SILENT, Progress
from sagui.train.datasets.classes import check_sets, class_names
from sagui.train.datasets.columns import SEPARATOR, Header, Row, read_rows
from sagui.train.datasets.port import Dataset, Photo
from sagui.train.errors import DatasetError

SUFFIXES = frozenset({".csv", ".tsv"})
_NAMED = 10


def read_table(table: Path, progress: Progress = SILENT) -> Dataset:
    """Reads a table with the columns ``path`` and ``label`` or ``labels``, and ``weight``, ``group`` and ``split``.

    Paths count from the table's folder. The column ``labels`` makes it a multi-label dataset; see docs/data.md.

    Args:
        table: A .csv or .tsv file, UTF-8, with the columns' names in its first line.
        progress: Told of each photo that is looked for.

    Raises:
        DatasetError: The table cannot be read, a cell is wrong, photos are missing, or its classes cannot be learned.
    """
    text = _text(table)
    header, rows = read_rows(text, _delimiter(table, text), str(table))
    if not rows:
        raise DatasetError(f"{table}: no photos, only the names of columns; add a line for each photo")
    paths = _existing(table, rows, progress)
    kept, copies = _without_copies(table, rows, paths)
    classes = _classes(table, header, kept)
    root = _root(table, [paths[row.line] for row in kept])
    labels = tuple(sorted(set(classes.values())))
    numbers = {written: labels.index(name) for written, name in classes.items()}
    photos = tuple(_photo(row, os.path.relpath(paths[row.line], root), numbers, labels) for row in kept)
    check_sets(photos, labels, str(table))
    notes = tuple(_notes(table, header, copies))
    return Dataset(str(table), table.stem, root, labels, photos, notes, header.task)


def _text(table: Path) -> str:
    try:
        content = table.read_bytes()
        return content.decode("utf-8-sig")
    except OSError as error:
        raise DatasetError(f"{table}: cannot be read: {error.strerror}; give a .csv or .tsv file") from error
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DatasetError(
            f"{table}, line {line}: byte {content[error.start]:#04x} is not UTF-8; save the table as UTF-8 (in a "
            "spreadsheet: CSV UTF-8)"
        ) from error


def _delimiter(table: Path, text: str) -> str:
    """Tabs in a TSV; commas in a CSV, or the semicolons that spreadsheets write where commas are decimal points."""
    first = text.partition("\n")[0]
    if table.suffix.lower() == ".tsv":
        return "\t"
    return ";" if ";" in first and "," not in first else ","


def _existing(table: Path, rows: Sequence[Row], progress: Progress) -> dict[int, Path]:
    """The file of each line."""
    folder = Path(os.path.abspath(table.parent))  # noqa: PTH100 (resolve would leave through links)
    paths: dict[int, Path] = {}
    missing: list[Row] = []
    with progress.task("Find the photos", len(rows)) as advance:
        for row in rows:
            path = _find(folder, row.path)
            if path is None:
                missing.append(row)
            else:
                paths[row.line] = path
            advance()
    if missing:
        shown = "; ".join(f"line {row.line}: {row.path}" for row in missing[:_NAMED])
        more = f"; and {len(missing) - _NAMED} more" if len(missing) > _NAMED else ""
        slashes = " with forward slashes," if any("\\" in row.path for row in missing) else ""
        raise DatasetError(
            f"{table}, column 'path': {len(missing)} of {len(rows)} photos are missing: {shown}{more}; write each "
            f"path{slashes} from {folder}, or remove those lines"
        )
    return paths


def _find(folder: Path, written: str) -> Path | None:
    """The file, also when there is space around its path that is not in its name."""
    for name in (written, written.strip()):
        path = os.path.abspath(folder / name)  # noqa: PTH100 (resolve would leave through links)
        # Unlike Path.is_file, it says no to a name that is too long.
        if os.path.isfile(path):  # noqa: PTH113
            return Path(path)
    return None


def _without_copies(table: Path, rows: Sequence[Row], paths: Mapping[int, Path]) -> tuple[list[Row], list[Row]]:
    """Keeps the first of rows that say the same of one photo.

    Raises:
        DatasetError: Two rows say different things of one photo.
    """
    first: dict[Path, Row] = {}
    copies: list[Row] = []
    for row in rows:
        known = first.setdefault(paths[row.line], row)
        if known is row:
            continue
        column = _difference(known, row)
        if column:
            raise DatasetError(
                f"{table}, lines {known.line} and {row.line}, column {column}: {row.path!r} is there twice; remove the "
                "line that is wrong"
            )
        copies.append(row)
    return list(first.values()), copies


def _difference(one: Row, other: Row) -> str:
    """The column in which two rows differ, with both values."""
    pairs: dict[str, tuple[object, object]] = {
        "label": (_said(one), _said(other)),
        "weight": (one.weight, other.weight),
        "group": (one.group, other.group),
        "split": (one.part, other.part),
    }
    return next((f"{name!r} ({a!r} and {b!r})" for name, (a, b) in pairs.items() if a != b), "")


def _said(row: Row) -> str:
    return SEPARATOR.join(sorted({label.strip() for label in row.labels}))


def _classes(table: Path, header: Header, rows: Sequence[Row]) -> dict[str, str]:
    """The class of each label as it was written."""
    places: dict[str, str] = {}
    for row in rows:
        for label in row.labels:
            places.setdefault(label, f"{table}, line {row.line}")
    classes = class_names(places)
    if not classes:
        raise DatasetError(f"{table}, column 'labels': no photo has any; write what the photos show")
    if len(classes) == 1 and (header.task == "single-label" or all(row.labels for row in rows)):
        raise DatasetError(
            f"{table}: only one class, {next(iter(classes.values()))!r}; add photos of at least one more"
        )
    return classes


def _root(table: Path, paths: Sequence[Path]) -> Path:
    """The table's folder, or what all photos have in common if some lie outside it."""
    folder = Path(os.path.abspath(table.parent))  # noqa: PTH100 (resolve would leave through links)
    if all(path.is_relative_to(folder) for path in paths):
        return folder
    return Path(os.path.commonpath([path.parent for path in paths]))


def _photo(row: Row, name: str, numbers: Mapping[str, int], labels: Sequence[str]) -> Photo:
    mine = tuple(sorted({numbers[label] for label in row.labels}))
    stratum = SEPARATOR.join(labels[number] for number in mine)
    return Photo(name, mine, stratum, row.group, row.weight, row.part)


def _notes(table: Path, header: Header, copies: Sequence[Row]) -> Iterator[str]:
    if header.ignored:
        yield f"{table}: unknown columns were ignored: {', '.join(header.ignored)}."
    if copies:
        lines = ", ".join(str(row.line) for row in copies[:_NAMED])
        more = f" and {len(copies) - _NAMED} more" if len(copies) > _NAMED else ""
        yield f"{table}: {len(copies)} photos are there twice with the same values; lines {lines}{more} were left out."
