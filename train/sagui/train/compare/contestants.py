"""Reads what is compared: finished runs and what they said of their test photos."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from sagui.train.errors import RunError
from sagui.train.quality import Predictions, right
from sagui.train.run import MODEL, PREDICTIONS, Run, read_run


@dataclass(frozen=True)
class Contestant:
    """A run that is compared.

    Attributes:
        name: What it is called in the comparison.
        run: What it tells of itself.
        test: What it said of its test photos.
        model_bytes: Size of its ``model.keras``.
    """

    name: str
    run: Run
    test: Predictions
    model_bytes: int

    def right(self) -> dict[str, bool]:
        """Whether it names each test photo right, by the photo's name."""
        several = self.run.metrics.quality.multi_label
        hits = right(self.test, self.run.task, several.thresholds if several else ())
        return dict(zip(self.test.names, map(bool, hits), strict=True))

    def test_photos(self) -> dict[str, tuple[str, tuple[str, ...]]]:
        """Content and labels of the test photos, by name."""
        return {
            photo.name: (photo.sha256, tuple(sorted(self.run.labels[at] for at in photo.labels)))
            for photo in self.run.split["test"]
        }


def short_names(folders: Sequence[Path]) -> tuple[str, ...]:
    """Names folders by what is not the same in the paths of all: ``runs/a`` and ``runs/b`` are a and b."""
    paths = [folder.absolute() for folder in folders]
    shared = os.path.commonpath([path.parent for path in paths])
    return tuple(path.relative_to(shared).as_posix() for path in paths)


def read_contestant(folder: Path, name: str) -> Contestant:
    """Reads a run and its predictions.

    Args:
        folder: The run's.
        name: What it is to be called.

    Raises:
        RunError: The folder is no finished run, or its predictions cannot be read or belong to other photos.
    """
    run = read_run(folder)
    test = read_test_predictions(folder / PREDICTIONS)
    contestant = Contestant(name, run, test, (folder / MODEL).stat().st_size)
    if sorted(test.names) != sorted(contestant.test_photos()):
        raise RunError(f"{folder / PREDICTIONS}: of other photos than the run's test photos; train again")
    if test.truth.shape != (len(test.names), len(run.labels)) or test.scores.shape != test.truth.shape:
        raise RunError(f"{folder / PREDICTIONS}: not of {len(run.labels)} labels, as the run is; train again")
    return contestant


def read_test_predictions(path: Path) -> Predictions:
    """Reads the test photos' part of ``predictions.npz``.

    Raises:
        RunError: It is missing, damaged or something else.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            names, truth, scores = (file[f"test_{name}"] for name in ("names", "truth", "scores"))
    except OSError as error:
        raise RunError(f"{path}: cannot be read: {error.strerror or error}; train again") from error
    except Exception as error:  # NumPy and zipfile raise a wide family for damaged files
        raise RunError(f"{path}: not the predictions of a run: {error}; train again") from error
    return Predictions(tuple(map(str, names)), truth, scores)


def paired_hits(first: Contestant, second: Contestant) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]] | None:
    """Which photos each of two runs names right, in one order; None if their test photos or labels are not the same.

    Args:
        first: A run.
        second: Another.
    """
    if sorted(first.run.labels) != sorted(second.run.labels) or first.test_photos() != second.test_photos():
        return None
    one, other = first.right(), second.right()
    return np.array([one[name] for name in one], np.bool_), np.array([other[name] for name in one], np.bool_)
