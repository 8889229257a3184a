"""`sagui collect`."""

import json
from dataclasses import asdict
from pathlib import Path

import click

from sagui.device.collect.records import FILE, read_records
from sagui.device.collect.summary import Summary, summarize
from sagui.device.errors import DeviceError

_HEADINGS = ("guess", "photos", "unsure", "flickered", "interest")


@click.command("collect", short_help="Say what to photograph next, from what a device collected.")
@click.argument("folder", type=click.Path(path_type=Path), metavar="DIR")
@click.option("--json", "as_json", is_flag=True, help="Answer with one JSON object.")
def collect(folder: Path, *, as_json: bool) -> None:
    """Say what the model was unsure of, in DIR: the folder in which `sagui run` collected frames.

    Labels that come first, and pairs that are confused, are what to photograph next.
    """
    path = folder / FILE
    try:
        records, bad = read_records(path.read_bytes())
    except OSError as error:
        raise DeviceError(
            f"{path}: cannot be read: {error.strerror}; give a folder that a device collected in"
        ) from error
    if bad:
        click.echo(f"warning: {path}: {bad} lines are no records and were left out", err=True)
    summary = summarize(records)
    click.echo(json.dumps(asdict(summary), ensure_ascii=False) if as_json else shown(summary))


def shown(summary: Summary) -> str:
    """Writes the summary for a person."""
    if not summary.rows:
        return "nothing was collected yet"
    rows = [
        (_printable(row.guess), str(row.photos), str(row.unsure), str(row.flickered), f"{row.interest:.2f}")
        for row in summary.rows
    ]
    widths = [max(map(len, column)) for column in zip(_HEADINGS, *rows, strict=True)]
    lines = [_line(cells, widths) for cells in (_HEADINGS, *rows)]
    if summary.pairs:
        lines += ["", "confused most:"]
        lines += [f"  {_printable(' and '.join(pair.labels))}: {pair.photos}" for pair in summary.pairs]
    return "\n".join(lines)


def _line(cells: tuple[str, ...], widths: list[int]) -> str:
    first, *numbers = (
        cell.rjust(width) if place else cell.ljust(width)
        for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )
    return "  ".join([first, *numbers])


def _printable(text: str) -> str:
    """A label is whatever a model brought; it must not steer a terminal."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)
