"""What is to be done now and then, beside the frames: one thread for all of it."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from sagui.device.events import Events


@dataclass
class Task:
    """Something to do again and again.

    Attributes:
        every_s: Time from one to the next; may be changed while it runs. 0 rests.
        action: What to do; must not take long.
        last_s: When it was done last, on the monotonic clock; None before the first time.
    """

    every_s: float
    action: Callable[[], None]
    last_s: float | None = None

    def is_due(self, now_s: float) -> bool:
        """Whether it is to be done now."""
        return bool(self.every_s) and (self.last_s is None or now_s - self.last_s >= self.every_s)


class Ticker:
    """Does tasks in a thread of its own: a camera that gives no frames must not silence the agent."""

    def __init__(self, tasks: list[Task], events: Events, step_s: float = 0.2) -> None:
        """Prepares the thread; `start` starts it.

        Args:
            tasks: What to do; all of it is done once at the start.
            events: Told, once each, of a task that fails.
            step_s: How exact times are.
        """
        self._tasks, self._events, self._step_s = tasks, events, step_s
        self._failed: set[int] = set()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ticker", daemon=True)

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def close(self) -> None:
        """Ends the thread after the task in hand."""
        self._closed.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._closed.is_set():
            now = time.monotonic()
            for number, task in enumerate(self._tasks):
                if task.is_due(now):
                    task.last_s = now
                    self._do(number, task)
            self._closed.wait(self._step_s)

    def _do(self, number: int, task: Task) -> None:
        try:
            task.action()
        except Exception as error:  # noqa: BLE001 (whatever fails here must not end the others)
            if number not in self._failed:
                self._failed.add(number)
                self._events.say("task-failed", f"a task in the background failed: {type(error).__name__}: {error}")
