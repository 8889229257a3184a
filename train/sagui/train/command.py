"""`sagui train`."""

from pathlib import Path

import click

from sagui.progress.quiet import quiet_native
from sagui.train.recipe import FineTune, Probe, Recipe, Views
from sagui.train.store import default_cache

with quiet_native():
    from sagui.train.pipeline import train as train_run

_DEFAULT = Recipe()


@click.command("train", short_help="Learn to name photos.")
@click.argument("data")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The run folder to write.")
@click.option("--backbone", default=_DEFAULT.backbone, show_default=True, help="The network to start from.")
@click.option(
    "--weights", default=_DEFAULT.weights, show_default=True, help="Its weights: imagenet, none (random), or a file."
)
@click.option(
    "--image-size", type=int, default=_DEFAULT.image_size, show_default=True, help="Side of its input, in pixels."
)
@click.option(
    "--fit",
    type=click.Choice(["squash", "crop", "pad"]),
    default=_DEFAULT.fit,
    show_default=True,
    help="How photos are brought to that shape.",
)
@click.option(
    "--views",
    type=click.Choice(["none", "mirror", "flips", "dihedral"]),
    default=_DEFAULT.views,
    show_default=True,
    help="Turned copies to learn from: left-right, also up-down, also quarter turns.",
)
@click.option("--epochs", type=int, default=Probe().epochs, show_default=True, help="At most, for the new head.")
@click.option(
    "--fine-tune",
    "blocks",
    type=int,
    default=0,
    show_default=True,
    help="Train so many of the last blocks too; slower, and better on photos unlike ImageNet's.",
)
@click.option(
    "--fine-tune-epochs", type=int, default=FineTune().epochs, show_default=True, help="At most, for those blocks."
)
@click.option("--test-share", type=float, default=_DEFAULT.test_share, show_default=True, help="Part kept to test.")
@click.option("--seed", type=int, default=_DEFAULT.seed, show_default=True, help="Of the split and all that is random.")
@click.option("--overwrite", is_flag=True, help="Replace a run that is there.")
def train(
    data: str,
    out: Path,
    backbone: str,
    weights: str,
    image_size: int,
    fit: str,
    views: Views,
    epochs: int,
    blocks: int,
    fine_tune_epochs: int,
    test_share: float,
    seed: int,
    overwrite: bool,
) -> None:
    """Learn to name photos and write a run folder.

    DATA is a folder with one folder of photos for each class, or elpv for the solar cells of the demo. What was
    computed from photos is kept in ~/.cache/sagui (or $SAGUI_CACHE) for the next time.
    """
    from sagui.progress.terminal import TerminalProgress
    from sagui.train.datasets import open_dataset

    recipe = Recipe(
        backbone=backbone,
        weights=weights,
        image_size=image_size,
        fit=fit,  # type: ignore[arg-type]  # click checked it
        views=views,
        seed=seed,
        test_share=test_share,
        probe=Probe(epochs=epochs),
        fine_tune=FineTune(blocks=blocks, epochs=fine_tune_epochs),
    )
    run = train_run(open_dataset(data), recipe, out, default_cache(), overwrite=overwrite, progress=TerminalProgress())
    test = run.metrics.test.accuracy
    click.echo(
        f"{out}: {test.value:.1%} of {test.n} test photos right (95 % interval {test.low:.1%} to {test.high:.1%})"
    )
