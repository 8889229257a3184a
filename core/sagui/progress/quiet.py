"""Keeps the chatter of native libraries off the terminal.

TensorFlow and the TFLite runtimes write notes about themselves straight to file descriptor 2 while they start. A person
cannot act on them, and they would cut progress bars in two. What was said is shown after all when the start fails.
"""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quiet_start() -> Iterator[None]:
    """Holds back what is written to standard error while a native library starts."""
    try:
        original = os.dup(2)
    except OSError:  # closed: there is nobody to disturb
        yield
        return
    with tempfile.TemporaryFile() as held:
        sys.stderr.flush()
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            _restore(original)
            held.seek(0)
            os.write(2, held.read())
            raise
        else:
            _restore(original)
        finally:
            os.close(original)


def _restore(original: int) -> None:
    sys.stderr.flush()
    os.dup2(original, 2)
