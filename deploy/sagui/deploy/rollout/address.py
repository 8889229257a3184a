"""Where the broker is, and who the operator is to it. Neither user nor password is ever shown."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from sagui.deploy.rollout.errors import AddressError, BrokerError

USER, PASSWORD = "SAGUI_MQTT_USER", "SAGUI_MQTT_PASSWORD"
_PORTS = {"mqtt": 1883, "mqtts": 8883}
_LONGEST_BYTES = 65_535
_UNKNOWN_TO_IT = frozenset({"not authorized", "not authorised", "bad user name or password"})


@dataclass(frozen=True)
class Files:
    """What a broker may ask for, as files.

    Attributes:
        authority: Certificates to trust; None for the system's.
        certificate: Who we are.
        key: Of the certificate; None where it is in the same file.
        user: Holds the user, where the environment does not.
        password: Holds the password, where the environment does not.
    """

    authority: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    user: Path | None = None
    password: Path | None = None


@dataclass(frozen=True)
class Address:
    """A broker.

    Attributes:
        tls: Checks the broker's certificate and name; None where nothing is encrypted.
    """

    host: str
    port: int
    tls: ssl.SSLContext | None = field(default=None, repr=False)
    user: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)

    def __str__(self) -> str:
        return f"{'mqtts' if self.tls else 'mqtt'}://{self.host}:{self.port}"


def parse_address(url: str, environment: Mapping[str, str], files: Files, user_option: str = "--user-file") -> Address:
    """Reads ``mqtt://host:port`` or ``mqtts://host:port``, and the files that go with it.

    Args:
        url: What a person wrote; ports are 1883 and 8883 where none is given.
        environment: Where user and password are: a command line is seen by every user of the machine.
        files: Certificates, user and password.
        user_option: What names the user's file on the command's line.

    Raises:
        AddressError: It is no such address, or options do not go with it.
        BrokerError: A file cannot be used, and it is named.
    """
    host, port, encrypted = _place(url)
    for_tls = [file for file in (files.authority, files.certificate, files.key) if file]
    if for_tls and not encrypted:
        raise AddressError(f"{for_tls[0]}: mqtt:// is not encrypted and uses no certificate; write mqtts://{host}")
    user, password = _secret(environment, USER, files.user), _secret(environment, PASSWORD, files.password)
    if password is not None and user is None:
        raise BrokerError(f"a password for the broker without a user; set {USER}, or {user_option}")
    return Address(host, port, _context(files) if encrypted else None, user, password)


def remedy(reason: str) -> str:
    """Says what to do about a broker's refusal.

    Args:
        reason: As MQTT calls it, in either version and by whichever paho.

    Returns:
        To be put behind the refusal; empty where user and password are not what is wrong.

    >>> remedy("Not authorized")
    '; set SAGUI_MQTT_USER and SAGUI_MQTT_PASSWORD, or --user-file'
    """
    if reason.lower() not in _UNKNOWN_TO_IT:
        return ""
    return f"; set {USER} and {PASSWORD}, or --user-file"


def _place(url: str) -> tuple[str, int, bool]:
    if "@" in url:
        # Before all else: other messages show the address.
        raise AddressError(f"leave user and password out of the broker's address; set {USER} and {PASSWORD}")
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


def _context(files: Files) -> ssl.SSLContext:
    if files.key and not files.certificate:
        raise AddressError(f"{files.key}: a key without its certificate; name it with --certificate")
    try:
        context = ssl.create_default_context(cafile=files.authority)
    except OSError as error:
        raise BrokerError(f"{files.authority}: {_fault(error, 'holds no certificate in PEM')}") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if files.certificate:
        try:
            # A password given here keeps OpenSSL from asking for one at the terminal.
            context.load_cert_chain(files.certificate, files.key, password="")
        except OSError as error:
            both = " and ".join(str(file) for file in (files.certificate, files.key) if file)
            fault = _fault(error, "no certificate and its key, in PEM and without a password")
            raise BrokerError(f"{both}: {fault}") from error
    return context


def _fault(error: OSError, otherwise: str) -> str:
    return otherwise if isinstance(error, ssl.SSLError) else f"cannot be read: {error.strerror or error}"


def _secret(environment: Mapping[str, str], name: str, file: Path | None) -> str | None:
    if name in environment:
        return _checked(environment[name], name)
    if file is None:
        return None
    try:
        with file.open("rb") as opened:
            text = opened.read(_LONGEST_BYTES + 3).decode()
    except OSError as error:
        raise BrokerError(f"{file}: cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError:
        # Without its cause: that holds what the file does.
        raise BrokerError(f"{file}: is not UTF-8 text") from None
    return _checked(text.removesuffix("\n").removesuffix("\r"), str(file))


def _checked(text: str, where: str) -> str:
    """Refuses what MQTT cannot carry; paho would fail on it later, and show it."""
    try:
        size_bytes = len(text.encode())
    except UnicodeEncodeError:
        raise BrokerError(f"{where}: is not UTF-8 text") from None
    if not 0 < size_bytes <= _LONGEST_BYTES or any(letter in text for letter in "\0\r\n"):
        raise BrokerError(f"{where}: must be one line of text")
    return text
