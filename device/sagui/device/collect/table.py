"""The table that `sagui train` reads, in which a person corrects the guesses. Pure rules, no I/O."""

import csv
import io
from collections.abc import Callable

FILE = "collected.csv"
HEADER = b"path,label\n"

_BOM = b"\xef\xbb\xbf"


def row(path: str, label: str) -> bytes:
    """Writes a line, with its end."""
    return _written([[path, label]], ",")


def labels(content: bytes) -> dict[str, str]:
    """Reads the label of each photo; nothing from what is no such table."""
    try:
        rows, _ = _rows(content)
        path, label = rows[0].index("path"), rows[0].index("label")
    except (ValueError, IndexError, csv.Error):
        return {}
    return {cells[path]: cells[label].strip() for cells in rows[1:] if len(cells) > max(path, label)}


def without(content: bytes, gone: Callable[[str], bool]) -> bytes:
    """Leaves out photos; all else stays as a person wrote it.

    Args:
        content: The file; what is no such table stays as it is.
        gone: Whether the photo of that path is to be left out.
    """
    try:
        rows, separator = _rows(content)
        path = rows[0].index("path")
    except (ValueError, IndexError, csv.Error):
        return content
    kept = [cells for cells in rows[1:] if cells and not (len(cells) > path and gone(cells[path]))]
    if len(kept) == len(rows) - 1:
        return content
    mark = _BOM if content.startswith(_BOM) else b""
    return mark + _written([rows[0], *kept], separator)


def healed(content: bytes) -> bytes:
    """Cuts off a last line that power cut in two inside quotes: nothing behind it could be read."""
    try:
        _rows(content)
    except (ValueError, csv.Error):
        if not content.endswith(b"\n"):
            return content[: content.rfind(b"\n") + 1]
    return content


def _rows(content: bytes) -> tuple[list[list[str]], str]:
    """The cells, and what stands between them: spreadsheets write semicolons where commas are decimal points."""
    text = content.decode("utf-8-sig")
    first = text.partition("\n")[0]
    separator = ";" if ";" in first and "," not in first else ","
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)), separator


def _written(rows: list[list[str]], separator: str) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=separator, lineterminator="\n").writerows(rows)
    return text.getvalue().encode("utf-8", "replace")
