"""`sagui sweep`."""

import logging
from pathlib import Path

import click

from sagui.progress.quiet import quiet_native
from sagui.train.engine.choose import ENGINES, choose_engine
from sagui.train.errors import TrainError
from sagui.train.store import default_cache
from sagui.train.sweep.plan import plan
from sagui.train.sweep.read import read_sweep
from sagui.train.sweep.table import MAX_TRIALS

with quiet_native():
    from sagui.train.sweep.run import Options, try_recipes


@click.command("sweep", short_help="Try many recipes, and keep the best.")
@click.argument("recipe", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--data", required=True, help="The photos, as `sagui train` takes them.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The folder to write what is found.")
@click.option(
    "--engine", type=click.Choice(ENGINES), default="local", show_default=True, help="Where the trainings run."
)
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="KEY=VALUE",
    help="One choice of all trials, as in training.epochs=5; again for more.",
)
@click.option("--trials", type=click.IntRange(1, MAX_TRIALS), help="How many random recipes, whatever the file says.")
@click.option("--resume", is_flag=True, help="Keep the trials that are done, and go on with the rest.")
@click.option("--overwrite", is_flag=True, help="Replace a sweep that is there.")
def sweep(
    recipe: Path,
    data: str,
    out: Path,
    engine: str,
    settings: tuple[str, ...],
    trials: int | None,
    resume: bool,
    overwrite: bool,
) -> None:
    """Try the recipes that the [sweep] table of RECIPE describes, and keep the best.

    Each learns from the training photos and is measured on the validation photos, or by cross-validation where
    split.folds says so. The test photos are left for the one recipe that is chosen.
    """
    from rich.console import Console

    from sagui.progress.terminal import TerminalProgress
    from sagui.train.datasets import open_dataset
    from sagui.train.sweep.show import TABLE, sentences, write_findings, write_terminal

    # It would warn that many networks are built, which is what a sweep is.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    planned = plan(*read_sweep(recipe, settings, trials), f"{recipe}: [sweep.values]")
    progress, cache = TerminalProgress(), default_cache()
    options = Options(overwrite, resume, choose_engine(engine))
    try:
        findings = try_recipes(open_dataset(data, cache, progress), planned, out, cache, options, progress)
    except KeyboardInterrupt:
        progress.say("  interrupted; the same command with --resume goes on with the trials that are left")
        raise
    write_findings(out, findings)
    if reason := findings.standings[0].reason:
        raise TrainError(f"all {len(findings.standings)} trials failed, see {out / TABLE}: {reason}")
    write_terminal(Console(), findings)
    for sentence in sentences(findings, data, out):
        click.echo(sentence)
