"""`sagui train`."""

import logging
from collections.abc import Iterator
from pathlib import Path

import click

from sagui.progress.quiet import quiet_native
from sagui.train.engine.choose import ENGINES, choose_engine
from sagui.train.recipe.choices import Recipe
from sagui.train.recipe.explain import explain as explain_recipe
from sagui.train.recipe.read import read_recipe, with_settings
from sagui.train.store import default_cache

with quiet_native():
    from sagui.train.networks import resolved
    from sagui.train.pipeline import Options, resolve_for
    from sagui.train.pipeline import train as train_run

# Options that are a key of the recipe by a shorter name.
_SHORT = {
    "backbone": "backbone.name",
    "weights": "backbone.weights",
    "image_size": "input.size",
    "views": "augmentation.views",
    "fine_tune": "training.blocks",
    "epochs": "training.epochs",
    "folds": "split.folds",
    "seed": "seed",
}


@click.command("train", short_help="Learn to name photos.")
@click.argument("data", required=False)
@click.option("--out", type=click.Path(path_type=Path), help="The run folder to write.")
@click.option(
    "--recipe", "recipe_file", type=click.Path(path_type=Path, dir_okay=False), help="A TOML file with choices."
)
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="KEY=VALUE",
    help="One choice, as in optimizer.name=sgd; again for more.",
)
@click.option("--explain", is_flag=True, help="Print every choice, what it does and what it may be; train nothing.")
@click.option("--backbone", help="The network to start from.  [efficientnet-lite0]")
@click.option("--weights", help="Its weights: imagenet, none (random), or a file.")
@click.option("--image-size", help="Side of its input, in pixels.  [the backbone's own]")
@click.option("--views", help="Copies to learn from: none, mirror, flips, dihedral.  [mirror]")
@click.option("--fine-tune", help="Train so many of the last blocks too, or all; slower, and often better.")
@click.option("--epochs", help="How often each photo is learned from, at most.")
@click.option("--folds", help="Cross-validate with so many folds first.")
@click.option("--seed", help="Of the split and of all that is random.  [0]")
@click.option("--find-lr", is_flag=True, help="Measure a good learning rate, draw it into --out, and train nothing.")
@click.option(
    "--unknowns",
    type=click.Path(path_type=Path, file_okay=False),
    help="A folder of photos of other things, to see what becomes of them.",
)
@click.option(
    "--engine", type=click.Choice(ENGINES), default="local", show_default=True, help="Where independent work runs."
)
@click.option("--resume", is_flag=True, help="Go on with a training that was interrupted.")
@click.option("--overwrite", is_flag=True, help="Replace a run that is there, or an interrupted training.")
def train(
    data: str | None,
    out: Path | None,
    recipe_file: Path | None,
    settings: tuple[str, ...],
    explain: bool,
    find_lr: bool,
    unknowns: Path | None,
    engine: str,
    resume: bool,
    overwrite: bool,
    **short: str | None,
) -> None:
    """Learn to name photos and write a run folder.

    DATA is a folder with one folder of photos for each class, a table (.csv or .tsv), keras:NAME, or elpv for the
    solar cells of the demo. What was computed from photos is kept in ~/.cache/sagui (or $SAGUI_CACHE) for the next
    time.
    """
    recipe = with_settings(read_recipe(recipe_file) if recipe_file else Recipe(), [*_settings(short), *settings])
    if explain:
        filled = resolved(recipe) if data is None else _resolved_for(data, recipe)
        click.echo(explain_recipe(recipe, filled), nl=False)
        return
    if data is None:
        raise click.UsageError("Missing argument 'DATA': a folder of class folders, a table, keras:NAME, or elpv.")
    if out is None:
        raise click.UsageError("Missing option '--out': the folder to write.")
    if find_lr:
        if resume or unknowns or engine != "local":
            raise click.UsageError("--find-lr goes without --resume, --unknowns and --engine: it trains nothing.")
        _find_rate(data, recipe, out)
        return
    # It would warn that many networks are built, which is what folds are.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    _train(data, recipe, out, Options(overwrite, resume, unknowns, choose_engine(engine)))


def _resolved_for(data: str, recipe: Recipe) -> Recipe:
    from sagui.train.datasets import open_dataset

    return resolve_for(open_dataset(data), recipe)


def _settings(short: dict[str, str | None]) -> Iterator[str]:
    for name, value in short.items():
        if value is not None:
            yield f"{_SHORT[name]}={value}"


def _train(data: str, recipe: Recipe, out: Path, options: Options) -> None:
    from sagui.progress.terminal import TerminalProgress
    from sagui.train.datasets import open_dataset

    progress, cache = TerminalProgress(), default_cache()
    run = train_run(open_dataset(data, cache, progress), recipe, out, cache, options, progress)
    test = run.metrics.test.accuracy
    click.echo(
        f"{out}: {test.value:.1%} of {test.n} test photos right (95 % interval {test.low:.1%} to {test.high:.1%}); "
        f"read {out / 'report.html'}"
    )


def _find_rate(data: str, recipe: Recipe, out: Path) -> None:
    from sagui.progress.terminal import TerminalProgress
    from sagui.train.datasets import open_dataset
    from sagui.train.find_rate import PLOT, find_rate

    progress, cache = TerminalProgress(), default_cache()
    dataset = open_dataset(data, cache, progress)
    found = find_rate(dataset, resolve_for(dataset, recipe), out, cache, progress)
    click.echo(
        f"{out / PLOT}: a good learning rate to begin with is {found.suggestion:.1e}: "
        f"--set optimizer.learning_rate={found.suggestion:.1e}"
    )
