"""A disk to which something happens: for tests."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sagui.device.store.filesystem import Filesystem
from sagui.device.store.hazards import Hazard

WRITES = frozenset({"write", "append", "make_folder", "rename", "lock"})
"""The calls that a full disk refuses."""


class HazardousFilesystem:
    """A `Filesystem` with a `Hazard` around each call."""

    def __init__(self, inner: Filesystem, hazard: Hazard) -> None:
        """Puts ``hazard`` around ``inner``."""
        self._inner, self._hazard = inner, hazard

    def read(self, path: Path) -> bytes:
        """See `Filesystem.read`."""
        return self._hazard.meet("read", lambda: self._inner.read(path))

    def read_part(self, path: Path, start: int, limit_bytes: int) -> bytes:
        """See `Filesystem.read_part`."""
        return self._hazard.meet("read_part", lambda: self._inner.read_part(path, start, limit_bytes))

    def size(self, path: Path) -> int:
        """See `Filesystem.size`."""
        return self._hazard.meet("size", lambda: self._inner.size(path))

    def write(self, path: Path, content: bytes) -> None:
        """See `Filesystem.write`."""
        half = content[: len(content) // 2]
        self._hazard.meet("write", lambda: self._inner.write(path, content), lambda: self._inner.write(path, half))

    def append(self, path: Path, content: bytes) -> None:
        """See `Filesystem.append`."""
        half = content[: len(content) // 2]
        self._hazard.meet("append", lambda: self._inner.append(path, content), lambda: self._inner.append(path, half))

    def sync(self, path: Path) -> None:
        """See `Filesystem.sync`."""
        self._hazard.meet("sync", lambda: self._inner.sync(path))

    def rename(self, old: Path, new: Path) -> None:
        """See `Filesystem.rename`."""
        self._hazard.meet("rename", lambda: self._inner.rename(old, new))

    def remove(self, path: Path) -> None:
        """See `Filesystem.remove`."""
        self._hazard.meet("remove", lambda: self._inner.remove(path))

    def names(self, folder: Path) -> tuple[str, ...]:
        """See `Filesystem.names`."""
        return self._hazard.meet("names", lambda: self._inner.names(folder))

    def make_folder(self, path: Path) -> None:
        """See `Filesystem.make_folder`."""
        self._hazard.meet("make_folder", lambda: self._inner.make_folder(path))

    def free_bytes(self, folder: Path) -> int:
        """See `Filesystem.free_bytes`."""
        return self._hazard.meet("free_bytes", lambda: self._inner.free_bytes(folder))

    @contextmanager
    def lock(self, path: Path, patience_s: float) -> Iterator[None]:
        """See `Filesystem.lock`."""
        held = self._inner.lock(path, patience_s)
        self._hazard.meet("lock", held.__enter__)
        try:
            yield
        finally:
            held.__exit__(None, None, None)
