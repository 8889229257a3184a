"""Where the web page is. Pure rules, no I/O."""

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from sagui.device.capture.errors import CaptureError

LISTEN = "127.0.0.1:8765"


@dataclass(frozen=True)
class Place:
    """A host and a port of this machine; port 0 is any free one."""

    host: str
    port: int

    @property
    def is_local(self) -> bool:
        """Whether nobody but this machine can come."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_listen(text: str) -> Place:
    """Reads ``HOST:PORT``; an IPv6 address stands in brackets.

    Raises:
        CaptureError: It is none.
    """
    try:
        parts = urlsplit(f"//{text}")
        host, port = parts.hostname, parts.port
        exact = parts.netloc == text and "@" not in text
    except ValueError:
        host, port, exact = None, None, False
    if not host or port is None or not exact:
        raise CaptureError(f"--listen {text!r} is no HOST:PORT; write one such as {LISTEN}")
    return Place(host, port)
