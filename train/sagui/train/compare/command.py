"""`sagui compare`."""

from pathlib import Path

import click

from sagui.train.compare.contestants import read_contestant, short_names
from sagui.train.compare.table import compare_runs


@click.command("compare", short_help="Put runs side by side.")
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="Write the comparison as a page, too.")
def compare(runs: tuple[Path, ...], html: Path | None) -> None:
    """Put RUNS, folders that `sagui train` wrote, side by side.

    Shows what each reached on its test photos and what it cost, in what their recipes differ, and, where the test
    photos are the same, whether a run differs from the first by more than chance.
    """
    from rich.console import Console

    from sagui.train.compare.show import write_page, write_terminal

    if len({run.resolve() for run in runs}) < max(2, len(runs)):
        raise click.UsageError("name two different runs or more: sagui compare runs/a runs/b")
    comparison = compare_runs([read_contestant(run, name) for run, name in zip(runs, short_names(runs), strict=True)])
    write_terminal(Console(), comparison)
    if html is not None:
        write_page(html, comparison)
        click.echo(f"{html}: written")
