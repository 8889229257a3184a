"""Why the agent ends, told by whichever part of it knows."""

import threading

from sagui.device.errors import DeviceError


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
