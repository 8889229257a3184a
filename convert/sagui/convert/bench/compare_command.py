"""`sagui compare`: training runs, report cards of `sagui bench`, or bundles."""

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from sagui.bundle.read import is_bundle
from sagui.convert.bench.card import Card, decode_card
from sagui.convert.bench.errors import BenchError
from sagui.convert.bench.table import Sheet

_KIND = {"run": "training run", "bundle": "bundle", "card": "report card"}


@click.command("compare", short_help="Put runs, report cards or bundles side by side.")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="Write it as a page, too; for runs.")
@click.pass_context
def compare(ctx: click.Context, paths: tuple[Path, ...], html: Path | None) -> None:
    """Put PATHS of one kind side by side: run folders, report cards, or bundles.

    Of folders that `sagui train` wrote: what each reached on its test photos and what it cost, in what their recipes
    differ, and whether a run differs from the first by more than chance. Of report cards that `sagui bench --json`
    wrote: how fast, how large and how good the models are. Of bundles: size and accuracy.
    """
    kind = one_kind(paths)
    if kind == "run":
        ctx.invoke(_compare_of_runs(), runs=paths, html=html)
        return
    if html is not None:
        raise click.UsageError(f"--html writes a page of training runs; these are {_KIND[kind]}s")
    if len({path.resolve() for path in paths}) < max(2, len(paths)):
        raise click.UsageError(f"name two different {_KIND[kind]}s or more: sagui compare a b")
    from sagui.convert.bench.show import write_sheet

    write_sheet(sys.stdout, _side_by_side(kind, paths))


def _side_by_side(kind: str, paths: Sequence[Path]) -> Sheet:
    from sagui.bundle.read import read_bundle
    from sagui.convert.bench.compare import compare_bundles, compare_cards

    names = names_of(paths)
    if kind == "bundle":
        return compare_bundles([read_bundle(path).manifest for path in paths], names)
    return compare_cards([read_card(path) for path in paths], names)


def one_kind(paths: Sequence[Path]) -> str:
    """Finds out what is to be compared: ``run``, ``bundle`` or ``card``.

    Raises:
        BenchError: They are of several kinds, or one is missing.
    """
    kinds = [_kind(path) for path in paths]
    for path, kind in zip(paths, kinds, strict=True):
        if kind != kinds[0]:
            raise BenchError(f"{paths[0]} is a {_KIND[kinds[0]]}, {path} a {_KIND[kind]}: compare one kind at a time")
    return kinds[0]


def _kind(path: Path) -> str:
    if path.is_dir():
        return "run"
    if is_bundle(path):
        return "bundle"
    head = _read(path)[:8]
    if head[4:] == b"TFL3":
        raise BenchError(f"{path}: a plain TFLite file; measure it first: sagui bench {path} --json card.json")
    return "card"


def read_card(path: Path) -> Card:
    """Reads a report card.

    Raises:
        BenchError: It cannot be read, or is none.
    """
    content = _read(path)
    try:
        return decode_card(content)
    except BenchError as error:
        raise BenchError(f"{path}: {error}") from error


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BenchError(f"{path}: cannot be read: {error.strerror}") from error


def names_of(paths: Sequence[Path]) -> tuple[str, ...]:
    """Names files by their stems; by their whole paths, where stems are the same."""
    stems = [path.stem for path in paths]
    return tuple(stems if len(set(stems)) == len(stems) else map(str, paths))


def _compare_of_runs() -> click.Command:
    try:
        from sagui.train.compare.command import compare as compare_runs
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("sagui"):
            raise
        raise click.ClickException("comparing runs needs TensorFlow: pip install 'sagui[train]'") from error
    return compare_runs
