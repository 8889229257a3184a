"""Memory that was used for a moment, and is wanted back by a small board."""

import ctypes
from contextlib import suppress


def give_back_free() -> None:
    """Gives the system what is free in this process.

    glibc keeps it for the next need: of loading a model, some MiB, for as long as the process lives (malloc_trim(3)).
    Another C library has no such function.
    """
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
