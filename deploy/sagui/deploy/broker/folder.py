"""The authority's folder: what is where, and which files are secret.

::

    DIR/ca/ca.crt, ca.key (secret), issued.json     stays on the operator's machine
    DIR/mosquitto/sagui.conf, acl, server.key ...   goes to the broker
    DIR/devices/porch/ca.crt, agent.crt, agent.key  goes to the device, likewise operators/ and readers/
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

import msgspec

from sagui.bundle.replace import write_bytes
from sagui.deploy.broker import access
from sagui.deploy.broker.authority import Authority, Issued, found_authority, load_authority
from sagui.deploy.broker.errors import BrokerFolderError
from sagui.deploy.broker.people import Holder, holder_of

CA_KEY = "ca.key"
CERTIFICATE = "agent.crt"
KEY = "agent.key"

_ISSUED = "issued.json"
_FOLDERS = {"device": "devices", "operator": "operators", "reader": "readers"}


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One certificate that was issued.

    Attributes:
        serial: Its number, as text: JSON's numbers are shorter.
        revoked: Since when it holds no more, RFC 3339.
    """

    user: str
    serial: str
    issued: str
    until: str
    revoked: str | None = None


class BrokerFolder:
    """Issues certificates and writes what the broker needs."""

    def __init__(self, path: Path, authority: Authority, clock: Callable[[], datetime]) -> None:
        """Takes what `make` and `open_folder` give.

        Args:
            path: The folder.
            authority: Who signs.
            clock: UTC.
        """
        self.path, self._authority, self._clock = path, authority, clock

    def entries(self) -> tuple[Entry, ...]:
        """Gives all certificates that were issued, oldest first.

        Raises:
            BrokerFolderError: The list cannot be read.
        """
        path = self.path / "ca" / _ISSUED
        try:
            return msgspec.json.decode(path.read_bytes(), type=tuple[Entry, ...])
        except (OSError, msgspec.DecodeError) as error:
            raise BrokerFolderError(f"{path}: cannot be read: {error}; restore it from a backup") from error

    def add(self, holder: Holder) -> Path:
        """Issues a certificate, and gives the folder to take to its holder.

        Raises:
            BrokerFolderError: There is one that holds already, or the folder cannot be written.
        """
        known = self.entries()
        if any(one.user == holder.user and one.revoked is None for one in known):
            raise BrokerFolderError(
                f"{holder.role} {holder.name} has a certificate; revoke it first: "
                f"sagui broker revoke {self.path} {holder.user}"
            )
        now = self._clock()
        issued = self._authority.client(holder.user, now)
        certificate = self._authority.signed(issued.certificate)
        entry = Entry(
            user=holder.user,
            serial=str(certificate.serial_number),
            issued=_written(now),
            until=_written(certificate.not_valid_after_utc),
        )
        place = self.path / _FOLDERS[holder.role] / holder.name
        with _told(place):
            self._write_issued(place, issued)
            self._write_entries((*known, entry))
        self._write_access()
        return place

    def revoke(self, holder: Holder) -> None:
        """Lets a certificate hold no more, as soon as the broker has read the list again.

        Raises:
            BrokerFolderError: There is none, or the folder cannot be written.
        """
        known = self.entries()
        if not any(one.user == holder.user and one.revoked is None for one in known):
            raise BrokerFolderError(
                f"{holder.role} {holder.name} has no certificate that holds; see: sagui broker list"
            )
        now = _written(self._clock())
        with _told(self.path):
            self._write_entries(
                tuple(
                    msgspec.structs.replace(one, revoked=now) if one.user == holder.user and not one.revoked else one
                    for one in known
                )
            )
        self._write_access()

    def write_broker(self, hosts: Sequence[str], install: PurePosixPath, port: int, address: str | None) -> None:
        """Writes what the broker needs, with a new certificate of its own.

        Args:
            hosts: The names and addresses by which clients call it.
            install: Where the files will be on the broker's machine.
            port: Where it listens.
            address: On which of the machine's addresses; None is all.

        Raises:
            BrokerFolderError: The folder cannot be written.
        """
        place, issued = self._broker(), self._authority.server(hosts, self._clock())
        with _told(place):
            write_bytes(place / access.CA, self._authority.pem().certificate)
            write_bytes(place / access.CERTIFICATE, issued.certificate)
            write_bytes(place / access.KEY, issued.key, private=True)
            write_bytes(place / access.CONF, access.conf(install, port, address).encode())
        self._write_access()

    def _write_access(self) -> None:
        place, known = self._broker(), self.entries()
        holders = [holder_of(one.user) for one in known if one.revoked is None]
        revoked = [int(one.serial) for one in known if one.revoked]
        with _told(place):
            write_bytes(place / access.ACL, access.acl(holders).encode())
            write_bytes(place / access.REVOKED, self._authority.revoked(revoked, self._clock()))

    def _write_issued(self, place: Path, issued: Issued) -> None:
        for folder in (place.parent, place):  # `parents=True` would not hand the mode on
            folder.mkdir(exist_ok=True, mode=0o700)
        write_bytes(place / access.CA, self._authority.pem().certificate)
        write_bytes(place / CERTIFICATE, issued.certificate)
        write_bytes(place / KEY, issued.key, private=True)

    def _write_entries(self, entries: tuple[Entry, ...]) -> None:
        content = msgspec.json.format(msgspec.json.encode(entries), indent=2)
        write_bytes(self.path / "ca" / _ISSUED, content + b"\n")

    def _broker(self) -> Path:
        return self.path / "mosquitto"


def make_folder(path: Path, name: str, passphrase: bytes | None, clock: Callable[[], datetime]) -> BrokerFolder:
    """Makes a new authority in an empty folder.

    Args:
        path: The folder; it may not be there.
        name: Of the authority.
        passphrase: Encrypts its key; None leaves that readable for the user alone.
        clock: UTC.

    Raises:
        BrokerFolderError: The folder has something in it already, or cannot be written.
    """
    with _told(path):
        if path.exists() and any(os.scandir(path)):
            raise BrokerFolderError(
                f"{path} is not empty; an authority is made once. To add a device: sagui broker add"
            )
        authority = found_authority(name, clock())
        issued = authority.pem(passphrase)
        for folder in (path, path / "ca", path / "mosquitto"):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_bytes(path / "ca" / access.CA, issued.certificate)
        write_bytes(path / "ca" / CA_KEY, issued.key, private=True)
        write_bytes(path / "ca" / _ISSUED, b"[]\n")
    return BrokerFolder(path, authority, clock)


def open_folder(path: Path, passphrase: bytes | None, clock: Callable[[], datetime]) -> BrokerFolder:
    """Opens the folder of an authority.

    Args:
        path: The folder.
        passphrase: Of its key, if it has one.
        clock: UTC.

    Raises:
        BrokerFolderError: There is none, or it cannot be read.
    """
    place = path / "ca"
    try:
        certificate, key = (place / access.CA).read_bytes(), (place / CA_KEY).read_bytes()
    except OSError as error:
        raise BrokerFolderError(
            f"{error.filename}: {error.strerror}; make an authority with: sagui broker init {path} --host NAME"
        ) from error
    try:
        authority = load_authority(certificate, key, passphrase)
    except BrokerFolderError as error:
        raise BrokerFolderError(f"{place}: {error}") from error
    return BrokerFolder(path, authority, clock)


def _written(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise BrokerFolderError(
            f"{error.filename or path}: {error.strerror}; choose a folder that you may write to"
        ) from error
