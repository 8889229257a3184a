"""What a store asks of the disk, call by call: a port, so that each call can be made to fail, and its real adapter."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

_LOCK_STEP_S = 0.05


class Filesystem(Protocol):
    """A folder tree. Nothing that is written lasts through a power cut before `sync`; every method raises OSError."""

    def read(self, path: Path) -> bytes:
        """Gives a file's content."""

    def read_part(self, path: Path, start: int, limit_bytes: int) -> bytes:
        """Gives at most so many bytes of a file, from a place on."""

    def size(self, path: Path) -> int:
        """Gives a file's length in bytes."""

    def write(self, path: Path, content: bytes) -> None:
        """Makes a file of this content, or gives it to one that is there."""

    def append(self, path: Path, content: bytes) -> None:
        """Adds to a file's end; makes it where it is not there."""

    def sync(self, path: Path) -> None:
        """Waits until a file's content, or the names in a folder, are on the disk."""

    def rename(self, old: Path, new: Path) -> None:
        """Gives a file another name; what had that name before is gone."""

    def remove(self, path: Path) -> None:
        """Removes a file, if it is there."""

    def names(self, folder: Path) -> tuple[str, ...]:
        """Names what is in a folder, in order; nothing if there is no folder."""

    def make_folder(self, path: Path) -> None:
        """Makes a folder, if it is not there; it is on the disk afterwards."""

    def free_bytes(self, folder: Path) -> int:
        """How much this user may still write."""

    def lock(self, path: Path, patience_s: float) -> AbstractContextManager[None]:
        """Holds a lock, against other processes and other threads; it ends with the process, however that ends.

        Raises:
            BlockingIOError: Another holds it for longer than ``patience_s``.
        """


class RealFilesystem:
    """The disk."""

    def read(self, path: Path) -> bytes:
        """See `Filesystem.read`."""
        return path.read_bytes()

    def read_part(self, path: Path, start: int, limit_bytes: int) -> bytes:
        """See `Filesystem.read_part`."""
        with path.open("rb") as file:
            file.seek(start)
            return file.read(limit_bytes)

    def size(self, path: Path) -> int:
        """See `Filesystem.size`."""
        return path.stat().st_size

    def write(self, path: Path, content: bytes) -> None:
        """See `Filesystem.write`."""
        path.write_bytes(content)

    def append(self, path: Path, content: bytes) -> None:
        """See `Filesystem.append`."""
        with path.open("ab") as file:
            file.write(content)

    def sync(self, path: Path) -> None:
        """See `Filesystem.sync`."""
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def rename(self, old: Path, new: Path) -> None:
        """See `Filesystem.rename`."""
        old.replace(new)

    def remove(self, path: Path) -> None:
        """See `Filesystem.remove`."""
        path.unlink(missing_ok=True)

    def names(self, folder: Path) -> tuple[str, ...]:
        """See `Filesystem.names`."""
        try:
            return tuple(sorted(os.listdir(folder)))  # noqa: PTH208 (names alone are wanted)
        except FileNotFoundError:
            return ()

    def make_folder(self, path: Path) -> None:
        """See `Filesystem.make_folder`."""
        missing = [one for one in (path, *path.parents) if not one.exists()]
        path.mkdir(parents=True, exist_ok=True)
        # A folder that was made is on the disk when the one above it is.
        for one in missing:
            self.sync(one.parent)

    def free_bytes(self, folder: Path) -> int:
        """See `Filesystem.free_bytes`."""
        space = os.statvfs(folder)
        return space.f_bavail * space.f_frsize

    @contextmanager
    def lock(self, path: Path, patience_s: float) -> Iterator[None]:
        """See `Filesystem.lock`."""
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            _take(descriptor, time.monotonic() + patience_s)
            yield
        finally:
            os.close(descriptor)


def _take(descriptor: int, until_s: float) -> None:
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= until_s:
                raise
            time.sleep(_LOCK_STEP_S)
        else:
            return
