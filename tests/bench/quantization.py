"""What quantization does to accuracy, size and speed, measured: the tables of docs/quantization.md.

python -m tests.bench.quantization RUN         every mode on a run
python -m tests.bench.quantization --networks  int8 on three networks and a set of ten classes in colour
"""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.table import Table

from sagui.convert.candidates import Candidate, measure, try_mode
from sagui.convert.errors import ConvertError
from sagui.convert.export import load_network
from sagui.convert.gate import Budget
from sagui.convert.modes import MODES, ModeName
from sagui.convert.options import Options
from sagui.convert.photos import RunPhotos
from sagui.convert.workbench import Workbench, open_workbench
from sagui.progress.terminal import TerminalProgress
from sagui.train.datasets import open_dataset
from sagui.train.pipeline import train
from sagui.train.recipe.choices import Recipe
from sagui.train.recipe.read import with_settings
from sagui.train.run import MODEL, read_run

_SHAPES = ("disc", "square", "triangle", "ring", "cross")
_HUES = {"red": (0, 25), "blue": (95, 130)}
_SIDE = 96
_PHOTOS = 500
_ALL = Budget(overall=100.0, per_class=100.0, agreement=0.0, calibration=100.0)

NETWORKS: dict[str, tuple[str, ...]] = {
    "efficientnet-lite0": ("input.size=96", "training.blocks=5", "training.epochs=8"),
    "mobilenet-v2": ("backbone.weights=none", "input.size=64", "training.epochs=30"),
    "resnet50": ("backbone.weights=none", "input.size=64", "training.epochs=22"),
}
"""How each learns the ten classes; where pretrained weights cannot be had without a network, from scratch.

Until it has learned: the scores of a network that half knows its classes are close to each other, and small errors of
8-bit numbers change the best.
"""


@dataclass(frozen=True)
class Outcome:
    """A converted file beside its float network."""

    what: str
    candidate: Candidate
    float_bytes: int
    float_ms: float


def modes(run: Path) -> list[Outcome]:
    """Every mode on one run."""
    with _bench(run) as bench:
        found = list(_outcomes(bench, list(MODES)))
        as_it_is = measure(bench, MODES["int8"], bench.convert(MODES["int8"]))
        return [*found, replace(found[0], what="int8, not tightened", candidate=as_it_is)]


def networks(folder: Path) -> list[Outcome]:
    """Int8 on three networks that learn ten classes in colour."""
    draw_ten_classes(folder / "ten")
    dataset, progress = open_dataset(str(folder / "ten")), TerminalProgress()
    found = []
    for name, settings in NETWORKS.items():
        recipe = with_settings(Recipe(), [f"backbone.name={name}", *settings])
        train(dataset, recipe, folder / name, folder / "cache", progress=progress)
        with _bench(folder / name) as bench:
            found += [one for one in _outcomes(bench, ["none", "int8"]) if one.candidate.mode.name == "int8"]
    return found


def _outcomes(bench: Workbench, names: list[ModeName]) -> Iterator[Outcome]:
    plain = try_mode(bench, "none")
    for name in names:
        try:
            candidate = plain if name == "none" else try_mode(bench, name)
        except ConvertError as error:
            bench.progress.say(f"  {name} left out: {error}")
            continue
        what = f"{bench.run.recipe.backbone.name} {name}"
        yield Outcome(what, candidate, len(bench.float_file), plain.latency_ms)


@contextmanager
def _bench(folder: Path) -> Iterator[Workbench]:
    run = read_run(folder)
    options = Options(budget=_ALL, threads=2)
    model = load_network(folder / MODEL)
    log = Path("bench.convert.log")
    with open_workbench("bench", run, model, RunPhotos(run, None), options, log, TerminalProgress()) as bench:
        yield bench


def draw_ten_classes(folder: Path, photos: int = _PHOTOS, seed: int = 0) -> None:
    """Draws five shapes in two hues on noisy ground, as class folders."""
    rng = np.random.default_rng(seed)
    for hue in _HUES:
        for shape in _SHAPES:
            (folder / f"{hue}-{shape}").mkdir(parents=True)
            for number in range(photos):
                picture = _draw(shape, hue, rng)
                cv2.imwrite(str(folder / f"{hue}-{shape}" / f"{number}.png"), picture)


def _draw(shape: str, hue: str, rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    """One photo, BGR ``(96, 96, 3)``: place, size, turn, shade and noise vary."""
    picture = rng.integers(0, 90, (_SIDE, _SIDE, 3), dtype=np.uint8)
    pixel = np.array([[[rng.integers(*_HUES[hue]), rng.integers(110, 255), rng.integers(110, 230)]]], np.uint8)
    colour = tuple(int(part) for part in cv2.cvtColor(pixel, cv2.COLOR_HSV2BGR)[0, 0])
    x, y = (int(at) for at in rng.integers(30, 66, 2))
    reach, turn = int(rng.integers(12, 26)), float(rng.uniform(0, 2 * np.pi))
    if shape in ("disc", "ring"):
        cv2.circle(picture, (x, y), reach, colour, -1 if shape == "disc" else 5)
    elif shape == "cross":
        for angle in (turn, turn + np.pi / 2):
            ends = [(int(x + sign * reach * np.cos(angle)), int(y + sign * reach * np.sin(angle))) for sign in (-1, 1)]
            cv2.line(picture, ends[0], ends[1], colour, 6)
    else:
        corners = 4 if shape == "square" else 3
        angles = turn + 2 * np.pi * np.arange(corners) / corners
        points = np.stack([x + reach * np.cos(angles), y + reach * np.sin(angles)], 1).astype(np.int32)
        cv2.fillPoly(picture, [points], colour)
    noisy = picture.astype(np.float32) + rng.normal(0, 18, picture.shape)
    return np.asarray(np.clip(noisy, 0, 255), np.uint8)


def show(found: list[Outcome]) -> None:
    """Prints a table."""
    table = Table("file", "MB", "of float", "ms", "of float", "photos", "accuracy", "lost, points", "agreement, %")
    for one in found:
        file, loss = one.candidate, one.candidate.verdict.losses[0]
        table.add_row(
            one.what,
            f"{len(file.model) / 1e6:.2f}",
            f"{len(file.model) / one.float_bytes:.3f}",
            f"{file.latency_ms:.2f}",
            f"{file.latency_ms / one.float_ms:.2f}",
            str(len(file.scored.truth)),
            f"{100 * loss.after:.2f}",
            f"{loss.points:.2f}",
            f"{100 * file.verdict.agreement:.2f}",
        )
    Console(width=140).print(table)


def main() -> None:
    """Measures what is asked for."""
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    if sys.argv[1:] == ["--networks"]:
        with TemporaryDirectory() as folder:
            show(networks(Path(folder)))
    elif len(sys.argv) == 2:
        show(modes(Path(sys.argv[1])))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
