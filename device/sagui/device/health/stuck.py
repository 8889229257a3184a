"""A network that hangs ends the process; whoever started it starts it again.

A call that hangs inside a driver cannot be taken back from Python. The thread here sees it, writes down where every
thread stands, and ends the process without asking the others.
"""

import faulthandler
import math
import os
import sys
import threading
import time
from collections.abc import Callable
from typing import TextIO

from sagui.device.events import Events

STUCK_SECONDS = 30.0
"""By default a network may take so long."""

STATUS = 70
"""The exit status of a process that ended itself because it hung: EX_SOFTWARE of sysexits.h."""

_LAST_WORDS_S = 2.0
_MOST_STEP_S = 1.0


class Stuck:
    """Watches that what began comes to an end.

    `begin` and `end` are called at each frame: they set a number, and nothing else.
    """

    def __init__(
        self,
        events: Events,
        stuck_seconds: float = STUCK_SECONDS,
        *,
        note: Callable[[str], None] = lambda _text: None,
        clock: Callable[[], float] = time.monotonic,
        leave: Callable[[int], object] = os._exit,
        stream: TextIO | None = None,
    ) -> None:
        """Prepares the thread; `start` starts it.

        Args:
            events: Told ``stuck`` before the end.
            stuck_seconds: A network may take so long.
            note: Keeps the reason for the next start (`History.note`).
            clock: Monotonic time, in seconds.
            leave: Ends the process with a status, at once.
            stream: Where every thread's stack goes: a real file. By default the standard error.
        """
        self._events, self._note = events, note
        self._clock, self._leave, self._stream = clock, leave, stream
        self.stuck_seconds = stuck_seconds
        self._begun = math.inf
        self._looked = clock()
        self._awake = self._looked
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="stuck", daemon=True)

    def begin(self) -> None:
        """The network begins."""
        self._begun = self._clock()

    def end(self) -> None:
        """It ended."""
        self._begun = math.inf

    def start(self) -> None:
        """Starts to watch."""
        self._thread.start()

    def close(self) -> None:
        """Watches no more."""
        self._closed.set()
        if self._thread.is_alive():
            self._thread.join()

    def look(self) -> bool:
        """Looks once; gives whether the process was told to end."""
        now = self._clock()
        # A process that was paused, by SIGSTOP or a debugger, finds all of that time gone at once: it does not count.
        if now - self._looked > self._step_s + self.stuck_seconds / 2:
            self._awake = now
        self._looked = now
        lasted_s = now - max(self._begun, self._awake)
        if lasted_s < self.stuck_seconds:
            return False
        self._end(lasted_s)
        return True

    @property
    def _step_s(self) -> float:
        return min(_MOST_STEP_S, self.stuck_seconds / 4)

    def _run(self) -> None:
        while not self._closed.wait(self._step_s):
            if self.look():
                return

    def _end(self, lasted_s: float) -> None:
        # A disk or a journal that hangs, too, must not keep the process from ending.
        words = threading.Thread(target=self._last_words, args=(lasted_s,), name="last-words", daemon=True)
        words.start()
        words.join(_LAST_WORDS_S)
        self._leave(STATUS)

    def _last_words(self, lasted_s: float) -> None:
        text = f"stuck: the model has not come back for {lasted_s:.0f} s; the process ends, to be started again"
        try:
            faulthandler.dump_traceback(self._stream or sys.stderr, all_threads=True)
        finally:
            try:
                self._note(text)
            finally:
                self._events.say("stuck", text, seconds=round(lasted_s, 1), status=STATUS)
