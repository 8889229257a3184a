"""`sagui convert`."""

import os
from pathlib import Path

import click

from sagui.convert.gate import Budget
from sagui.convert.modes import MODES, ModeName
from sagui.progress.quiet import quiet_native

with quiet_native():
    from sagui.convert.pipeline import Options
    from sagui.convert.pipeline import convert as convert_run

_DEFAULT = Options()


@click.command("convert", short_help="Turn a training run into a proven bundle.")
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), default=Path(), help="The bundle's folder; default: here.")
@click.option(
    "--quantize",
    "mode",
    type=click.Choice(list(MODES)),
    default=_DEFAULT.mode,
    show_default=True,
    help="How numbers are made small.",
)
@click.option("--name", default="", help="Of the bundle; default: the dataset's.")
@click.option("--version", default=_DEFAULT.version, show_default=True, help="Of the bundle, as in semver.org.")
@click.option(
    "--calibration",
    type=int,
    default=_DEFAULT.calibration,
    show_default=True,
    help="Training photos that set the ranges of int8.",
)
@click.option(
    "--max-drop",
    type=float,
    default=_DEFAULT.budget.overall,
    show_default=True,
    help="Accuracy that may be lost, in percentage points.",
)
@click.option(
    "--max-class-drop",
    type=float,
    default=_DEFAULT.budget.per_class,
    show_default=True,
    help="The same for any class with 30 or more test photos.",
)
@click.option(
    "--threshold",
    type=click.FloatRange(0, 1),
    default=_DEFAULT.threshold,
    show_default=True,
    help="Below this score the device says unknown.",
)
@click.option("--data", type=click.Path(path_type=Path), help="Where the photos lie now, if they were moved.")
def convert(
    run: Path,
    out: Path,
    mode: ModeName,
    name: str,
    version: str,
    calibration: int,
    max_drop: float,
    max_class_drop: float,
    threshold: float,
    data: Path | None,
) -> None:
    """Turn RUN, a folder that `sagui train` wrote, into one bundle file.

    The exported file is evaluated on the test photos of the run. If it lost more accuracy than the budget allows, no
    bundle is written.
    """
    from sagui.progress.terminal import TerminalProgress

    options = Options(
        mode=mode,
        name=name,
        version=version,
        calibration=calibration,
        budget=Budget(max_drop, max_class_drop),
        threshold=threshold,
        data=data,
        threads=os.cpu_count() or 1,
    )
    done = convert_run(run, out, options, TerminalProgress())
    report = done.report
    click.echo(
        f"{done.path}: {report.exported.accuracy.value:.1%} of {report.exported.accuracy.n} test photos right "
        f"(float {report.parent.accuracy.value:.1%}), {report.bytes_exported:,} bytes (float {report.bytes_float:,})"
    )
