"""Only one dashboard writes to a file: a lock beside it, which ends with the program that holds it."""

import fcntl
import os
from contextlib import suppress
from pathlib import Path
from typing import IO

from sagui.deploy.history.errors import HistoryError

Identity = tuple[int, int]
"""A file's device and inode: another file of the same name has another one, while somebody has the first open."""


def identity(file: Path | IO[bytes]) -> Identity | None:
    """Says which file it is; None if it is not there, or may not be looked at.

    Args:
        file: A path, or a file that is open.
    """
    try:
        found = file.stat() if isinstance(file, Path) else os.fstat(file.fileno())
    except OSError:
        return None
    return found.st_dev, found.st_ino


class Lock:
    """The file is made where there is none, and stays: who removes it lets others in until `is_held` is asked."""

    def __init__(self, database: Path) -> None:
        """Takes it.

        Args:
            database: What is locked.

        Raises:
            HistoryError: Another dashboard has it, or its file cannot be made.
        """
        self._path = database.with_name(database.name + ".lock")
        try:
            database.parent.mkdir(parents=True, exist_ok=True)
            self._is_new = not self._path.exists()
            self._file = self._path.open("ab")
        except OSError as error:
            raise HistoryError(f"database {database}: {error.strerror}; its folder must be writable") from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._file.close()
            raise HistoryError(f"database {database}: another dashboard writes to it; stop that one") from error
        if not self.is_held():  # somebody removed it in between
            self._file.close()
            raise HistoryError(f"database {database}: another dashboard came or went at this moment; try again")

    def is_held(self) -> bool:
        """Whether the file is still there: without it another program could lock the same database."""
        return identity(self._path) == identity(self._file)

    def release(self, *, undo: bool = False) -> None:
        """Lets go.

        Args:
            undo: Also remove the file, if it was made here: nothing of ours is to be left.
        """
        if undo and self._is_new and self.is_held():
            with suppress(OSError):
                self._path.unlink()
        self._file.close()
