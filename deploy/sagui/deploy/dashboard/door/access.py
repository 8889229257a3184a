"""Who may look: rules without I/O."""

import hmac
import secrets
from collections import OrderedDict
from collections.abc import Callable
from hashlib import sha256
from ipaddress import ip_address
from urllib.parse import urlsplit

from sagui.deploy.dashboard.errors import DashboardError

SESSION_S = 12 * 3600
"""So long a login is good for."""

SHORTEST_PASSWORD = 8

_HTTP = 80
_TRIES, _TRIES_S, _ADDRESSES = 5, 60.0, 10_000


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach it.

    >>> is_loopback("127.0.0.1"), is_loopback("0.0.0.0"), is_loopback("dashboard.lan")
    (True, False, False)
    """
    if host == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def check_exposure(host: str, password: str | None, *, has_proxies: bool = False) -> None:
    """Refuses to show the fleet to a whole network without a login.

    Args:
        host: Where to listen.
        password: The one for all; None without.
        has_proxies: Whether proxies say who a person is.

    Raises:
        DashboardError: It says what to do.
    """
    if password is not None and len(password) < SHORTEST_PASSWORD:
        raise DashboardError(f"the dashboard's password is too short; use {SHORTEST_PASSWORD} characters or more")
    if password is None and not has_proxies and not is_loopback(host):
        raise DashboardError(
            f"--host {host} would show every photo to the whole network; add --password-file FILE, or --user-header "
            "with --trusted-proxy, or leave --host out"
        )


def is_own_host(host_header: str) -> bool:
    """Whether a request was meant for this machine by its loopback name.

    Without it, any page could have its own name resolve to 127.0.0.1, and read us (DNS rebinding).

    >>> is_own_host("localhost:8080"), is_own_host("evil.example:8080")
    (True, False)
    """
    try:
        return is_loopback(urlsplit(f"//{host_header}").hostname or "")
    except ValueError:
        return False


def came_straight(host_header: str, peer: str, port: int) -> bool:
    """Whether a browser on this machine, and no proxy on it, sent a request: the name it was meant for has our port.

    Any page could have its own name resolve to 127.0.0.1, and its scripts may write headers as a proxy does.

    Args:
        host_header: What the request was meant for.
        peer: The other end of the connection itself.
        port: Ours.

    >>> came_straight("evil.example:8080", "127.0.0.1", 8080), came_straight("dashboard.lan", "127.0.0.1", 8080)
    (True, False)
    """
    if not is_loopback(peer) or is_own_host(host_header):
        return False
    try:
        return (urlsplit(f"//{host_header}").port or _HTTP) == port
    except ValueError:
        return True


def is_same_origin(origin: str | None, host_header: str) -> bool:
    """Whether a request comes from a page of ours, or from no page at all.

    >>> is_same_origin("https://evil.example", "localhost:8080")
    False
    """
    if origin is None:
        return True
    try:
        return urlsplit(origin).netloc == host_header != ""
    except ValueError:
        return False


class Door:
    """Knows the password, hands out sessions, and slows down who guesses."""

    def __init__(self, password: str, clock: Callable[[], float]) -> None:
        """Opens.

        Args:
            password: The one for all.
            clock: Seconds that only grow.
        """
        self._digest, self._clock = sha256(password.encode()).digest(), clock
        # Sessions end with the program.
        self._key = secrets.token_bytes(32)
        self._failures: OrderedDict[str, list[float]] = OrderedDict()

    def must_wait(self, address: str) -> bool:
        """Whether somebody guessed too often in the last minute."""
        recent = [at for at in self._failures.get(address, []) if self._clock() - at < _TRIES_S]
        return len(recent) >= _TRIES

    def enter(self, password: str, address: str) -> str | None:
        """Gives a session for the password; None if it is not that.

        Args:
            password: What was typed.
            address: Who typed it.
        """
        if self.must_wait(address):
            return None
        if not hmac.compare_digest(sha256(password.encode(errors="replace")).digest(), self._digest):
            recent = [at for at in self._failures.pop(address, []) if self._clock() - at < _TRIES_S]
            self._failures[address] = [*recent, self._clock()]
            if len(self._failures) > _ADDRESSES:
                self._failures.popitem(last=False)
            return None
        self._failures.pop(address, None)
        until = f"{self._clock() + SESSION_S:.0f}.{secrets.token_hex(8)}"
        return f"{until}.{self._sign(until)}"

    def knows(self, session: str | None) -> bool:
        """Whether a session was given here and is still good."""
        until, _, signature = (session or "").rpartition(".")
        if not hmac.compare_digest(self._sign(until).encode(), signature.encode(errors="replace")):
            return False
        return float(until.partition(".")[0]) > self._clock()

    def _sign(self, text: str) -> str:
        return hmac.new(self._key, text.encode(errors="replace"), sha256).hexdigest()
