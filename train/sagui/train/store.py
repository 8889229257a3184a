"""A cache on disk: arrays of one shape, found by the content they were computed from.

A store is a folder with ``records.bin`` (the arrays, one after another) and ``keys.txt`` (their names, a line each).
A name is written after its array is on the disk, so a process that dies leaves a store that is whole but for its tail,
which the next writer overwrites.
"""

import fcntl
import os
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sagui.train.errors import TrainError


def default_cache() -> Path:
    """``$SAGUI_CACHE``, or ``sagui`` in the user's cache folder."""
    chosen = os.environ.get("SAGUI_CACHE")
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return (Path(chosen) if chosen else base / "sagui").absolute()


class RecordStore:
    """Arrays of one shape by key; grows, never changes."""

    def __init__(self, folder: Path, shape: tuple[int, ...], dtype: str) -> None:
        self.shape = shape
        self.dtype = np.dtype(dtype)
        self._folder = folder
        self._record_bytes = int(np.prod(shape)) * self.dtype.itemsize
        self._rows: dict[str, int] = {}
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._read_keys()
        except OSError as error:
            raise TrainError(
                f"{folder}: the cache cannot be used: {error.strerror}; choose another folder with SAGUI_CACHE"
            ) from error

    @property
    def name(self) -> str:
        """The folder's name."""
        return self._folder.name

    def __reduce__(self) -> tuple[Any, ...]:
        # What is stored stays where it is: where it arrives, the store is opened again.
        return _arrived, (self._folder.resolve(), self.shape, self.dtype.name, len(self))

    def __contains__(self, key: str) -> bool:
        return key in self._rows

    def __len__(self) -> int:
        return len(self._rows)

    def reopened(self) -> "RecordStore":
        """The same store with what others wrote to it since."""
        return RecordStore(self._folder, self.shape, self.dtype.name)

    def missing(self, keys: Sequence[str]) -> list[int]:
        """The positions of the keys that are not stored, each key once."""
        first = {key: position for position, key in reversed(list(enumerate(keys)))}
        return sorted(position for key, position in first.items() if key not in self._rows)

    @contextmanager
    def writing(self) -> Iterator["RecordWriter"]:
        """Opens the store for writing; other processes wait.

        Raises:
            TrainError: The disk is full or cannot be written.
        """
        try:
            with (self._folder / "keys.txt").open("ab") as keys, (self._folder / "records.bin").open("ab") as records:
                fcntl.flock(keys, fcntl.LOCK_EX)
                self._read_keys()
                keys.truncate(sum(len(key) + 1 for key in self._rows))
                records.truncate(len(self._rows) * self._record_bytes)
                yield RecordWriter(self, keys, records)
        except OSError as error:
            raise TrainError(
                f"{self._folder}: the cache cannot be written: {error.strerror}; free some space, or choose another "
                "folder with SAGUI_CACHE"
            ) from error

    def rows(self, keys: Sequence[str]) -> npt.NDArray[np.int64]:
        """Where each key's record is, for `read`."""
        return np.array([self._rows[key] for key in keys], np.int64)

    def read(self, rows: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Reads records ``(rows, *shape)``.

        They are read, not mapped: mapped pages would count as this process' memory, and a cache is larger than that.

        Raises:
            TrainError: The cache was cut short.
        """
        records = np.empty((len(rows), *self.shape), self.dtype)
        if not len(rows):
            return records
        content, size = records.reshape(-1).view(np.uint8).data, self._record_bytes
        with (self._folder / "records.bin").open("rb", buffering=0) as file:
            for at, row in enumerate(rows.tolist()):
                if os.preadv(file.fileno(), [content[at * size : (at + 1) * size]], row * size) != size:
                    raise TrainError(f"{file.name}: the cache is damaged; delete {self._folder} and try again")
        return records

    def take(self, keys: Sequence[str]) -> npt.NDArray[Any]:
        """The records of some keys ``(keys, *shape)``."""
        return self.read(self.rows(keys))

    def _read_keys(self) -> None:
        keys, records = self._folder / "keys.txt", self._folder / "records.bin"
        names = keys.read_text("ascii").split("\n")[:-1] if keys.exists() else []
        whole = records.stat().st_size // self._record_bytes if records.exists() else 0
        # A photo has one name in all stores: kept once, it takes little room for many photos.
        self._rows = {sys.intern(name): row for row, name in enumerate(names[:whole])}

    def add_row(self, key: str) -> None:
        """Called by the writer when a record is on the disk."""
        self._rows[key] = len(self._rows)


def _arrived(folder: Path, shape: tuple[int, ...], dtype: str, count: int) -> RecordStore:
    """Opens a store that another process has opened.

    Raises:
        TrainError: The records are not here.
    """
    store = RecordStore(folder, shape, dtype) if folder.is_dir() else None
    if store is None or len(store) < count:
        raise TrainError(
            f"{folder}: {socket.gethostname()} does not see the photos that are cached there; let SAGUI_CACHE name a "
            "folder that all machines share"
        )
    return store


class RecordWriter:
    """Appends to a store that is open for writing."""

    def __init__(self, store: RecordStore, keys: Any, records: Any) -> None:  # noqa: ANN401 (binary files)
        self._store, self._keys, self._records = store, keys, records

    def add(self, keys: Sequence[str], arrays: npt.NDArray[Any]) -> None:
        """Appends ``arrays`` of shape ``(keys, *shape)``; keys that are stored already are passed over."""
        for key, array in zip(keys, arrays, strict=True):
            if key not in self._store:
                self._records.write(np.ascontiguousarray(array, self._store.dtype).tobytes())
                self._records.flush()
                self._keys.write(f"{key}\n".encode("ascii"))
                self._keys.flush()
                self._store.add_row(key)
