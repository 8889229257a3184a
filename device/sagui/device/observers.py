"""Who is told of each frame that was looked at: a port."""

from typing import Protocol

import msgspec

from sagui.device.cameras import Frame
from sagui.device.decide import Decided
from sagui.device.streams import Stream
from sagui.infer.classify import Classification


class Sighting(msgspec.Struct, frozen=True, gc=False):
    """One frame, as one stream saw it.

    Attributes:
        stream: Who looked.
        frame: At what; the whole frame, not the stream's region.
        seen: The scores, and what they took.
        decided: What follows from them.
        time: Unix time of the frame's capture, in seconds.
        total_ms: From the frame's capture to the verdict.
    """

    stream: Stream
    frame: Frame
    seen: Classification
    decided: Decided
    time: float
    total_ms: float


class Observer(Protocol):
    """Takes what was seen, in the agent's own thread: it must be quick."""

    def saw(self, sighting: Sighting) -> None:
        """Is told of a frame."""


class Exchangeable:
    """An observer that may be exchanged for another, or for none, while the agent runs."""

    def __init__(self, inner: Observer | None = None) -> None:
        """Passes on to ``inner``, if there is one."""
        self.inner = inner

    def saw(self, sighting: Sighting) -> None:
        """See `Observer.saw`."""
        inner = self.inner  # another thread may exchange it now
        if inner is not None:
            inner.saw(sighting)


class Guard(Protocol):
    """Watches that the network comes to an end."""

    def begin(self) -> None:
        """A network is about to run."""

    def end(self) -> None:
        """It came back."""


class NoGuard:
    """Watches nothing."""

    def begin(self) -> None:
        """See `Guard.begin`."""

    def end(self) -> None:
        """See `Guard.end`."""
