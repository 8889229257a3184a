"""What feeds the watchdog: finished frames, and waiting where waiting is no fault.

No fault are: a quiet street under a motion trigger, a rest between frames that somebody asked for, and a camera that is
away while it is opened again. A frame that went in and did not come out is one, whatever the camera does meanwhile.
"""

import time
from collections.abc import Callable

from sagui.device.cameras.incidents import Incident
from sagui.device.health.notify import Notifier
from sagui.device.observers import Guard, Sighting


class Pulse:
    """A `Guard` around the network and the last of the `Observer`s, at once.

    No locks: each thread sets one value, and an extra beat does no harm.
    """

    def __init__(
        self,
        notifier: Notifier,
        guard: Guard,
        interval_s: float = 0.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Puts them together.

        Args:
            notifier: Feeds the watchdog.
            guard: Told, too, when the network begins and ends; a `Stuck`.
            interval_s: The rest between frames that was asked for; may be changed while it runs.
            clock: Monotonic time, in seconds.
        """
        self._notifier, self._guard, self._clock = notifier, guard, clock
        self.interval_s = interval_s
        self._busy = False
        self._away = False
        self._rests_since = clock()

    def begin(self) -> None:
        """See `Guard.begin`."""
        self._busy = True
        self._guard.begin()

    def end(self) -> None:
        """See `Guard.end`."""
        self._guard.end()

    def saw(self, sighting: Sighting) -> None:  # noqa: ARG002 (the port's signature)
        """See `Observer.saw`; all the others were told, so the frame is finished."""
        self._busy = False
        self._rests_since = self._clock()
        self._notifier.frame_done()

    def beat(self) -> None:
        """The camera gave a frame, which need not pass its trigger; for `open_camera`."""
        if not self._busy:
            self._notifier.camera_beat()

    def tell(self, incident: Incident) -> None:
        """Is told when the camera goes and comes; for `open_camera`."""
        self._away = incident.kind != "back"

    def tick(self) -> None:
        """To be called about once a second, in any thread."""
        rests = self._clock() - self._rests_since < self.interval_s
        if (self._away or rests) and not self._busy:
            self._notifier.camera_beat()
