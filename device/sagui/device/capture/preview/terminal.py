"""The picture in the terminal, a few times a second."""

import shutil
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import TextIO

from sagui.device.capture.preview.halfblocks import cut, draw
from sagui.device.capture.preview.port import Status
from sagui.infer.preprocess import Photo

FRAMES_A_SECOND = 5

# xterm's control sequences: the other screen, so that what stood here comes back, and the cursor.
_ENTER, _LEAVE = "\x1b[?1049h\x1b[?25l\x1b[2J", "\x1b[0m\x1b[?25h\x1b[?1049l"
_HOME, _TO_LINE_END, _TO_SCREEN_END = "\x1b[H", "\x1b[K", "\x1b[J"
_TEXT_LINES = 2
_REMEMBERED_LINES = 100


class TerminalPreview:
    """Takes the terminal's other screen until it is closed; what was said meanwhile is said again then."""

    def __init__(
        self,
        stream: TextIO,
        clock: Callable[[], float] = time.monotonic,
        size: Callable[[], tuple[int, int]] = shutil.get_terminal_size,
    ) -> None:
        """Takes the screen.

        Args:
            stream: The terminal.
            clock: Seconds that never jump.
            size: The terminal's columns and lines, which may change.
        """
        self._stream, self._clock, self._size = stream, clock, size
        self._shown_s: float | None = None
        self._lock = threading.Lock()
        self._said: deque[str] = deque(maxlen=_REMEMBERED_LINES)
        self._closed = False
        self._write(_ENTER)

    def show(self, photo: Photo, status: Status) -> None:
        """See `Preview.show`."""
        now = self._clock()
        if self._shown_s is not None and now - self._shown_s < 1 / FRAMES_A_SECOND:
            return
        self._shown_s = now
        columns, lines = self._size()
        picture = draw(photo, columns, lines - _TEXT_LINES)
        with self._lock:
            newest = self._said[-1] if self._said else "Ctrl-C ends it"
        text = [cut(line, columns) for line in (str(status), newest)]
        # Each line is cleared before it is written: behind the last column there is nothing to clear to.
        body = "\r\n".join(f"{_TO_LINE_END}{line}" for line in (*picture, *text))
        self._write(f"{_HOME}{body}" if len(picture) + len(text) >= lines else f"{_HOME}{body}\r\n{_TO_SCREEN_END}")

    def label(self, current: str) -> str:
        """See `Preview.label`."""
        return current

    def say(self, text: str) -> None:
        """See `Preview.say`; shown below the picture."""
        with self._lock:
            self._said.append(text)

    def close(self) -> None:
        """See `Preview.close`."""
        if self._closed:
            return
        self._closed = True
        self._write(_LEAVE)
        for text in self._said:
            self._stream.write(f"{text}\n")
        self._stream.flush()

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()
