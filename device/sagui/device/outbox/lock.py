"""One agent at a time on a file."""

import os
from pathlib import Path

from sagui.device.outbox.errors import HeldError


class Lock:
    """Held until `release`, or until the process ends, however it ends."""

    def __init__(self, path: Path) -> None:
        """Takes the lock.

        Args:
            path: A file of the lock's own; made where it is not there.

        Raises:
            HeldError: Another process, or another part of this one, holds it.
            OSError: The file cannot be made.
        """
        import fcntl

        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(self._descriptor)
            raise HeldError(
                f"outbox: another agent uses {path.parent}; stop it, or give this one another --device or --outbox"
            ) from error
        except OSError:
            os.close(self._descriptor)
            raise

    def release(self) -> None:
        """Lets others have it."""
        os.close(self._descriptor)
