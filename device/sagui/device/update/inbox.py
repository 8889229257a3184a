"""What others ask of this device's updates: left by the link's thread, read by the updater's."""

import threading

from sagui.device.update.wishes import Plans
from sagui.wire import Desired, UpdateOrder


class Inbox:
    """Keeps the newest word of each; any thread may use it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._plans: dict[str, Desired | None] = {}
        self._order: UpdateOrder | None = None
        self._orders = 0

    def take_plan(self, group: str, plan: Desired | None) -> None:
        """Leaves a group's plan; None says that it has none."""
        with self._lock:
            self._plans[group] = plan

    def take_order(self, order: UpdateOrder) -> None:
        """Leaves an order; it takes the place of one that was not done yet."""
        with self._lock:
            self._order, self._orders = order, self._orders + 1

    def plans(self, groups: tuple[str, ...]) -> Plans:
        """Gives the plans of these groups, in their order; not those of which nothing was heard."""
        with self._lock:
            return {group: self._plans[group] for group in groups if group in self._plans}

    def order(self) -> tuple[UpdateOrder | None, int]:
        """Gives the order that is not done yet, and the number of orders so far."""
        with self._lock:
            return self._order, self._orders

    def done(self, number: int) -> None:
        """Takes an order away, unless another one came meanwhile."""
        with self._lock:
            if self._orders == number:
                self._order = None
