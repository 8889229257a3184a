"""What every camera can do."""

import time
from typing import Protocol

import msgspec

from sagui.infer.preprocess import Photo


class Frame(msgspec.Struct, frozen=True, gc=False):
    """A picture from a camera.

    Attributes:
        photo: ``(height, width, 3)``, RGB, 0-255.
        index: Counts the camera's frames from 0; gaps are frames that were passed over.
        source: The file's name where the camera is a folder, the true label where it is synthetic.
        captured_s: When the camera gave it, on the clock of `time.monotonic`.
        position_s: Seconds from the start of a recording; None where the camera is live or a folder.
    """

    photo: Photo
    index: int
    source: str | None = None
    captured_s: float = msgspec.field(default_factory=time.monotonic)
    position_s: float | None = None

    def age_ms(self) -> float:
        """Time since the camera gave it."""
        return 1000 * (time.monotonic() - self.captured_s)


class Camera(Protocol):
    """A source of frames. One reader at a time."""

    def read(self) -> Frame | None:
        """Gives the next frame of a file, or the newest of a live camera; None when there are no more.

        Raises:
            CameraError: The camera stopped giving frames.
        """

    def close(self) -> None:
        """Lets the camera go; a `read` that waits in another thread returns None."""
