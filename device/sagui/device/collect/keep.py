"""Keeps the frames that the model could learn most from, without holding it up."""

import threading
import time as clocks
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from queue import Full, Queue

from sagui.device.cameras.geometry import Region, treat
from sagui.device.capture.errors import CaptureError
from sagui.device.capture.jpeg import encode_jpeg
from sagui.device.capture.similar import Kept, thumbnail
from sagui.device.collect.archive import Archive
from sagui.device.collect.rules import Limits, Reason, Top, reason_to_keep
from sagui.device.events import Events
from sagui.infer.preprocess import Photo

RETRY_SECONDS = 60.0
"""After the disk failed nothing is tried for so long."""

_CLOSE_SECONDS = 5.0


@dataclass(frozen=True)
class _Offer:
    photo: Photo
    region: Region | None
    top: Top
    label: str
    reason: Reason
    time: float
    model: str
    stream: str | None


@dataclass
class Counts:
    """What became of the frames that were worth keeping.

    Attributes:
        kept: Photos written.
        early: Too soon after another.
        busy: The one before was not written yet.
        alike: Like one that was kept.
        dull: Less interesting than all that is there, and there is no room.
        failed: The disk failed, or had failed.
    """

    kept: int = 0
    early: int = 0
    busy: int = 0
    alike: int = 0
    dull: int = 0
    failed: int = 0


class Collector:
    """Is told of each frame; writes few of them, in a thread."""

    def __init__(
        self,
        folder: Path,
        limits: Limits,
        events: Events,
        clock: Callable[[], float] = clocks.monotonic,
    ) -> None:
        """Starts the thread; the disk is looked at when there is a photo.

        Args:
            folder: Where photos go; what is there counts.
            limits: What is kept.
            events: Told when the disk fails, and when it works again.
            clock: Seconds that never jump.
        """
        self._archive, self._limits = Archive(folder, limits), limits
        self._events, self._clock = events, clock
        self._changed_s: dict[str | None, float] = {}
        self._offered_s: float | None = None
        self._retry_s: float | None = None
        self._known = Kept()
        self.counts = Counts()
        self._slot: Queue[_Offer | None] = Queue(maxsize=1)
        self._thread = threading.Thread(target=self._write, name="collect", daemon=True)
        self._thread.start()

    def consider(
        self,
        photo: Photo,
        top: Top,
        label: str,
        changed: bool,  # noqa: FBT001 (as it is decided)
        time: float,
        *,
        model: str = "",
        stream: str | None = None,
        region: Region | None = None,
    ) -> None:
        """Keeps a frame if it is worth it. Takes microseconds, and never waits.

        Args:
            photo: ``(height, width, 3)``, RGB; not to be changed afterwards.
            top: The best labels with their calibrated scores, best first; at least one.
            label: What was said of it.
            changed: Whether the state changed at this frame.
            time: When it was taken, Unix time in seconds.
            model: Name and version.
            stream: Which region, where there are several.
            region: The part of the photo that the model saw; None is all.
        """
        flickered = changed and self._flickered(stream)
        reason = reason_to_keep(top, self._limits, flickered=flickered)
        if reason is None or not self._may():
            return
        try:
            self._slot.put_nowait(_Offer(photo, region, top, label, reason, time, model, stream))
        except Full:
            self.counts.busy += 1
        else:
            self._offered_s = self._clock()

    def close(self) -> None:
        """Writes what is in hand, and ends the thread; a disk that hangs is not waited for longer than 5 s."""
        try:
            self._slot.put(None, timeout=_CLOSE_SECONDS)
        except Full:
            return
        self._thread.join(_CLOSE_SECONDS)

    def _flickered(self, stream: str | None) -> bool:
        now = self._clock()
        before = self._changed_s.get(stream)
        self._changed_s[stream] = now
        return before is not None and now - before < self._limits.flicker_s

    def _may(self) -> bool:
        now = self._clock()
        if self._retry_s is not None and now < self._retry_s:
            self.counts.failed += 1
            return False
        if self._offered_s is not None and now - self._offered_s < self._limits.every_s:
            self.counts.early += 1
            return False
        return True

    def _write(self) -> None:
        while (offer := self._slot.get()) is not None:
            try:
                self._keep(offer)
            except CaptureError as error:
                self._fail(error)

    def _keep(self, offer: _Offer) -> None:
        photo = treat(offer.photo, offer.region, 0, mirror=False)
        small = thumbnail(photo)
        if self._known.knows(small):
            self.counts.alike += 1
            return
        jpeg = encode_jpeg(photo)
        kept = self._archive.keep(jpeg, offer.time, offer.top, offer.label, offer.reason, offer.model, offer.stream)
        if kept:
            self._known.add(small)
            self.counts.kept += 1
        else:
            self.counts.dull += 1
        if self._retry_s is not None:
            self._retry_s = None
            self._say("collecting again")

    def _fail(self, error: CaptureError) -> None:
        self.counts.failed += 1
        told = self._retry_s is not None
        self._retry_s = self._clock() + RETRY_SECONDS
        if not told:
            self._say(f"collects nothing until it works again: {error}")

    def _say(self, text: str) -> None:
        self._events.say("collect", f"collect: {text}")
