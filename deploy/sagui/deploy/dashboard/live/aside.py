"""Tells the terminal what is wrong, once, and when it is well again: a banner is seen only by who has a page open."""

from collections.abc import Callable

LASTS_S = 2.0
"""What passes sooner is not told: a connection that was lost for a moment, or is only being made."""


class Aside:
    """Of one matter. Nothing is told of what was never wrong."""

    def __init__(self, well: str, monotonic: Callable[[], float]) -> None:
        """Has told nothing.

        Args:
            well: What to say when it is well again.
            monotonic: Seconds that only grow.
        """
        self._well, self._monotonic = well, monotonic
        self._told, self._seen, self._since_s = "", "", monotonic()

    def look(self, wrong: str) -> str:
        """Gives the line to write now; empty for none.

        Args:
            wrong: What is wrong at this moment; empty where nothing is.
        """
        now_s = self._monotonic()
        if wrong != self._seen:
            self._seen, self._since_s = wrong, now_s
        if wrong == self._told or now_s - self._since_s < LASTS_S:
            return ""
        self._told = wrong
        return wrong or self._well
