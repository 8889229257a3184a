"""How many messages a device sends each second, and whether that is a flood."""

from math import inf

from sagui.deploy.watch.limits import Limits


class Rate:
    """Counts a device's messages.

    Attributes:
        left_out: Messages that came on top of what a second allows, and were not read.
        flood_until_s: Until when a flood is told of; Unix time.
        flood_per_s: Messages in the busiest second of the last flood.
    """

    __slots__ = ("_count", "_limits", "_second", "flood_per_s", "flood_until_s", "left_out")

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._second, self._count = 0, 0
        self.left_out, self.flood_per_s = 0, 0
        self.flood_until_s = -inf

    def note(self, received_s: float) -> bool:
        """Counts a message.

        Args:
            received_s: When it came; Unix time.

        Returns:
            Whether it is to be read.
        """
        if int(received_s) != self._second:
            self._second, self._count = int(received_s), 0
        self._count += 1
        if self._count <= self._limits.messages_per_s:
            return True
        if received_s > self.flood_until_s:
            self.flood_per_s = 0
        self.left_out += 1
        self.flood_until_s = received_s + self._limits.flood_s
        self.flood_per_s = max(self.flood_per_s, self._count)
        return False
