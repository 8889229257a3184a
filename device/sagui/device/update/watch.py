"""Ending a connection from outside when its time is up.

A socket's own timeout starts again with each byte, so that a server which sends one byte now and then is never late.
"""

import contextlib
import http.client
import socket
import threading
from typing import Any
from urllib.request import HTTPHandler, HTTPSHandler, Request


class Watch:
    """Holds the connections of one request, and shuts them down when the alarm goes off.

    Attributes:
        fired: Whether it did: then whatever the connection gave last is not to be believed.
    """

    def __init__(self, silence_s: float) -> None:
        """Takes how long a connection may be silent once it is there."""
        self.fired = False
        self._silence_s = silence_s
        self._sockets: list[socket.socket] = []
        self._timer: threading.Timer | None = None
        self._lock = threading.Lock()

    def saw(self, opened: socket.socket) -> None:
        """Takes a connection in hand."""
        opened.settimeout(self._silence_s)
        with self._lock:
            self._sockets.append(opened)
            if self.fired:
                _shut(opened)

    def arm(self, seconds: float) -> None:
        """Sets the alarm, in the place of the one before."""
        self.disarm()
        self._timer = threading.Timer(seconds, self._fire)
        self._timer.daemon = True
        self._timer.start()

    def disarm(self) -> None:
        """Takes the alarm back."""
        if self._timer is not None:
            self._timer.cancel()

    def _fire(self) -> None:
        with self._lock:
            self.fired = True
            for one in self._sockets:
                _shut(one)


def _shut(one: socket.socket) -> None:
    with contextlib.suppress(OSError):  # it may have ended by itself
        # Not SSLSocket's own: it takes away what another thread reads with at this moment.
        socket.socket.shutdown(one, socket.SHUT_RDWR)


class _Plain(http.client.HTTPConnection):
    def __init__(self, *args: Any, watch: Watch, **keywords: Any) -> None:  # noqa: ANN401 (handed through)
        super().__init__(*args, **keywords)
        self._watch = watch

    def connect(self) -> None:
        super().connect()
        self._watch.saw(self.sock)


class _Secure(http.client.HTTPSConnection):
    def __init__(self, *args: Any, watch: Watch, **keywords: Any) -> None:  # noqa: ANN401 (handed through)
        super().__init__(*args, **keywords)
        self._watch = watch

    def connect(self) -> None:
        super().connect()
        self._watch.saw(self.sock)


class PlainHandler(HTTPHandler):
    """Opens ``http`` connections that a watch holds."""

    def __init__(self, watch: Watch) -> None:
        super().__init__()
        self._held = watch

    def http_open(self, req: Request) -> http.client.HTTPResponse:
        """See `urllib.request.HTTPHandler`."""
        return self.do_open(_Plain, req, watch=self._held)  # type: ignore[arg-type]


class SecureHandler(HTTPSHandler):
    """Opens ``https`` connections that a watch holds; the system's certificates are trusted."""

    def __init__(self, watch: Watch) -> None:
        super().__init__()
        self._held = watch

    def https_open(self, req: Request) -> http.client.HTTPResponse:
        """See `urllib.request.HTTPSHandler`."""
        return self.do_open(_Secure, req, watch=self._held)  # type: ignore[arg-type]
