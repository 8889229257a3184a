"""What systemd is told: that the agent is ready, and that it still works (sd_notify(3), sd_watchdog_enabled(3)).

The watchdog is fed by what comes out at the end: a finished frame. A thread that only says "I am here" would go on
saying so while the network hangs.
"""

import os
import socket
import time
from collections.abc import Callable, MutableMapping
from contextlib import suppress
from typing import Protocol

_TEXT_LIMIT = 200
_TAKEN = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID")


class Notifier(Protocol):
    """Tells a service manager how the agent does. Nothing here blocks, and nothing raises."""

    def ready(self) -> None:
        """The agent is started, or has finished to reload."""

    def reloading(self) -> None:
        """It reads its settings again; `ready` follows."""

    def stopping(self) -> None:
        """It ends, on purpose."""

    def status(self, text: str) -> None:
        """Says in one line how it does, for ``systemctl status``."""

    def frame_done(self) -> None:
        """A frame went through the model: this feeds the watchdog."""

    def camera_beat(self) -> None:
        """There is nothing to look at, and that is no fault: this feeds the watchdog, too.

        To be called when a frame came that did not pass the motion or interval trigger, and now and then while a camera
        that is away is being opened again. Never while a frame is in the model.
        """


class SilentNotifier:
    """Nobody waits to be told."""

    def ready(self) -> None:
        """See `Notifier.ready`."""

    def reloading(self) -> None:
        """See `Notifier.reloading`."""

    def stopping(self) -> None:
        """See `Notifier.stopping`."""

    def status(self, text: str) -> None:
        """See `Notifier.status`."""

    def frame_done(self) -> None:
        """See `Notifier.frame_done`."""

    def camera_beat(self) -> None:
        """See `Notifier.camera_beat`."""


class SystemdNotifier:
    """Sends datagrams to systemd's socket."""

    def __init__(
        self, address: str, watchdog_s: float | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Opens a socket; systemd's own need not be there yet.

        Args:
            address: A path, or an abstract name that begins with ``@``.
            watchdog_s: The watchdog bites after so long; None where there is none.
            clock: Monotonic time, in seconds.
        """
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        self._socket.setblocking(False)  # a service manager that is busy must not hold up the frames
        self._clock = clock
        # Half of the interval, as sd_watchdog_enabled(3) recommends.
        self._every_s = None if watchdog_s is None else watchdog_s / 2
        self._due_s = 0.0

    def ready(self) -> None:
        """See `Notifier.ready`."""
        self._send("READY=1")

    def reloading(self) -> None:
        """See `Notifier.reloading`."""
        # systemd pairs it with the READY=1 that follows by the time, on CLOCK_MONOTONIC.
        self._send(f"RELOADING=1\nMONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")

    def stopping(self) -> None:
        """See `Notifier.stopping`."""
        self._send("STOPPING=1")

    def status(self, text: str) -> None:
        """See `Notifier.status`."""
        # A line feed would begin another assignment.
        self._send(f"STATUS={' '.join(text.split())[:_TEXT_LIMIT]}")

    def frame_done(self) -> None:
        """See `Notifier.frame_done`."""
        self._feed()

    def camera_beat(self) -> None:
        """See `Notifier.camera_beat`."""
        self._feed()

    def close(self) -> None:
        """Lets the socket go."""
        self._socket.close()

    def _feed(self) -> None:
        if self._every_s is None or (now := self._clock()) < self._due_s:
            return
        if self._send("WATCHDOG=1"):
            self._due_s = now + self._every_s

    def _send(self, message: str) -> bool:
        with suppress(OSError):  # systemd restarts itself at an upgrade: the next message arrives
            self._socket.sendto(message.encode("utf-8", errors="replace"), self._address)
            return True
        return False


def open_notifier(environment: MutableMapping[str, str]) -> SystemdNotifier | SilentNotifier:
    """Makes what tells systemd, if it started us.

    Args:
        environment: ``NOTIFY_SOCKET``, ``WATCHDOG_USEC``, ``WATCHDOG_PID``; taken out, so that programs which the agent
            starts do not speak for it.
    """
    address, interval, process = (environment.pop(name, "") for name in _TAKEN)
    if not address.startswith(("/", "@")) or address == "@":
        return SilentNotifier()
    ours = not process or process == str(os.getpid())
    return SystemdNotifier(address, _watchdog_s(interval) if ours else None)


def _watchdog_s(microseconds: str) -> float | None:
    """The interval; None where there is no watchdog.

    >>> _watchdog_s("60000000")
    60.0
    >>> _watchdog_s("0")
    """
    if not (microseconds.isascii() and microseconds.isdecimal()):
        return None
    return int(microseconds) / 1e6 or None
