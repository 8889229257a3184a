"""Shows a comparison in a terminal and as a page."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from sagui.bundle.replace import write_bytes
from sagui.train.compare.table import Comparison, Row
from sagui.train.report.charts import interval_chart
from sagui.train.report.page import page_environment


def write_terminal(console: Console, comparison: Comparison) -> None:
    """Writes tables and sentences.

    Args:
        console: Where to.
        comparison: It.
    """
    console.print(_table(comparison.names, "run", comparison.measures))
    if comparison.differences:
        console.print(_table(comparison.names, "recipe", comparison.differences))
    else:
        console.print("The recipes are the same.")
    for sentence in comparison.verdicts:
        console.print(sentence, markup=False, highlight=False)


def _table(names: Sequence[str], what: str, rows: Sequence[Row]) -> Table:
    table = Table(what)
    for name in names:
        table.add_column(escape(name), justify="right", overflow="fold")
    for row in rows:
        table.add_row(escape(row.what), *map(escape, row.values))
    return table


def write_page(path: Path, comparison: Comparison) -> None:
    """Writes a self-contained HTML page.

    Args:
        path: The file.
        comparison: It.
    """
    chart = interval_chart(comparison.names, comparison.accuracies)
    page = page_environment().get_template("compare.html").render(comparison=comparison, chart=chart)
    write_bytes(path, page.encode())
