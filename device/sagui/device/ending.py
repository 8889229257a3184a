"""Why the agent ends, told by whichever part of it knows, and how that is said."""

import threading

from sagui.device.errors import DeviceError
from sagui.device.health.crashes import shorten
from sagui.errors import SaguiError


class Ending(threading.Event):
    """Set when the agent shall stop after the frame in hand."""

    def __init__(self) -> None:
        """Nobody wants it to end yet."""
        super().__init__()
        self.error: DeviceError | None = None

    def fail(self, error: DeviceError) -> None:
        """Ends the agent, with an error; the first one counts."""
        self.error = self.error or error
        self.set()


def in_words(error: Exception) -> str:
    """Makes one short line of an error, without passwords.

    >>> in_words(DeviceError("camera: rtsp://me:s3cret@10.0.0.7/live gave no frames")), in_words(KeyError("door"))
    ('camera: rtsp://***@10.0.0.7/live gave no frames', "KeyError: 'door'")
    """
    return shorten(str(error) if isinstance(error, SaguiError) else f"{type(error).__name__}: {error}")
