"""ELPV: 2,624 electroluminescence photos of solar cells, functional or defective.

Deitsch et al., "Automatic classification of defective photovoltaic module cells in electroluminescence images", Solar
Energy 185 (2019), https://doi.org/10.1016/j.solener.2019.02.067. The photos come in the PyPI package ``elpv-dataset``
(CC BY-NC-SA 4.0).
"""

import csv
from importlib.resources import files
from pathlib import Path

from sagui.train.datasets.port import Dataset, Photo
from sagui.train.errors import DatasetError

LABELS = ("functional", "defective")
_DEFECTIVE_FROM = 0.5
_CERTAIN = 1.0
_DOUBTFUL = 0.5


def read_elpv() -> Dataset:
    """Reads ELPV with two classes, split at a defect probability of one half as in the paper.

    The experts gave each cell a probability of 0, 1/3, 2/3 or 1, by what they saw and how sure they were of it. A photo
    they were unsure of (1/3 or 2/3) weighs 0.5, and any other 1.

    Raises:
        DatasetError: The package is not installed or its table is not the one expected.
    """
    try:
        root = Path(str(files("elpv_dataset"))) / "data"
        lines = (root / "labels.csv").read_text("utf-8").splitlines()
        photos = tuple(_photo(*row) for row in csv.reader(map(_single_spaced, lines), delimiter=" "))
    except ModuleNotFoundError as error:
        raise DatasetError("the ELPV photos are not installed: pip install elpv-dataset") from error
    except (OSError, ValueError, TypeError, csv.Error) as error:
        raise DatasetError(
            f"elpv-dataset: its labels.csv cannot be read: {error}; "
            "install it again: pip install --force-reinstall elpv-dataset"
        ) from error
    return Dataset("elpv", "ELPV solar cells", root, LABELS, photos)


def _single_spaced(line: str) -> str:
    return " ".join(line.split())


def _photo(name: str, probability: str, cell_type: str) -> Photo:
    value = float(probability)
    weight = _CERTAIN if value in {0.0, 1.0} else _DOUBTFUL
    return Photo(name, (int(value > _DEFECTIVE_FROM),), f"{cell_type} {value:.2f}", weight=weight)
