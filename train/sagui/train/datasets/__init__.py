"""Where photos come from: one port, and a module per source."""

from pathlib import Path

from sagui.progress import SILENT, Progress
from sagui.train.datasets import table
from sagui.train.datasets.elpv import read_elpv
from sagui.train.datasets.folder import read_folder
from sagui.train.datasets.keras_builtin import BUILTINS, read_keras
from sagui.train.datasets.port import Dataset, Part, Photo, Task
from sagui.train.datasets.table import read_table
from sagui.train.errors import DatasetError
from sagui.train.store import default_cache

__all__ = ["Dataset", "Part", "Photo", "Task", "open_dataset"]

_KERAS = "keras:"


def open_dataset(source: str, cache: Path | None = None, progress: Progress = SILENT) -> Dataset:
    """Opens a dataset by what a person wrote.

    Args:
        source: ``elpv``, ``keras:NAME``, ``keras:NAME=FILE`` with a copy that was downloaded before, a .csv or .tsv
            table, or a folder with a folder of photos for each class.
        cache: Where photos are written that come as arrays; `default_cache` if it is left out.
        progress: Told of long work.

    Raises:
        DatasetError: It cannot be trained on.
    """
    if source == "elpv":
        return read_elpv()
    if source.startswith(_KERAS):
        name, _, file = source.removeprefix(_KERAS).partition("=")
        return read_keras(name, Path(file).expanduser() if file else None, cache or default_cache(), progress)
    path = Path(source)
    if path.is_dir():
        return read_folder(path)
    if path.suffix.lower() in table.SUFFIXES:
        return read_table(path, progress)
    wrong = "not a folder, and no .csv or .tsv table" if path.exists() else "no such folder or table"
    known = ", ".join(_KERAS + name for name in BUILTINS)
    raise DatasetError(
        f"{source}: {wrong}; give a folder with one folder of photos for each class, a .csv or .tsv table, elpv, or "
        f"one of {known}"
    )
