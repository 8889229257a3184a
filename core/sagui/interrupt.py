"""Ctrl-C and its kin, taken where the work looks for them.

Python raises `KeyboardInterrupt` between any two steps. Inside `threading.Condition.wait` that can fall between
giving a lock back and taking it again, and ends in ``RuntimeError: cannot release un-acquired lock``; inside a handler
`threading.Event.set` can wait for a lock that the interrupted thread holds. So a handler here only notes that it was
called. Who is stuck meanwhile, in a driver or a pipe that nobody reads, is interrupted the hard way a moment later.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from types import FrameType
from typing import Self

PATIENCE_S = 1.0


class Interrupt:
    """For the main thread; the others do not see signals."""

    def __init__(self, patience_s: float | None = PATIENCE_S) -> None:
        """Nothing has come.

        Args:
            patience_s: After so long `KeyboardInterrupt` is raised, if nobody looked; None waits for ever.
        """
        self._patience_s = patience_s
        self._noted = self._sheltered = self._late = False
        # Of what threads have for each other, only this one's `put` is made for handlers.
        self._woken: SimpleQueue[None] = SimpleQueue()

    @contextmanager
    def taking(self, *numbers: signal.Signals) -> Iterator[Self]:
        """Takes these signals for as long as the block lasts.

        Raises:
            KeyboardInterrupt: In the block: one came, and nobody looked.
        """
        # Who started us with nohup wants a terminal that closes to be no reason.
        hung_up = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        actions = {number: self._note for number in numbers if number is not signal.SIGHUP or not hung_up}
        if self._patience_s is not None:
            actions[signal.SIGALRM] = self._raise
        before = {number: signal.signal(number, action) for number, action in actions.items()}
        try:
            yield self
        finally:
            self._calm()
            for number, handler in before.items():
                signal.signal(number, handler)

    def came(self) -> bool:
        """Whether one came; who asks sees to the end, and is not interrupted any more."""
        if self._noted:
            self._calm()
        return self._noted

    def wait(self, timeout_s: float) -> bool:
        """Waits for one, and gives whether it came."""
        if not self._noted:
            try:
                self._woken.get(timeout=timeout_s)
            except Empty:
                return False
        return self.came()

    @contextmanager
    def shelter(self) -> Iterator[None]:
        """Has the hard way, too, wait for the end of the block.

        Raises:
            KeyboardInterrupt: At the end, if it was due meanwhile.
        """
        self._sheltered = True
        try:
            yield
        finally:
            self._sheltered = False
            if self._late:
                self._late = False
                raise KeyboardInterrupt

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        if self._noted:
            return  # a second one must not disturb how the first one ends the work
        self._noted = True
        self._woken.put(None)
        if self._patience_s is not None:
            signal.setitimer(signal.ITIMER_REAL, self._patience_s)

    def _raise(self, _number: int, _frame: FrameType | None) -> None:
        if not self._sheltered:
            raise KeyboardInterrupt
        self._late = True

    def _calm(self) -> None:
        if self._patience_s is not None:
            signal.setitimer(signal.ITIMER_REAL, 0)
