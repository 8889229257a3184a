"""Where the broker is, and who we are to it. Pure rules but for the environment it is given."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from sagui.device.errors import BrokerError

USER, PASSWORD = "SAGUI_MQTT_USER", "SAGUI_MQTT_PASSWORD"
_PORTS = {"mqtt": 1883, "mqtts": 8883}


@dataclass(frozen=True)
class Address:
    """A broker.

    Attributes:
        tls: Whether the connection is encrypted, and the broker's certificate checked.
        user: None where the broker asks for none.
    """

    host: str
    port: int
    tls: bool = False
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    def __str__(self) -> str:
        return f"{'mqtts' if self.tls else 'mqtt'}://{self.host}:{self.port}"


def parse_address(url: str, environment: Mapping[str, str]) -> Address:
    """Reads ``mqtt://host:port`` or ``mqtts://host:port``.

    Args:
        url: What a person wrote; ports are 1883 and 8883 where none is given.
        environment: Where user and password are: a command line is seen by every user of the machine.

    Raises:
        BrokerError: It is no such address; the message shows one.
    """
    try:
        parts = urlsplit(url if "://" in url else f"mqtt://{url}")
        port = parts.port
        # What cannot be looked up would end paho's thread without a word.
        (parts.hostname or "").encode("idna")
    except ValueError as error:
        raise BrokerError(f"broker {_without_password(url)!r}: {error}; use mqtt://HOST:PORT") from error
    if parts.scheme not in _PORTS or not parts.hostname:
        raise BrokerError(f"broker {_without_password(url)!r} is no address; use mqtt://HOST:PORT or mqtts://HOST:PORT")
    if parts.password is not None or parts.username is not None:
        raise BrokerError(
            f"broker: leave user and password out of the address, others can see it; set {USER} and {PASSWORD}"
        )
    return Address(
        parts.hostname,
        port or _PORTS[parts.scheme],
        parts.scheme == "mqtts",
        environment.get(USER),
        environment.get(PASSWORD),
    )


def _without_password(url: str) -> str:
    return url.rpartition("@")[2]
