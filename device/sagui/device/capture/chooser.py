"""Which frames become photos. Pure rules, no I/O."""

from enum import Enum

from sagui.device.cameras import Frame
from sagui.device.cameras.triggers import is_due
from sagui.device.capture.similar import ALIKE, Kept, Thumbnail

EVERY_SECONDS = 2.5
"""Above the 2 s within which training takes photos for one burst, all of which go into one set."""


class Choice(Enum):
    """What becomes of a frame."""

    EARLY = "early"
    ALIKE = "alike"
    KEEP = "keep"


class Chooser:
    """Keeps at most one frame in so many seconds, and none like another."""

    def __init__(self, every_s: float = EVERY_SECONDS, alike: float = ALIKE) -> None:
        """Begins without photos.

        Args:
            every_s: Least time from one photo to the next.
            alike: See `Kept`.
        """
        self._every_s, self._alike = every_s, alike
        self._kept: dict[str, Kept] = {}
        self._last_s: float | None = None

    def begin(self, label: str, thumbnails: list[Thumbnail]) -> None:
        """Takes up a label, with what an earlier run kept of it."""
        self._kept[label] = Kept(thumbnails, self._alike)

    def is_due(self, frame: Frame) -> bool:
        """Tells whether a frame comes late enough. A folder's photos have no time, so each of them does."""
        now = _seconds(frame)
        return now is None or is_due(self._last_s, now, self._every_s)

    def choose(self, frame: Frame, small: Thumbnail, label: str) -> Choice:
        """Says what becomes of a frame.

        Args:
            frame: Where and when it is from.
            small: What it looks like.
            label: What it shows; begun before.
        """
        if not self.is_due(frame):
            return Choice.EARLY
        return Choice.ALIKE if self._kept[label].knows(small) else Choice.KEEP

    def keep(self, frame: Frame, small: Thumbnail, label: str) -> None:
        """Remembers a frame that was kept."""
        self._kept[label].add(small)
        self._last_s = _seconds(frame)


def _seconds(frame: Frame) -> float | None:
    """A recording's own time, a live camera's, and none of a folder's."""
    if frame.position_s is not None:
        return frame.position_s
    return None if frame.source is not None else frame.captured_s
