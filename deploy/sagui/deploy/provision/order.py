"""What is asked for, as values, and what a hostname, a user and an address may be."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from sagui.deploy.provision.errors import ProvisionError
from sagui.deploy.provision.wifi import Wifi

System = Literal["trixie", "bookworm"]

_HOSTNAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_USER = re.compile(r"[a-z][a-z0-9_-]{0,30}")
_TAKEN = {"root", "sagui", "daemon", "nobody", "video", "plugdev", "ssh", "sshd"}
_SCHEMES = ("mqtt", "mqtts")


@dataclass(frozen=True)
class Login:
    """Who may log in, by SSH key alone.

    Attributes:
        keys: Lines of ``authorized_keys``.
    """

    user: str
    keys: tuple[str, ...]


@dataclass(frozen=True)
class Credentials:
    """Who the agent is to the broker: contents of files, as they are."""

    ca: bytes | None = None
    certificate: bytes | None = None
    key: bytes | None = field(default=None, repr=False)
    user: bytes | None = field(default=None, repr=False)
    password: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Model:
    """A bundle."""

    name: str
    version: str
    content: bytes = field(repr=False)

    @property
    def file(self) -> str:
        """The bundle's own name for its file."""
        return f"{self.name}-{self.version}.sagui"


@dataclass(frozen=True)
class Updates:
    """Where later models come from.

    Attributes:
        root: The registry's root.json, which the device trusts.
        url: Of the registry; None where models only come by hand.
        carried: Files of the registry that travel on the card, by their path below it; the model is among them.
        groups: Whose plans are followed.
    """

    root: bytes = field(repr=False)
    url: str | None = None
    carried: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    groups: tuple[str, ...] = ()


@dataclass(frozen=True)
class Wheel:
    """sagui itself, as pip installs it."""

    file: str
    content: bytes = field(repr=False)


@dataclass(frozen=True)
class Order:
    """One card.

    Attributes:
        sagui: The wheel that is carried, or a requirement that pip resolves from its index.
        updates: None for a device whose model is exchanged by hand.
    """

    hostname: str
    device: str
    login: Login
    broker: str
    camera: str
    model: Model
    sagui: Wheel | str
    credentials: Credentials = Credentials()
    wifi: Wifi | None = None
    updates: Updates | None = None


def check_hostname(hostname: str) -> str:
    """Gives the hostname back, if a machine may have it (RFC 1123, in small letters).

    >>> check_hostname("porch-2")
    'porch-2'

    Raises:
        ProvisionError: It may not.
    """
    if not _HOSTNAME.fullmatch(hostname):
        raise ProvisionError(
            f"hostname {hostname!r}: use 1 to 63 of a-z, 0-9 and -, with no - at either end, such as porch-2"
        )
    return hostname


def check_user(user: str) -> str:
    """Gives the user's name back, if Debian takes it and nobody else has it.

    Raises:
        ProvisionError: It does not, or somebody has.
    """
    if not _USER.fullmatch(user):
        raise ProvisionError(f"user {user!r}: use a letter, then up to 30 of a-z, 0-9, _ and -, such as pi")
    if user in _TAKEN:
        raise ProvisionError(f"user {user!r}: the system has one of that name; take another, such as pi")
    return user


def check_broker(url: str) -> str:
    """Gives the broker's address back, if an agent can call it and no password is in it.

    Raises:
        ProvisionError: It is none, or holds what belongs in a file.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    else:
        if parts.username is not None or parts.password is not None:
            raise ProvisionError("--broker: no user and no password in the address: take --mqtt-password-file")
        if parts.scheme not in _SCHEMES or parts.path not in {"", "/"} or parts.query or parts.fragment:
            host = None
    if not host or not url.isprintable() or " " in url:
        raise ProvisionError(f"--broker {url!r}: no address of a broker: write mqtts://HOST or mqtt://HOST:PORT")
    return url


def check_camera(spec: str) -> str:
    """Gives the camera back, unless it holds a password: a command line is seen by every user of the machine.

    Raises:
        ProvisionError: It does; or it is nothing that stands in one line.
    """
    if not spec or not spec.isprintable():
        raise ProvisionError("--camera: one line, such as picamera2, usb:0 or rtsp://HOST/PATH")
    if "://" in spec and "@" in spec.partition("://")[2].partition("/")[0]:
        raise ProvisionError(
            "--camera: no password on a command line: put the camera into a file, and name --camera-file"
        )
    return spec


def check_requirement(text: str) -> str:
    """Gives the requirement back, unless it would bring the other project that is called sagui.

    >>> check_requirement("acme-sagui[update]==1.0")
    'acme-sagui[update]==1.0'

    Raises:
        ProvisionError: It would (docs/decisions/0018), or it is not one line that pip reads as one requirement.
    """
    wanted = text.strip()
    if not wanted or not wanted.isprintable() or wanted.startswith("-"):
        raise ProvisionError("--requirement: one requirement of pip, such as 'acme-sagui[update]==1.0'")
    name, _, where = wanted.partition("@")
    if "@" in where.partition("://")[2].partition("/")[0]:
        raise ProvisionError(
            "--requirement: no password on a command line, and none on a card: serve the wheel without"
        )
    bare = re.split(r"[\[<>=!~; ]", name.strip(), maxsplit=1)[0]
    if re.sub(r"[-_.]+", "-", bare).lower() == "sagui" and not where.strip():
        raise ProvisionError(
            f"--requirement {wanted!r}: sagui on PyPI is another project; name a wheel with --wheel, your own "
            f"distribution, or 'sagui[update] @ https://...'"
        )
    return wanted
