"""The newest photo of each device, in bounded memory."""

from collections import OrderedDict
from dataclasses import dataclass

LARGEST_BYTES = 256 * 1024
"""As docs/mqtt.md promises."""

MOST_BYTES = 64 * 2**20
"""Of all photos together; past that the ones that are longest unchanged go."""

_JPEG = b"\xff\xd8\xff"


@dataclass(frozen=True, slots=True)
class Photo:
    """A JPEG.

    Attributes:
        number: Grows with each photo, so that a browser fetches it anew.
        taken_s: When it came; Unix time.
    """

    jpeg: bytes
    number: int
    taken_s: float


class Photos:
    """Takes photos, whoever sent them: what is no JPEG of a fair size is left alone."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        """Has none.

        Args:
            most_bytes: Of all together.
        """
        self._most_bytes, self._bytes, self._number = most_bytes, 0, 0
        self._photos: OrderedDict[str, Photo] = OrderedDict()

    def take(self, device: str, payload: bytes, received_s: float) -> bool:
        """Takes a photo in place of the last; an empty one takes it away.

        Returns:
            Whether anything changed.
        """
        if payload and not (payload.startswith(_JPEG) and len(payload) <= LARGEST_BYTES):
            return False
        old = self._photos.pop(device, None)
        self._bytes -= len(old.jpeg) if old else 0
        if not payload:
            return old is not None
        self._number += 1
        self._photos[device] = Photo(payload, self._number, received_s)
        self._bytes += len(payload)
        while self._bytes > self._most_bytes:
            _, gone = self._photos.popitem(last=False)
            self._bytes -= len(gone.jpeg)
        return True

    def get(self, device: str) -> Photo | None:
        """The newest photo of a device."""
        return self._photos.get(device)
