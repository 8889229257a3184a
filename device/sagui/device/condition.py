"""Whether the device does its work, said on MQTT when it changes."""

import threading
import time
from collections.abc import Callable

from sagui.device.cameras import Incident
from sagui.device.publisher import Outlet
from sagui.wire import CameraState, Health, Mode, encode, timestamp, topics

_Said = tuple[Mode, CameraState, str | None]
_BEGINNING: _Said = ("normal", "none", None)


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
        self._lock = threading.RLock()
        self._said: _Said | None = None

    @property
    def mode(self) -> Mode:
        """Whether camera and model are in use."""
        return self._said[0] if self._said else "normal"

    @property
    def camera_state(self) -> CameraState:
        """Whether the camera gives frames."""
        return self._said[1] if self._said else "none"

    @property
    def problem(self) -> str | None:
        """What is wrong, for a person."""
        return self._said[2] if self._said else None

    def begin(self) -> None:
        """Camera and model are about to be opened; whether they can be is not known yet."""
        self.say(*_BEGINNING)

    def fail(self, why: str) -> None:
        """Says why the agent ends."""
        self.say(self.mode, "none", why)

    def say(self, mode: Mode, camera: CameraState, problem: str | None = None) -> None:
        """Says how it is, if that is news."""
        with self._lock:
            if (mode, camera, problem) == self._said:
                return
            self._said = (mode, camera, problem)
            self._publish(mode, camera, problem)

    def frame(self) -> None:
        """Is told when the camera gave a frame: the first one shows that it is there."""
        with self._lock:  # a camera that was just said to be away stays that
            if self._said == _BEGINNING:
                self.say("normal", "ok")

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
