"""What runs independent tasks."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol, TypeVar

from sagui.train.errors import EngineError

Item = TypeVar("Item")
Result = TypeVar("Result")
_Task = TypeVar("_Task", bound=Callable[..., Any])


class Engine(Protocol):
    """Runs a function over items.

    Attributes:
        name: What a person calls it.
        remote: Whether tasks run in other processes, so that what they are given must travel.
    """

    name: str
    remote: bool

    def map(self, task: Callable[[Any, Item], Result], shared: object, items: Iterable[Item]) -> Iterator[Result]:
        """Gives ``task(shared, item)`` for each item, in order.

        Args:
            task: A function of a module; what it gives depends on its arguments alone, so that it can be run again.
            shared: What all tasks need; it is sent once.
            items: Taken as there is room for them, not all at once.

        Raises:
            TrainError: A task failed for good.
        """

    def as_done(
        self, task: Callable[[Any, Item], Result], shared: object, items: Iterable[Item]
    ) -> Iterator[tuple[Item, Result | EngineError]]:
        """Gives each item with its result as soon as it is there, in any order.

        Args:
            task: See `map`.
            shared: See `map`.
            items: See `map`.

        Yields:
            The item, and ``task(shared, item)``; an error where the processes that ran it were lost again and again.

        Raises:
            TrainError: A task raised it.
        """


def single_threaded(task: _Task) -> _Task:
    """Marks a task that predicts: one thread will do where that gives the same numbers as many.

    It never does for learning: how TensorFlow sums gradients up depends on the number of threads.
    """
    task.single_threaded = True  # type: ignore[attr-defined]
    return task
