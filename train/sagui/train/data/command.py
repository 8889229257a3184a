"""`sagui data`."""

from pathlib import Path

import click


@click.group("data", short_help="Look into photos, and write them out.")
def data() -> None:
    """Look into photos, and write them out."""


@data.command("export", short_help="Write any dataset as class folders.")
@click.argument("name")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--overwrite", is_flag=True, help="Replace an export that is there.")
@click.option(
    "--link", is_flag=True, help="Hard links instead of copies: no room is needed, but both names are one file."
)
def export_command(name: str, folder: Path, overwrite: bool, link: bool) -> None:
    """Write any dataset as class folders.

    NAME is elpv, keras:NAME, keras:NAME=FILE, a .csv or .tsv table, or a folder of class folders. DIR gets a folder of
    photos for each class, in train, val and test if every photo has its set; and labels.csv where folders would lose
    labels, weights, groups or sets.
    """
    from sagui.progress.terminal import TerminalProgress
    from sagui.train.data.export import export
    from sagui.train.datasets import open_dataset
    from sagui.train.datasets.folder import TABLE

    progress = TerminalProgress()
    dataset = open_dataset(name, progress=progress)
    for note in dataset.notes:
        progress.say(note)
    count = export(dataset, folder, overwrite=overwrite, link=link, progress=progress)
    table = f"; give {folder / TABLE} to sagui train, it knows all" if (folder / TABLE).is_file() else ""
    click.echo(f"{folder}: {count} photos of {len(dataset.labels)} classes{table}")


@data.command("inspect", short_help="Find what is wrong with photos.")
@click.argument("source", metavar="DATA")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("inspect.html"),
    show_default=True,
    help="The page to write, with thumbnails.",
)
def inspect_command(source: str, out: Path) -> None:
    """Find what is wrong with photos, before anything is learned from them.

    Unreadable and tiny ones, copies and near copies, one photo under two labels, classes of very different sizes. DATA
    is what sagui train takes.
    """
    from sagui.progress.terminal import TerminalProgress
    from sagui.train.data.inspect import inspect
    from sagui.train.datasets import open_dataset
    from sagui.train.store import default_cache

    progress = TerminalProgress()
    dataset = open_dataset(source, progress=progress)
    findings = inspect(dataset, out, default_cache(), progress)
    for line in (*dataset.notes, *findings.lines()):
        click.echo(line)
    click.echo(f"{out}: the page with all of it")
