"""A disk that keeps after a power cut only what was synced: for tests, because SIGKILL leaves the page cache alone.

POSIX promises of a file's content only what ``fsync`` of the file has put there, and of a name only what ``fsync`` of
its folder has. What was not synced may be there, or not; the worst cases are played here.
"""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sagui.device.store.filesystem import Filesystem

Loss = Literal["content", "names", "oldest names"]


@dataclass(frozen=True)
class _Change:
    """A name that is not on the disk yet.

    Attributes:
        path: The name.
        before: What it named; None if nothing.
    """

    path: Path
    before: bytes | None


class VolatileFilesystem:
    """A `Filesystem` that forgets what was not synced when the power is cut."""

    def __init__(self, inner: Filesystem) -> None:
        """Takes all that is there for synced."""
        self._inner = inner
        self._synced_bytes: dict[Path, int] = {}
        self._names: list[_Change] = []

    def cut(self, loss: Loss) -> None:
        """Cuts the power: what is on the disk now is what the next start finds.

        Args:
            loss: ``content`` keeps the newest names, of files that are as long as what was synced of them; ``names``
                keeps the newest content, under the names that were synced; ``oldest names`` loses those of one folder
                alone, the one that waits for the longest: folders are written in any order.
        """
        if loss == "content":
            for path, length in self._synced_bytes.items():
                if path.exists():
                    self._inner.write(path, self._inner.read(path)[:length])
            return
        for change in reversed(self._lost_names(loss)):
            if change.before is None:
                self._inner.remove(change.path)
            else:
                self._inner.write(change.path, change.before)

    def _lost_names(self, loss: Loss) -> list[_Change]:
        if loss == "names" or not self._names:
            return self._names
        oldest = self._names[0].path.parent
        return [change for change in self._names if change.path.parent == oldest]

    def read(self, path: Path) -> bytes:
        """See `Filesystem.read`."""
        return self._inner.read(path)

    def read_part(self, path: Path, start: int, limit_bytes: int) -> bytes:
        """See `Filesystem.read_part`."""
        return self._inner.read_part(path, start, limit_bytes)

    def size(self, path: Path) -> int:
        """See `Filesystem.size`."""
        return self._inner.size(path)

    def write(self, path: Path, content: bytes) -> None:
        """See `Filesystem.write`."""
        self._made(path)
        self._synced_bytes[path] = 0
        self._inner.write(path, content)

    def append(self, path: Path, content: bytes) -> None:
        """See `Filesystem.append`."""
        self._made(path)
        self._synced_bytes.setdefault(path, self._inner.size(path) if path.exists() else 0)
        self._inner.append(path, content)

    def sync(self, path: Path) -> None:
        """See `Filesystem.sync`."""
        self._inner.sync(path)
        self._synced_bytes.pop(path, None)
        self._names = [change for change in self._names if change.path.parent != path]

    def rename(self, old: Path, new: Path) -> None:
        """See `Filesystem.rename`."""
        self._names += [_Change(new, _content(new)), _Change(old, _content(old))]
        self._inner.rename(old, new)
        self._synced_bytes.pop(new, None)
        if old in self._synced_bytes:
            self._synced_bytes[new] = self._synced_bytes.pop(old)

    def remove(self, path: Path) -> None:
        """See `Filesystem.remove`."""
        if path.exists():
            self._names.append(_Change(path, _content(path)))
        self._inner.remove(path)
        self._synced_bytes.pop(path, None)

    def names(self, folder: Path) -> tuple[str, ...]:
        """See `Filesystem.names`."""
        return self._inner.names(folder)

    def make_folder(self, path: Path) -> None:
        """See `Filesystem.make_folder`."""
        self._inner.make_folder(path)

    def free_bytes(self, folder: Path) -> int:
        """See `Filesystem.free_bytes`."""
        return self._inner.free_bytes(folder)

    def lock(self, path: Path, patience_s: float) -> AbstractContextManager[None]:
        """See `Filesystem.lock`."""
        return self._inner.lock(path, patience_s)

    def _made(self, path: Path) -> None:
        if not path.exists():
            self._names.append(_Change(path, None))


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None
