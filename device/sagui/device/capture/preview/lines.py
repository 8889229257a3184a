"""Plain lines, where there is no terminal; or warnings alone."""

import time
from collections.abc import Callable

from sagui.device.capture.preview.port import Status
from sagui.infer.preprocess import Photo

_EVERY_SECONDS = 5.0


class LinesPreview:
    """Says how it stands every few seconds, if it changed."""

    def __init__(self, write: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        """Says nothing yet.

        Args:
            write: Takes a line.
            clock: Seconds that never jump.
        """
        self._write, self._clock = write, clock
        self._said = ""
        self._said_s = clock()

    def show(self, photo: Photo, status: Status) -> None:  # noqa: ARG002 (the port's signature)
        """See `Preview.show`."""
        text, now = str(status), self._clock()
        if text != self._said and now - self._said_s >= _EVERY_SECONDS:
            self._write(text)
            self._said, self._said_s = text, now

    def label(self, current: str) -> str:
        """See `Preview.label`."""
        return current

    def say(self, text: str) -> None:
        """See `Preview.say`."""
        self._write(text)

    def close(self) -> None:
        """See `Preview.close`."""


class NoPreview(LinesPreview):
    """Passes on warnings alone."""

    def show(self, photo: Photo, status: Status) -> None:
        """See `Preview.show`."""
