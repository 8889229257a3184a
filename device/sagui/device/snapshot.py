"""Photos on MQTT: when one is due, and how it is made small. Turned off unless a person asks for it."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from math import inf

import cv2
import numpy as np

from sagui.device.errors import DeviceError
from sagui.device.events import Events
from sagui.device.observers import Sighting
from sagui.device.publisher import Outlet
from sagui.infer.preprocess import Photo
from sagui.wire import topics

LARGEST_BYTES = 256 * 1024
"""Of a photo on MQTT: brokers of small machines refuse or stumble over more."""

_QUALITY_STEP, _LEAST_QUALITY = 10, 10
_LEAST_ASKED_S = 1.0


@dataclass(frozen=True)
class SnapshotSettings:
    """How photos are made.

    Attributes:
        max_side: Of the photo, in pixels; larger ones are made smaller.
        quality: Of the JPEG, 1 to 100.
        least_s: Least time from a photo to one of a change that follows.
    """

    max_side: int = 640
    quality: int = 80
    least_s: float = 5.0


class Timing:
    """When a photo is due: on a change of the state, and when somebody asks. A pure rule."""

    def __init__(self, least_s: float) -> None:
        """Begins with nothing said.

        Args:
            least_s: Least time from a photo to one of a change that follows.
        """
        self._least_s = least_s
        self._last = -inf
        self._owed = False

    def due(self, now: float, *, changed: bool, asked: bool) -> bool:
        """Whether the frame in hand is to be said.

        A change that comes too soon is not forgotten: a photo follows when the time has passed, of what is seen then.

        Args:
            now: Seconds that never go back.
            changed: Whether the state has just changed.
            asked: Whether somebody wants a photo.

        >>> timing = Timing(least_s=5)
        >>> [timing.due(now, changed=now < 2, asked=False) for now in (0, 1, 5, 10)]
        [True, False, True, False]
        """
        self._owed = self._owed or changed
        if not asked and (not self._owed or now - self._last < self._least_s):
            return False
        self._last, self._owed = now, False
        return True


class Snapshots:
    """An `Observer` that publishes a photo when one is due."""

    def __init__(
        self,
        outlet: Outlet,
        device: str,
        events: Events,
        settings: SnapshotSettings | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begins with nothing said.

        Args:
            outlet: Where photos go; retained.
            device: The name in the topics.
            events: Told once of a photo that cannot be made.
            settings: How photos are made.
            clock: Seconds that never go back.
        """
        self._outlet, self._topic, self._events = outlet, topics.snapshot(device), events
        self._settings, self._clock = settings or SnapshotSettings(), clock
        self._timing = Timing(self._settings.least_s)
        self._asked = threading.Event()
        self._told = False

    def ask(self) -> None:
        """Wants a photo of the next frame. May be called by any thread."""
        self._asked.set()

    def saw(self, sighting: Sighting) -> None:
        """See `Observer.saw`."""
        asked = self._asked.is_set()
        if not self._timing.due(self._clock(), changed=sighting.decided.changed, asked=asked):
            return
        if asked:
            self._asked.clear()
        try:
            photo = encode_jpeg(sighting.frame.photo, self._settings.max_side, self._settings.quality)
        except DeviceError as error:
            if not self._told:
                self._told = True
                self._events.say("snapshot-failed", f"{error} (said once)")
            return
        self._outlet.retain(self._topic, photo, qos=0)


def forget(device: str) -> tuple[str, bytes]:
    """Makes the retained message that has the broker forget the last photo: one is kept until it is told to.

    Raises:
        WireError: The device's name cannot stand in a topic.
    """
    return topics.snapshot(device), b""


def encode_jpeg(photo: Photo, max_side: int = 640, quality: int = 80, largest_bytes: int = LARGEST_BYTES) -> bytes:
    """Makes a JPEG that is no larger than `largest_bytes`, at a lower quality and size where it must.

    Args:
        photo: ``(height, width, 3)``, RGB, 0-255.
        max_side: In pixels; a larger photo is made smaller, in proportion.
        quality: 1 to 100.
        largest_bytes: Of what is given back.

    Raises:
        DeviceError: OpenCV cannot make it, or nothing is small enough.
    """
    side = max_side
    while side:
        small = _fit(photo, side)
        for lower in _qualities(quality):
            jpeg = _encode(small, lower)
            if len(jpeg) <= largest_bytes:
                return jpeg
        side = min(side, max(_size(small))) // 2
    raise DeviceError(f"snapshot: no JPEG is as small as {largest_bytes} bytes; allow more")


def _qualities(quality: int) -> list[int]:
    return [quality, *range(quality - _QUALITY_STEP, _LEAST_QUALITY - 1, -_QUALITY_STEP)]


def _size(photo: Photo) -> tuple[int, int]:
    height, width = photo.shape[:2]
    return width, height


def _fit(photo: Photo, max_side: int) -> Photo:
    """Makes a photo smaller, never larger."""
    width, height = _size(photo)
    scale = max_side / max(width, height, 1)
    if scale >= 1:
        return photo
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(cv2.resize(photo, size, interpolation=cv2.INTER_AREA), np.uint8)


def _encode(photo: Photo, quality: int) -> bytes:
    try:
        made, jpeg = cv2.imencode(".jpg", cv2.cvtColor(photo, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality])
    except cv2.error as error:
        reason = str(error).strip().splitlines()[0]
        raise DeviceError(f"snapshot: a photo of shape {photo.shape} makes no JPEG: {reason}") from error
    if not made:
        raise DeviceError(f"snapshot: a photo of shape {photo.shape} makes no JPEG")
    return jpeg.tobytes()
