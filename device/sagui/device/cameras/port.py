"""What every camera can do."""

from dataclasses import dataclass
from typing import Protocol

from sagui.infer.preprocess import Photo


@dataclass(frozen=True)
class Frame:
    """A picture from a camera.

    Attributes:
        photo: ``(height, width, 3)``, RGB, 0-255.
        index: Counts the camera's frames from 0.
        source: The file's name, where the camera is a folder.
    """

    photo: Photo
    index: int
    source: str | None = None


class Camera(Protocol):
    """A source of frames. One caller at a time."""

    def read(self) -> Frame | None:
        """Gives the next frame of a file, or the newest of a live camera; None when there are no more.

        Raises:
            CameraError: The camera stopped giving frames.
        """

    def close(self) -> None:
        """Lets the camera go; a `read` that waits returns None."""
