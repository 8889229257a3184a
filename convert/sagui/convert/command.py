"""`sagui convert`."""

import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from sagui.convert.errors import GateError
from sagui.convert.modes import CHOICES, IOS
from sagui.progress.quiet import quiet_native

with quiet_native():
    from sagui.convert.gate import Budget
    from sagui.convert.metadata import About
    from sagui.convert.options import Options
    from sagui.convert.pipeline import Converted
    from sagui.convert.pipeline import convert as convert_run

_DEFAULT = Options()
_POINTS = click.FloatRange(0, 100)
_FOLDER = click.Path(path_type=Path)

_BUDGET = (
    click.option(
        "--max-drop",
        type=_POINTS,
        default=_DEFAULT.budget.overall,
        show_default=True,
        help="Accuracy that may be lost, in percentage points.",
    ),
    click.option(
        "--max-class-drop",
        type=_POINTS,
        default=_DEFAULT.budget.per_class,
        show_default=True,
        help="The same for any one class.",
    ),
    click.option(
        "--min-agreement",
        type=_POINTS,
        default=_DEFAULT.budget.agreement,
        show_default=True,
        help="Percent of photos that both must name the same.",
    ),
    click.option(
        "--max-ece-rise",
        type=_POINTS,
        default=_DEFAULT.budget.calibration,
        show_default=True,
        help="By how much the calibration error may rise, in points.",
    ),
    click.option("--force", is_flag=True, help="Ship a file that the gate refuses; the bundle says so."),
)


def _budget_options(command: Callable[..., None]) -> Callable[..., None]:
    for option in reversed(_BUDGET):
        command = option(command)
    return command


@click.command("convert", short_help="Turn a training run into a proven bundle.")
@click.argument("run", type=_FOLDER)
@click.option("--out", type=_FOLDER, default=Path(), help="The bundle's folder; default: here.")
@click.option(
    "--quantize",
    "mode",
    type=click.Choice(CHOICES),
    default=_DEFAULT.mode,
    show_default=True,
    help="How numbers are made small; auto takes the fastest way that keeps the accuracy.",
)
@click.option(
    "--io",
    type=click.Choice(IOS),
    default=_DEFAULT.io,
    show_default=True,
    help="What an int8 file takes and gives; MediaPipe wants uint8.",
)
@click.option("--edgetpu-friendly", is_flag=True, help="One scale for each dense layer, as the Edge TPU wants it.")
@click.option("--name", default="", help="Of the bundle; default: the dataset's.")
@click.option("--version", default=_DEFAULT.version, show_default=True, help="Of the bundle, as in semver.org.")
@click.option("--author", default="", help="Who made the model; written into it.")
@click.option("--license", default="", help="What others may do with it, as in Apache-2.0; written into it.")
@click.option(
    "--calibration",
    type=int,
    default=_DEFAULT.calibration,
    show_default=True,
    help="Training photos that tell the ranges of activations.",
)
@_budget_options
@click.option(
    "--threshold",
    type=click.FloatRange(0, 1),
    default=_DEFAULT.threshold,
    show_default=True,
    help="Below this score the device says unknown.",
)
@click.option("--data", type=_FOLDER, help="Where the photos lie now, if they were moved.")
@click.option("--c-array", is_flag=True, help="Write the model as C source, too, for microcontrollers.")
def convert(run: Path, out: Path, c_array: bool, **chosen: Any) -> None:  # noqa: ANN401 (one for each option)
    """Turn RUN, a folder that `sagui train` wrote, into one bundle file.

    The exported file is evaluated on the test photos of the run. If it lost more accuracy than the budget allows, no
    bundle is written.
    """
    from sagui.convert.show import c_files, summary, write_tried
    from sagui.progress.terminal import TerminalProgress

    # It would warn that several networks are traced, which is what a conversion does.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    budget = Budget(*(chosen.pop(key) for key in ("max_drop", "max_class_drop", "min_agreement", "max_ece_rise")))
    about = About(author=chosen.pop("author"), license=chosen.pop("license"))
    options = Options(**chosen, budget=budget, about=about, threads=os.cpu_count() or 1)
    try:
        done: Converted = convert_run(run, out, options, TerminalProgress())
    except GateError as refusal:
        for line in refusal.evidence:
            click.echo(f"  {line}", err=True)
        raise
    if options.mode == "auto":
        write_tried(done)
    click.echo(summary(done))
    if c_array:
        for path in c_files(done, out):
            click.echo(f"{path}: written")
