"""Where photos come from: one port, and a module per source."""

from pathlib import Path

from sagui.train.datasets.elpv import read_elpv
from sagui.train.datasets.folder import read_folder
from sagui.train.datasets.port import Dataset, Photo

__all__ = ["Dataset", "Photo", "open_dataset"]


def open_dataset(source: str) -> Dataset:
    """Opens a dataset by what a person wrote: ``elpv``, or a folder with a folder per class.

    Raises:
        DatasetError: It cannot be trained on.
    """
    return read_elpv() if source == "elpv" else read_folder(Path(source))
