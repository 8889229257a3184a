"""Ctrl-C that waits until a photo is written."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Interruption:
    """A signal handler that ends the work, between photos.

    Python runs a handler between any two steps: an exception raised there can fall between making a file and
    remembering its name.
    """

    def __init__(self) -> None:
        """Nothing has come, and nothing is sheltered."""
        self._sheltered = self._came = False

    def arrive(self, _number: int, _frame: FrameType | None) -> None:
        """Takes the signal.

        Raises:
            KeyboardInterrupt: At once, or when the shelter ends.
        """
        if not self._sheltered:
            raise KeyboardInterrupt
        self._came = True

    @contextmanager
    def shelter(self) -> Iterator[None]:
        """Has a signal wait for the end of the block.

        Raises:
            KeyboardInterrupt: One came meanwhile.
        """
        self._sheltered = True
        try:
            yield
        finally:
            self._sheltered = False
            if self._came:
                raise KeyboardInterrupt
