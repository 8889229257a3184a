"""`sagui evaluate`."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sagui.train.engine.choose import ENGINES

if TYPE_CHECKING:
    from sagui.convert.evaluation.findings import Findings
    from sagui.convert.evaluation.match import Pairs
    from sagui.convert.evaluation.samples import PartName, Photos
    from sagui.progress import Progress

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("evaluate", short_help="Measure a model file on photos.")
@click.argument("model", type=click.Path(path_type=Path))
@click.argument("data", required=False)
@click.option("--run", "run_folder", type=click.Path(path_type=Path), help="The photos of a training run, for DATA.")
@click.option("--data", "root", type=click.Path(path_type=Path), help="With --run: where its photos lie now.")
@click.option(
    "--part",
    type=click.Choice(["train", "validation", "test", "all"]),
    help="The set of photos, where they are split.  [all; test with --run]",
)
@click.option("--labels", type=_FILE, help="A text file with a label a line, for a TFLite file without any.")
@click.option("--map", "pairs", type=_FILE, help="A table of which label means which class: class,label a line.")
@click.option("--ignore-unknown-classes", is_flag=True, help="Leave out photos the model has no label for.")
@click.option("--top", type=click.IntRange(1), help="Look for the class among so many best answers, too.  [5]")
@click.option("--threads", type=click.IntRange(1, 64), help="CPU threads for the network.  [all; 1 with --engine ray]")
@click.option(
    "--engine", type=click.Choice(ENGINES), default="local", show_default=True, help="Where photos are scored."
)
@click.option(
    "--json", "json_file", type=click.Path(allow_dash=True, dir_okay=False), help="Write all as JSON; - for here."
)
@click.option("--min-accuracy", type=click.FloatRange(0, 1), help="Fail below this share of photos named right.")
def evaluate(
    model: Path,
    data: str | None,
    run_folder: Path | None,
    root: Path | None,
    part: "PartName | None",
    labels: Path | None,
    pairs: Path | None,
    ignore_unknown_classes: bool,
    top: int | None,
    threads: int | None,
    engine: str,
    json_file: str | None,
    min_accuracy: float | None,
) -> None:
    """Measure MODEL, a bundle or any TFLite image classifier, on photos, with the runtime of this machine.

    DATA is what `sagui train` takes: a folder with one folder of photos for each class, a table (.csv or .tsv),
    keras:NAME, or elpv. In its place, --run RUN takes the test photos of a training run, which gives the numbers of
    its bundle's report.
    """
    from sagui.convert.evaluation.model import read_model
    from sagui.convert.evaluation.run import Options
    from sagui.convert.evaluation.run import evaluate as evaluate_model
    from sagui.progress.terminal import TerminalProgress
    from sagui.train.engine.choose import choose_engine

    _check_use(data, run_folder, root, json_file)
    progress = TerminalProgress()
    options = Options(top, _read_pairs(pairs) if pairs else (), ignore_unknown_classes)
    shared = read_model(model, labels, threads or (1 if engine == "ray" else os.cpu_count() or 1))
    photos = _photos(data, run_folder, root, part, progress)
    findings = evaluate_model(shared, photos, options, choose_engine(engine), progress)
    _tell(findings, json_file)
    _check_accuracy(findings, min_accuracy)


def _check_use(data: str | None, run_folder: Path | None, root: Path | None, json_file: str | None) -> None:
    if (data is None) == (run_folder is None):
        raise click.UsageError("Name photos: either DATA (a folder of class folders, a table, ...) or --run RUN.")
    if root and not run_folder:
        raise click.UsageError("--data goes with --run: it says where the photos of the run lie now.")
    if json_file not in (None, "-") and not Path(str(json_file)).absolute().parent.is_dir():
        raise click.UsageError(f"--json {json_file}: there is no such folder.")


def _photos(
    data: str | None, run_folder: Path | None, root: Path | None, part: "PartName | None", progress: "Progress"
) -> "Photos":
    from sagui.convert.evaluation.samples import of_dataset, of_run
    from sagui.train.datasets import open_dataset

    if run_folder:
        return of_run(run_folder, part or "test", root)
    return of_dataset(open_dataset(str(data), progress=progress), part or "all")


def _read_pairs(path: Path) -> "Pairs":
    from sagui.convert.errors import ConvertError
    from sagui.convert.evaluation.match import read_pairs

    try:
        text = path.read_text("utf-8-sig")
    except OSError as error:
        raise ConvertError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConvertError(f"{path}: not a text file in UTF-8: {error.reason} at byte {error.start}") from error
    return read_pairs(text, str(path))


def _tell(findings: "Findings", json_file: str | None) -> None:
    import msgspec
    from rich.console import Console

    from sagui.bundle.replace import write_bytes
    from sagui.convert.evaluation.show import write_terminal

    content = msgspec.json.format(msgspec.json.encode(findings), indent=2) + b"\n"
    if json_file == "-":
        click.echo(content, nl=False)
        return
    write_terminal(Console(), findings)
    if json_file:
        write_bytes(Path(json_file), content)
        click.echo(f"{json_file}: written")


def _check_accuracy(findings: "Findings", least: float | None) -> None:
    from sagui.convert.errors import ConvertError

    if least is not None and findings.accuracy.value < least:
        raise ConvertError(
            f"{findings.subject.model}: {findings.accuracy.value:.2%} of {findings.accuracy.n} photos are named right, "
            f"and --min-accuracy asks for {least:.2%}"
        )
