"""What is printed, as a value: tables and lines, and how they look without any library. No I/O."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Table:
    """Rows under a heading; the first column says what, the others are numbers.

    Attributes:
        columns: Their headings.
        rows: As many cells in each as there are columns.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Sheet:
    """What a person reads.

    Attributes:
        title: A line above.
        tables: One below the other.
        notes: Lines below.
        warnings: Lines below that must not be missed.
    """

    title: str
    tables: tuple[Table, ...]
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def plain_table(table: Table) -> str:
    """Aligns a table with spaces.

    >>> print(plain_table(Table(("threads", "1"), (("p50", "9.5 ms"),))))
    threads       1
    -------  ------
    p50      9.5 ms
    """
    widths = [max(map(len, column)) for column in zip(table.columns, *table.rows, strict=True)]
    rule = tuple("-" * width for width in widths)
    return "\n".join(_line(row, widths) for row in (table.columns, rule, *table.rows))


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    first = cells[0].ljust(widths[0])
    return "  ".join([first, *(cell.rjust(width) for cell, width in zip(cells[1:], widths[1:], strict=True))]).rstrip()
