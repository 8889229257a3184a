"""Keeps the chatter of native libraries off the terminal.

TensorFlow and the TFLite runtimes write notes about themselves straight to file descriptor 2. A person cannot act on
them, and they would cut progress bars in two. What was said is shown after all when the work fails.
"""

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO


@contextmanager
def quiet_native(tell: Callable[[bytes], object] | None = None) -> Iterator[None]:
    """Holds back what is written to file descriptor 2 as long as the block.

    Python's own writes to standard error are held back too; a console of one's own duplicate goes on.

    Args:
        tell: Is given what was held back when the block fails; without it, it is shown after all.
    """
    # TensorFlow reads it when it is imported; a user who set it wants to see more.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        original = os.dup(2)
    except OSError:  # closed: there is nobody to disturb
        yield
        return
    with _memory() as held:
        sys.stderr.flush()
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            _restore(original)
            held.seek(0)
            (tell or _show)(held.read())
            raise
        else:
            _restore(original)
        finally:
            os.close(original)


def _memory() -> IO[bytes]:
    """Gives a file that needs no disk, where the system has such: a device's may be full or read-only."""
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("held"), "w+b")
    return tempfile.TemporaryFile()


def _show(said: bytes) -> None:
    os.write(2, said)


def _restore(original: int) -> None:
    sys.stderr.flush()
    os.dup2(original, 2)
