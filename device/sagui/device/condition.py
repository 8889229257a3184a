"""Whether the device does its work, said on MQTT when it changes."""

import threading
import time
from collections.abc import Callable

from sagui.device.cameras import Incident
from sagui.device.publisher import Outlet
from sagui.wire import CameraState, Health, Mode, encode, timestamp, topics


class Condition:
    """Keeps what is wrong, and says it; any thread may tell it."""

    def __init__(self, outlet: Outlet, device: str, clock: Callable[[], float] = time.time) -> None:
        """Begins without a camera, and without a word.

        Args:
            outlet: Where it is said.
            device: The name in the topics.
            clock: Unix time, in seconds.
        """
        self._outlet, self._topic, self._clock = outlet, topics.health(device), clock
        self._lock = threading.Lock()
        self._said: tuple[Mode, CameraState, str | None] | None = None

    @property
    def mode(self) -> Mode:
        """Whether camera and model are in use."""
        return self._said[0] if self._said else "normal"

    def say(self, mode: Mode, camera: CameraState, problem: str | None = None) -> None:
        """Says how it is, if that is news."""
        with self._lock:
            if (mode, camera, problem) == self._said:
                return
            self._said = (mode, camera, problem)
            self._publish(mode, camera, problem)

    def camera(self, incident: Incident) -> None:
        """Is told when the camera goes and comes."""
        if incident.kind == "back":
            self.say("normal", "ok")
        else:
            self.say("normal", "away", f"{incident.camera}: {incident.reason}")

    def repeat(self) -> None:
        """Says it again, for who asked."""
        with self._lock:
            if self._said:
                self._publish(*self._said)

    def _publish(self, mode: Mode, camera: CameraState, problem: str | None) -> None:
        message = Health(time=timestamp(self._clock()), mode=mode, camera=camera, problem=problem)
        self._outlet.retain(self._topic, encode(message))
