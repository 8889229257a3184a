"""Writing a file so that a reader finds the old content or the new, never half of it."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: Path, *, private: bool = False) -> Iterator[Path]:
    """Gives a temporary name beside ``path``, and renames it to ``path`` when the block ends well.

    The content is on the disk before the rename, and the rename before the return. When the block raises, nothing
    is left behind and ``path`` is as it was.

    Args:
        path: The file to write; its folder must exist.
        private: Whether it is the user's alone (0600), whatever the umask allows: a key, a password.

    Yields:
        The path to write to. It keeps the suffix, because some writers choose the format by it.
    """
    descriptor, name = tempfile.mkstemp(prefix=f".{path.stem}-", suffix=path.suffix, dir=path.parent)
    os.close(descriptor)
    beside = Path(name)
    try:
        yield beside
        if not private:  # as mkstemp makes it
            beside.chmod(0o666 & ~_umask())
        _sync(beside)
        beside.replace(path)
        _sync(path.parent)
    finally:
        beside.unlink(missing_ok=True)


def write_bytes(path: Path, content: bytes, *, private: bool = False) -> None:
    """Writes ``content`` to ``path`` through `replacing`."""
    with replacing(path, private=private) as beside:
        beside.write_bytes(content)


def _umask() -> int:
    # mkstemp makes files private to the user; what we write is as public as any other file.
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
