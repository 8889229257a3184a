"""Signals, handed on by a thread of their own.

A handler runs between any two steps of the main thread, whatever locks that holds. `threading.Event.set` in a handler
waits for ever if the main thread is inside `wait` just then; of what threads have for each other, only
`queue.SimpleQueue.put` is made for handlers.
"""

import signal
import threading
from collections.abc import Callable, Mapping
from queue import SimpleQueue


def on_signals(actions: Mapping[signal.Signals, Callable[[], object]]) -> None:
    """Has something done for each signal that comes, as often as it comes.

    Args:
        actions: What to do, in a thread; it must not raise.
    """
    came: SimpleQueue[int] = SimpleQueue()

    def hand_on() -> None:
        while True:
            actions[signal.Signals(came.get())]()

    threading.Thread(target=hand_on, name="signals", daemon=True).start()
    for number in actions:
        signal.signal(number, lambda got, _frame: came.put(got))
