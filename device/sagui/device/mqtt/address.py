"""Where the broker is, and who we are to it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from sagui.device.errors import AddressError
from sagui.device.mqtt.credentials import PASSWORD, USER, find_credentials
from sagui.device.mqtt.tls import Files, open_context

__all__ = ["PASSWORD", "USER", "Address", "parse_address"]

_PORTS = {"mqtt": 1883, "mqtts": 8883}
_NO_FILES = Files()


@dataclass(frozen=True)
class Address:
    """A broker.

    Attributes:
        tls: Whether the connection is encrypted, and the broker's certificate checked.
        user: None where the broker asks for none.
        files: Certificates and key, for TLS.
    """

    host: str
    port: int
    tls: bool = False
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    files: Files = _NO_FILES

    def __str__(self) -> str:
        return f"{'mqtts' if self.tls else 'mqtt'}://{self.host}:{self.port}"


def parse_address(
    url: str,
    environment: Mapping[str, str],
    *,
    files: Files = _NO_FILES,
    user_file: Path | None = None,
    password_file: Path | None = None,
    warn: Callable[[str], None] = lambda _: None,
) -> Address:
    """Reads ``mqtt://host:port`` or ``mqtts://host:port``, and sees that the files that go with it can be used.

    Args:
        url: What a person wrote; ports are 1883 and 8883 where none is given.
        environment: Where user and password are: a command line is seen by every user of the machine.
        files: Certificates and key, for ``mqtts``; without an authority, the system's are trusted.
        user_file: Holds the user, where the environment does not.
        password_file: Holds the password, where the environment does not.
        warn: Told of a password file that every user of the machine can read.

    Raises:
        AddressError: It is no such address, and the message shows one.
        BrokerError: A file cannot be used; it is named.
    """
    host, port, tls = _place(url)
    if files.named and not tls:
        raise AddressError(f"{files.named[0]}: mqtt:// is not encrypted and uses no certificate; write mqtts://{host}")
    if tls:
        open_context(files)
    user, password = find_credentials(environment, user_file, password_file, warn)
    return Address(host, port, tls, user, password, files)


def _place(url: str) -> tuple[str, int, bool]:
    if "@" in url:
        # Before all else: other messages show the address.
        raise AddressError(
            f"broker: leave user and password out of the address, others can see it; set {USER} and {PASSWORD}"
        )
    try:
        parts = urlsplit(url if "://" in url else f"mqtt://{url}")
        port = parts.port
        # What cannot be looked up would end paho's thread without a word.
        (parts.hostname or "").encode("idna")
    except ValueError as error:
        raise AddressError(f"broker {url!r}: {error}; use mqtt://HOST:PORT") from error
    if parts.scheme not in _PORTS or not parts.hostname:
        raise AddressError(f"broker {url!r} is no address; use mqtt://HOST:PORT or mqtts://HOST:PORT")
    return parts.hostname, port or _PORTS[parts.scheme], parts.scheme == "mqtts"
