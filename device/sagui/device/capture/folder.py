"""The folder of one class."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np

from sagui.bundle.replace import write_bytes
from sagui.device.capture.errors import CaptureError
from sagui.device.capture.labels import check_label, check_twins
from sagui.device.capture.names import file_name, next_counter
from sagui.device.capture.similar import Thumbnail, thumbnail

LOOKED_AT = 50
"""So many of the newest photos that lie there are compared with new ones."""

_SUFFIXES = frozenset({".jpg", ".jpeg"})


def accept_label(root: Path, written: str) -> str:
    """Gives the name of a label's folder, as `check_label` does, if it goes with the folders that are there.

    Args:
        root: The dataset's folder, which need not be there.
        written: As a person wrote it.

    Raises:
        CaptureError: The label cannot be a folder, or differs from another only in what nobody sees.
    """
    label = check_label(written)
    check_twins(label, class_folders(root))
    return label


def class_folders(root: Path) -> list[str]:
    """Names the classes of a dataset, in order; none if there is no such folder.

    Raises:
        CaptureError: The folder cannot be read.
    """
    with _told(root, "be read"):
        if not root.exists():
            return []
        return sorted(entry.name for entry in os.scandir(root) if entry.is_dir() and not entry.name.startswith("."))


class ClassFolder:
    """Takes photos; what is there stays as it is."""

    def __init__(self, path: Path) -> None:
        """Makes the folder.

        Raises:
            CaptureError: It cannot be made or read.
        """
        self.path = path
        with _told(path, "be used"):
            path.mkdir(parents=True, exist_ok=True)
            self._counter = next_counter(entry.name for entry in os.scandir(path))

    def save(self, jpeg: bytes, time: float) -> Path:
        """Writes a photo beside and renames it, under a name that no other has.

        Args:
            jpeg: The file's content.
            time: When it was taken, Unix time in seconds.

        Raises:
            CaptureError: The disk is full, read-only, or gone.
        """
        with _told(self.path, "be written to"), _alone(self.path):
            while (path := self.path / file_name(time, self._counter)).exists():
                self._counter += 1
            write_bytes(path, jpeg)
        self._counter += 1
        return path

    def newest(self, count: int = LOOKED_AT) -> list[Thumbnail]:
        """Reads the newest photos small, the oldest of them first; those that cannot be read are left out.

        Raises:
            CaptureError: The folder cannot be read.
        """
        with _told(self.path, "be read"):
            files = [
                entry
                for entry in os.scandir(self.path)
                if Path(entry.name).suffix.lower() in _SUFFIXES and not entry.name.startswith(".") and entry.is_file()
            ]
            files.sort(key=lambda entry: (entry.stat().st_mtime_ns, entry.name))
        found = (_thumbnail(Path(entry.path)) for entry in files[-count:])
        return [small for small in found if small is not None]


def _thumbnail(path: Path) -> Thumbnail | None:
    try:
        content = np.frombuffer(path.read_bytes(), np.uint8)
        # The decoder leaves out seven of eight pixels, and most of the time.
        photo = cv2.imdecode(content, cv2.IMREAD_REDUCED_GRAYSCALE_8) if content.size else None
    except (OSError, cv2.error):
        return None
    return None if photo is None else thumbnail(np.asarray(photo, np.uint8))


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Two cameras may fill one folder: between looking for a name and taking it, nobody else may."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def _told(folder: Path, what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CaptureError(f"{folder}: cannot {what}: {error.strerror}; choose another folder, or make room") from error
