"""Writing a folder so that a reader finds the old one or the new one, never half of either."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing_folder(out: Path) -> Iterator[Path]:
    """Gives a folder beside ``out``, and renames it to ``out`` when the block ends well.

    Args:
        out: An absolute path; a folder that is there is deleted when the new one is in its place.

    Raises:
        OSError: It cannot be written. Nothing half-written is left, and the old folder is as it was.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    new, old = beside / "new", beside / "old"
    try:
        new.mkdir()
        yield new
        if out.exists():
            out.rename(old)
        try:
            new.rename(out)
        except OSError:
            if old.exists():
                old.rename(out)
            raise
    finally:
        shutil.rmtree(beside, ignore_errors=True)
