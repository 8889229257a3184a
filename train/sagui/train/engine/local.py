"""Tasks in this process, one after another."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from sagui.train.engine.port import Item, Result
from sagui.train.errors import EngineError


class LocalEngine:
    """An `Engine` without any machinery."""

    name = "local"
    remote = False

    def map(self, task: Callable[[Any, Item], Result], shared: object, items: Iterable[Item]) -> Iterator[Result]:
        """See `Engine.map`."""
        return (task(shared, item) for item in items)

    def as_done(
        self, task: Callable[[Any, Item], Result], shared: object, items: Iterable[Item]
    ) -> Iterator[tuple[Item, Result | EngineError]]:
        """See `Engine.as_done`."""
        return ((item, task(shared, item)) for item in items)


LOCAL = LocalEngine()
